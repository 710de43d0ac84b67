"""Marks: where the next claim of a group begins."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campana.services import dispatch
from campana.services.context import Context
from campana.services.marks import Marks
from campana.store.due import BEGINNING, Position
from tests.support.campaign import ANA, BRUNO, CARLA, Scene, launched, person
from tests.support.database import NOW

KEY = ("camp_1", "America/New_York", 1)


def test_a_mark_is_the_last_that_was_seen() -> None:
    reached = Marks()
    assert reached.of(KEY) == BEGINNING
    reached.move(KEY, Position(NOW, 3))
    reached.move(KEY, Position(NOW, 7))
    assert reached.of(KEY) == Position(NOW, 7)


def test_where_nobody_was_found_the_next_look_begins_at_the_beginning() -> None:
    reached = Marks()
    reached.move(KEY, Position(NOW, 7))
    reached.move(KEY, None)
    assert reached.of(KEY) == BEGINNING


def test_a_mark_is_forgotten_after_a_while_by_the_clock_of_the_worker() -> None:
    now = 1_000.0
    reached = Marks(monotonic=lambda: now)
    reached.move(KEY, Position(NOW, 7))
    now += 4.9
    assert reached.of(KEY) == Position(NOW, 7)
    now += 0.2
    assert reached.of(KEY) == BEGINNING
    assert not reached.all()


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    people = [person(ANA), person(BRUNO), person(CARLA)]
    same = [each.__class__(**{**_fields(each), "zones": ("America/New_York",)}) for each in people]
    return await launched(engine_context, context, workspace_id=workspace_id, people=same)


def _fields(each: object) -> dict[str, object]:
    return {name: getattr(each, name) for name in each.__dataclass_fields__}  # pyright: ignore[reportAttributeAccessIssue]


async def claim(scene: Scene, reached: Marks, *, limit: int) -> list[str]:
    groups = await dispatch.ready(scene.engine, channel_ids=[scene.channel.id], marks=reached)
    if not groups:
        return []
    claimed = await dispatch.claim(
        scene.engine,
        group=groups[0],
        channel_type="Voice",
        owner_id=1,
        limit=limit,
        marks=reached,
    )
    return [each.address for each in claimed]


async def test_claims_go_on_where_the_last_one_ended(scene: Scene) -> None:
    reached = Marks()
    found = [await claim(scene, reached, limit=1) for _ in range(4)]
    assert sorted(address for each in found for address in each) == sorted([ANA, BRUNO, CARLA])
    assert found[3] == []


async def test_who_comes_to_wait_before_the_mark_is_found_when_it_is_forgotten(
    scene: Scene,
) -> None:
    now = 1_000.0
    reached = Marks(monotonic=lambda: now)
    first = await claim(scene, reached, limit=2)
    async with scene.engine.db.transaction() as tx:
        await tx.execute("update due set due_at = %s", (NOW - timedelta(days=1),))
    assert await claim(scene, reached, limit=2) == []
    now += 6.0
    assert len(await claim(scene, reached, limit=2)) == 1
    assert len(first) == 2
