"""After an outage: who was missed for too long is called only when a person says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campana.services import control, dispatch, late, windows
from campana.services.context import Context
from tests.support.campaign import ANA, Scene, launched, person
from tests.support.database import NOW, FixedClock

OFFICE = {day: [{"from": "09:00", "to": "17:00"}] for day in ("mon", "tue", "wed", "thu", "fri")}


async def one(engine: Context, web: Context, workspace_id: int, **document: Any) -> Scene:
    return await launched(engine, web, workspace_id=workspace_id, people=[person(ANA)], **document)


async def state(scene: Scene) -> tuple[str, list[str]]:
    [(found,)] = await scene.rows("select state from campaigns")
    return found, [
        row[0]
        for row in await scene.rows(
            "select detail->>'reason' from campaign_actions where action = 'trip'"
        )
    ]


async def test_nobody_is_called_who_was_missed_for_too_long(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await one(engine_context, context, workspace_id, window={"always": True})
    clock.forward(hours=24, seconds=1)
    # Whoever dispatches before anybody has looked calls nobody either.
    assert len(await dispatch.ready(engine_context, channel_ids=[scene.channel.id])) == 1
    assert await scene.claim() == []
    await windows.refresh_all(engine_context)
    assert await state(scene) == ("tripped", [late.LATE_START])
    await control.resume(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)
    assert len(await scene.claim()) == 1


async def test_within_the_time_nothing_is_late(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await one(engine_context, context, workspace_id, window={"always": True})
    clock.forward(hours=24)
    assert len(await scene.claim()) == 1
    await windows.refresh_all(engine_context)
    assert await state(scene) == ("running", [])


async def test_a_campaign_may_say_how_long(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await one(
        engine_context, context, workspace_id, window={"always": True}, runIfWithin=600
    )
    clock.forward(seconds=601)
    assert await scene.claim() == []
    await windows.refresh_all(engine_context)
    assert await state(scene) == ("tripped", [late.LATE_START])


async def test_an_outage_while_the_window_was_closed_missed_nobody(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    """Down from Friday evening to Monday morning."""
    friday = datetime(2026, 3, 13, 22, tzinfo=UTC)
    clock.moment = friday
    scene = await one(engine_context, context, workspace_id, window=OFFICE)
    await windows.refresh_all(engine_context)
    clock.moment = datetime(2026, 3, 16, 13, 30, tzinfo=UTC)
    assert await scene.claim() == []
    await windows.refresh_all(engine_context)
    assert await state(scene) == ("running", [])
    assert len(await scene.claim()) == 1


@pytest.mark.parametrize("days", [3, 30])
async def test_waiting_for_the_start_or_a_retry_is_not_being_missed(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock, days: int
) -> None:
    start = NOW + timedelta(days=days)
    scene = await one(
        engine_context,
        context,
        workspace_id,
        window={"always": True},
        startDate=start.isoformat(),
    )
    clock.moment = start + timedelta(hours=1)
    await windows.refresh_all(engine_context)
    assert await state(scene) == ("running", [])
    assert len(await scene.claim()) == 1


async def test_a_campaign_that_is_watched_is_never_late(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    """Nobody had a line for days; that is pacing."""
    scene = await one(engine_context, context, workspace_id, window={"always": True})
    for _ in range(10):
        clock.forward(hours=12)
        await windows.refresh_all(engine_context)
    assert await state(scene) == ("running", [])
    assert len(await scene.claim()) == 1


async def test_a_paused_campaign_is_resumed_whenever(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await one(engine_context, context, workspace_id, window={"always": True})
    await control.pause(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)
    clock.forward(days=9)
    await windows.refresh_all(engine_context)
    await control.resume(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)
    await windows.refresh_all(engine_context)
    assert len(await scene.claim()) == 1
