"""Morning, afternoon, evening: so that whoever was not reached in one is tried in another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from campana.domain.window import Window, next_open, zone_named


class DayPart(StrEnum):
    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


_STARTS = {DayPart.MORNING: time(0), DayPart.AFTERNOON: time(12), DayPart.EVENING: time(17)}
_PARTS = tuple(DayPart)
_MOST_PARTS_TRIED = 3 * 15
"""A fortnight and a day: who closes two parts of every day closes them the week after, too."""


def part_of(moment: datetime, zone: ZoneInfo) -> DayPart:
    """The part of the day it is there."""
    clock = moment.astimezone(zone).time()
    return next(part for part in reversed(_PARTS) if clock >= _STARTS[part])


def in_other_part(
    window: Window, zones: Sequence[str], *, after: datetime, than: datetime
) -> datetime:
    """The first instant at or after `after` that is open and in another part of the day than
    `than`.

    Read in the first of the zones. `after` itself, when there is no such instant: the gate then
    finds the next that is open at all.
    """
    zone = zone_named(zones[0]) if zones else None
    if zone is None:
        return after
    avoided, moment = part_of(than, zone), after
    for _ in range(_MOST_PARTS_TRIED):
        opens = next_open(window, zones, moment)
        if opens is None:
            break
        if part_of(opens, zone) is not avoided:
            return opens
        moment = _next_part(opens, zone)
    return after


def _next_part(moment: datetime, zone: ZoneInfo) -> datetime:
    """When the part of the day that `moment` lies in is over."""
    local = moment.astimezone(zone)
    index = _PARTS.index(part_of(moment, zone)) + 1
    day = local.date() + timedelta(days=index // len(_PARTS))
    start = _STARTS[_PARTS[index % len(_PARTS)]]
    begins = datetime.combine(day, start, tzinfo=zone).astimezone(UTC)
    # A clock that is put back over it shows the start a second time, or earlier than now.
    return begins if begins > moment else moment + timedelta(hours=1)
