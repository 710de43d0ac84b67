"""When people would be contacted: hours by zones, as a table that is read like a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from campana.domain.day_map import HourKind, hour_kinds
from campana.services.outlook import Outlook
from campana.web.console.language import say

MOST_HOURS = 48
FEWEST_HOURS = 24
"""So many are shown, that it is seen when the day is over."""

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Cell:
    """Attempts in one hour to one group of zones; `warmth` 0 to 3; what the hour is there."""

    count: int
    warmth: int
    kind: HourKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Hours across, zones down; `later` attempts lie after the last hour shown."""

    days: Sequence[tuple[date, int]]
    """Each day of UTC, and how many of the hours are its."""
    hours: Sequence[datetime]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    later: int


def heat_of(ahead: Outlook) -> Heat | None:
    """The map of a forecast, hour after hour from its first; None where nothing is foretold."""
    if ahead.forecast is None or not ahead.forecast.planned:
        return None
    planned = ahead.forecast.planned
    first = planned[0].hour
    hours = [first + _HOUR * each for each in range(_length(first, planned[-1].hour))]
    shown = set(hours)
    most = max(each.attempts for each in planned)
    counted: dict[str, dict[datetime, int]] = {}
    for each in planned:
        row = counted.setdefault(_name(each.zones), {})
        row[each.hour] = row.get(each.hour, 0) + each.attempts
    rows = [
        (
            name,
            [
                _cell(counted.get(name, {}).get(hour, 0), most, kind)
                for hour, kind in zip(hours, hour_kinds(ahead.window, zones, hours), strict=True)
            ],
        )
        for name, zones in sorted((_name(zones), zones) for zones in ahead.zones)
    ]
    days = sorted({hour.date() for hour in hours})
    return Heat(
        days=[(day, sum(hour.date() == day for hour in hours)) for day in days],
        hours=hours,
        rows=rows,
        later=sum(each.attempts for each in planned if each.hour not in shown),
    )


def _length(first: datetime, last: datetime) -> int:
    return min(MOST_HOURS, max(FEWEST_HOURS, (last - first) // _HOUR + 1))


def _name(zones: Sequence[str]) -> str:
    return ", ".join(zones) or say("no zone")


def _cell(count: int, most: int, kind: HourKind) -> Cell:
    return Cell(count, min(3, 1 + 3 * count // (most + 1)) if count else 0, kind)
