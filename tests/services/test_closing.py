"""Campaigns are over when the ledger says so, or when their time has passed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from campana.domain.campaign import CampaignState
from campana.domain.disposition import Disposition
from campana.services import campaigns, closing, control, outcomes, targets
from campana.services.context import Context
from tests.support import ledger
from tests.support.campaign import ANA, BRUNO, Scene, launched, person
from tests.support.database import NOW, FixedClock


@pytest.fixture(autouse=True)
async def ledger_holds(engine_context: Context) -> AsyncIterator[None]:
    yield
    assert await ledger.broken(engine_context) == []


async def state(scene: Scene) -> CampaignState:
    found = await campaigns.get(
        scene.web, workspace_id=scene.workspace_id, campaign_id=scene.campaign_id
    )
    return found.state


async def settle(scene: Scene, disposition: Disposition, *, limit: int = 10) -> int:
    claims = await scene.claim(limit=limit)
    for claimed in claims:
        await outcomes.settle(
            scene.engine, attempt_id=claimed.attempt_id, disposition=disposition, reason="told"
        )
    return len(claims)


async def test_completed_only_when_nobody_waits_or_is_in_contact(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=[person(ANA), person(BRUNO)]
    )
    assert await closing.close_finished(engine_context) == []
    assert await settle(scene, Disposition.BUSY) == 2
    assert await closing.close_finished(engine_context) == []
    clock.forward(minutes=15)
    [one, other] = await scene.claim()
    for claimed in (one, other):
        assert await closing.close_finished(engine_context) == []
        await outcomes.settle(
            engine_context,
            attempt_id=claimed.attempt_id,
            disposition=Disposition.COMPLETED,
            reason="told",
        )
    assert await closing.close_finished(engine_context) == [scene.campaign_id]
    assert await closing.close_finished(engine_context) == []
    assert await state(scene) is CampaignState.COMPLETED
    [[finished_at]] = await scene.rows("select finished_at from campaigns")
    assert finished_at == clock.now()


async def test_not_completed_before_everybody_is_enrolled(
    engine_context: Context, context: Context, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def later(*_: object, **__: object) -> None: ...

    with monkeypatch.context() as patch:
        patch.setattr(targets, "enroll", later)
        scene = await launched(
            engine_context, context, workspace_id=workspace_id, people=[person(ANA)]
        )
    assert await closing.close_finished(engine_context) == []
    await targets.enroll(engine_context, campaign_id=scene.campaign_id)
    assert await closing.close_finished(engine_context) == []
    await settle(scene, Disposition.DECLINED)
    assert await closing.close_finished(engine_context) == [scene.campaign_id]


async def test_kept_open_it_waits_for_more_people(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=[person(ANA)], keepOpen=True
    )
    await settle(scene, Disposition.COMPLETED)
    assert await closing.close_finished(engine_context) == []
    assert await state(scene) is CampaignState.RUNNING


async def test_paused_it_is_not_completed_under_somebodys_hands(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    await settle(scene, Disposition.COMPLETED)
    where = {"workspace_id": workspace_id, "campaign_id": scene.campaign_id}
    clock.forward(seconds=1)
    await control.pause(context, **where)
    assert await closing.close_finished(engine_context) == []
    await control.resume(context, **where)
    assert await closing.close_finished(engine_context) == [scene.campaign_id]


async def test_archived_before_its_end_was_written_it_still_ends(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    end = "2026-03-10T16:00:00Z"
    scene = await launched(engine_context, context, workspace_id=workspace_id, endDate=end)
    clock.moment = NOW.replace(hour=16, second=1)
    where = {"workspace_id": workspace_id, "campaign_id": scene.campaign_id}
    archived = await control.archive(context, **where)
    assert archived.state is CampaignState.EXPIRED
    assert len(await closing.close_expired(engine_context)) == 1
    stored = await scene.rows("select state, archived from campaigns")
    assert stored == [("expired", True)]
    waiting = await scene.rows("select count(*) from targets where state <> 'finished'")
    assert waiting == [(0,)]


async def test_expired_finishes_who_waits_and_lets_calls_end(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA), person("+12125550104")],
        endDate="2026-03-10T16:00:00Z",
    )
    [claimed] = await scene.claim(limit=1)
    clock.moment = NOW.replace(hour=16)
    assert await closing.close_expired(engine_context) == []
    clock.forward(milliseconds=1)
    assert await state(scene) is CampaignState.EXPIRED
    assert await scene.claim() == []
    closed = await asyncio.gather(*(closing.close_expired(engine_context) for _ in range(3)))
    assert sorted(map(len, closed)) == [0, 0, 1]
    rows = await scene.rows("select state, disposition from targets order by state")
    assert rows == [("attempting", None), ("finished", "expired")]
    await outcomes.settle(
        engine_context,
        attempt_id=claimed.attempt_id,
        disposition=Disposition.COMPLETED,
        reason="told",
    )
    rows = await scene.rows("select state, disposition from targets where state = 'finished'")
    assert sorted(rows) == [("finished", "completed"), ("finished", "expired")]
    assert await closing.close_finished(engine_context) == []
    assert await state(scene) is CampaignState.EXPIRED


async def test_who_is_in_no_known_zone_does_not_keep_a_campaign_open(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=[person(ANA, zones=())]
    )
    await scene.claim()
    assert await closing.close_finished(engine_context) == [scene.campaign_id]
