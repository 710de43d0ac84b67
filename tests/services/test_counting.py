"""Small campaigns are counted anew each time; a large one as often as its counting allows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campana.domain.campaign import CampaignState
from campana.services import board, counting
from campana.services.context import Context
from campana.services.counting import Counts
from campana.store.db import Tx
from tests.support.campaign import ANA, BRUNO, CARLA, Scene, launched, person


class Seconds:
    """A monotonic clock on which every look at it takes half a second."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        self.now += 0.5
        return self.now


@pytest.fixture
async def scene(context: Context, engine_context: Context, workspace_id: int) -> Scene:
    return await launched(
        engine_context, context, workspace_id=workspace_id,
        people=[person(ANA), person(BRUNO), person(CARLA)],
    )  # fmt: skip


async def finish_one(tx: Tx, scene: Scene) -> None:
    await tx.execute(
        "update targets set state = 'finished', disposition = 'completed', finished_at = now()"
        " where id = (select min(id) from targets where campaign_id = %s and state = 'waiting')",
        (scene.campaign_id,),
    )


async def shown(context: Context, scene: Scene) -> tuple[int, int]:
    [line] = await board.named(
        context, workspace_id=scene.workspace_id, campaign_ids=[scene.campaign_id]
    )
    assert line.found.state == CampaignState.RUNNING
    return line.waiting, line.good


async def test_a_small_campaign_is_counted_each_time(
    context: Context, engine_context: Context, scene: Scene
) -> None:
    watched = replace(context, monotonic=Seconds())
    for finished in range(3):
        assert await shown(watched, scene) == (3 - finished, finished)
        async with engine_context.db.transaction() as tx:
            await finish_one(tx, scene)


async def test_a_large_one_is_used_twenty_times_as_long_as_counting_it_took(
    context: Context, engine_context: Context, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MANY", 3)
    seconds = Seconds()
    watched = replace(context, monotonic=seconds, counts=Counts())
    assert await shown(watched, scene) == (3, 0)
    async with engine_context.db.transaction() as tx:
        await finish_one(tx, scene)
    assert await shown(watched, scene) == (3, 0)
    seconds.now += 30
    assert await shown(watched, scene) == (2, 1)
    # Another process counts for itself.
    assert await shown(replace(watched, counts=Counts()), scene) == (2, 1)


async def test_so_is_what_the_page_of_one_campaign_counts(
    context: Context, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def waiting(counts: Counts) -> int:
        async with context.db.read(workspace_id=scene.workspace_id) as tx:
            found = await counts.campaign(tx, campaign_id=scene.campaign_id, monotonic=seconds)
        return found.targets["waiting"]

    seconds, small = Seconds(), Counts()
    assert await waiting(small) == 3
    monkeypatch.setattr(counting, "MANY", 3)
    large = Counts()
    assert await waiting(large) == 3
    await scene.claim()
    assert (await waiting(small), await waiting(large)) == (0, 3)
    seconds.now += 30
    assert await waiting(large) == 0


async def test_the_attempts_of_the_last_minutes_are_counted_as_often_as_they_allow(
    context: Context, engine_context: Context, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def started() -> int:
        return (await board.recent(watched, workspace_id=scene.workspace_id)).started

    monkeypatch.setattr(counting, "MANY", 2)
    seconds = Seconds()
    watched = replace(context, monotonic=seconds, counts=Counts())
    assert await started() == 0
    await scene.claim()
    assert await started() == 3
    async with engine_context.db.transaction() as tx:
        await tx.execute(
            "update attempts set created_at = created_at - interval '1 hour'"
            " where id = (select id from attempts limit 1)"
        )
    assert await started() == 3
    seconds.now += 30
    assert await started() == 2
