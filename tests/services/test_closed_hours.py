"""Hours that do not come before the end: refused where nobody has them, else told by zones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campana.domain.clock import wire
from campana.domain.errors import PreflightBlocked
from campana.services import campaigns, control
from campana.services.context import Context
from tests.services.test_outlook import drafted, look
from tests.support.campaign import add_channel, person
from tests.support.database import NOW, FixedClock

MORNINGS = {"mon": [{"from": "09:00", "to": "12:00"}], "tue": [{"from": "09:00", "to": "12:00"}]}
EAST, WEST, BOTH = "America/New_York", "America/Los_Angeles", ("America/New_York", "Asia/Tokyo")


def said(found: Any) -> list[str]:
    return [each for each in found.warnings if each.startswith("the window")]


async def test_those_who_open_too_late_are_told_by_their_zones(
    context: Context, workspace_id: int
) -> None:
    """15:00 UTC is 11:00 in New York, and 08:00 in Los Angeles: one hour too early."""
    people = [person(f"+1212555{n:04}", zones=(EAST,)) for n in range(100, 104)]
    people += [person(f"+1213555{n:04}", zones=(WEST,)) for n in range(100, 103)]
    until = wire(NOW + timedelta(minutes=50))
    draft = await drafted(context, workspace_id, people, window=MORNINGS, endDate=until)
    found = await look(context, workspace_id, draft)
    assert found.problems == []
    assert found.forecast is not None
    assert found.forecast.not_reached == 3
    assert said(found) == [
        "the window does not open before the endDate 2026-03-10 15:50 UTC in America/Los_Angeles:"
        " 3 of 7 people are not contacted; end it later, or widen the window"
    ]
    later = {"endDate": wire(NOW + timedelta(hours=2))}
    await campaigns.change(context, workspace_id=workspace_id, **draft, patch=later, version=None)
    assert said(await look(context, workspace_id, draft)) == []


async def test_zones_that_are_never_open_together_are_told(
    context: Context, workspace_id: int
) -> None:
    people = [person("+12125550100", zones=BOTH), person("+12125550101", zones=(EAST,))]
    draft = await drafted(context, workspace_id, people, window=MORNINGS)
    found = await look(context, workspace_id, draft)
    assert found.skipped == {"zone_unknown": 1}
    assert said(found) == [
        "the window is never open in all zones at once where people may be in America/New_York or"
        " Asia/Tokyo: 1 of 2 people are never contacted; widen the window, or say in which zone"
        " they are"
    ]


async def test_hours_that_come_nowhere_before_the_end_are_refused(
    context: Context, workspace_id: int, clock: FixedClock
) -> None:
    """From Tuesday evening in New York it is no Monday or Tuesday morning anywhere for days."""
    clock.forward(hours=12)
    until = wire(clock.now() + timedelta(days=2))
    people = [person("+12125550101", zones=(EAST,))]
    draft = await drafted(context, workspace_id, people, window=MORNINGS, endDate=until)
    with pytest.raises(PreflightBlocked) as refused:
        await control.launch(context, workspace_id=workspace_id, **draft)
    told = [(each.pointer, each.message) for each in refused.value.problems]
    assert told == [
        ("/endDate", "its hours open nowhere before it: end it later, or widen the window")
    ]
    later = {"endDate": wire(clock.now() + timedelta(days=7))}
    await campaigns.change(context, workspace_id=workspace_id, **draft, patch=later, version=None)
    await control.launch(context, workspace_id=workspace_id, **draft)


async def test_the_hours_of_the_channel_count(context: Context, workspace_id: int) -> None:
    channel = await add_channel(
        context, workspace_id=workspace_id, name="early", window={"wed": MORNINGS["mon"]}
    )
    people = [person("+12125550101", zones=(EAST,))]
    draft = await drafted(
        context,
        workspace_id,
        people,
        channel=channel.id,
        window={day: [{"from": "08:00", "to": "20:00"}] for day in ("tue", "wed")},
        endDate=wire(NOW + timedelta(hours=1)),
    )
    found = await look(context, workspace_id, draft)
    assert [each.pointer for each in found.problems] == ["/endDate"]
