"""When people would be contacted: hours by zones, as a table that is read like a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campana.domain.forecast import Planned
from campana.web.console.language import say

MOST_HOURS = 48


@dataclass(frozen=True, slots=True)
class Cell:
    """Attempts in one hour to one group of zones; `warmth` 0 to 3."""

    count: int
    warmth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Hours across, zones down; `later` attempts lie after the last hour shown."""

    hours: Sequence[datetime]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    later: int


def heat_of(planned: Sequence[Planned]) -> Heat:
    """The map of a forecast."""
    hours = sorted({each.hour for each in planned})[:MOST_HOURS]
    most = max((each.attempts for each in planned), default=1)
    counted: dict[str, dict[datetime, int]] = {}
    for each in planned:
        name = ", ".join(each.zones) or say("no zone")
        row = counted.setdefault(name, {})
        row[each.hour] = row.get(each.hour, 0) + each.attempts
    rows = [
        (name, [_cell(row.get(hour, 0), most) for hour in hours])
        for name, row in sorted(counted.items())
    ]
    shown = set(hours)
    later = sum(each.attempts for each in planned if each.hour not in shown)
    return Heat(hours=hours, rows=rows, later=later)


def _cell(count: int, most: int) -> Cell:
    return Cell(count, min(3, 1 + 3 * count // (most + 1)) if count else 0)
