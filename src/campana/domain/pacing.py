"""How much may be sent now. Budget is granted to a worker, never owned by it.

The generic cell rate algorithm (ITU-T I.371) keeps one instant, the theoretical arrival time of the
next send: it errs low when a grant is lost and needs no background refill.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`rate` sends a second, `burst` of them at once, `lines` open at a time."""

    rate: float
    burst: int
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """`sends` that may start, and the theoretical arrival time to store (aware UTC)."""

    sends: int
    arrival_at: datetime


def grant(
    limits: Limits, *, arrival_at: datetime, lines_in_use: int, wanted: int, now: datetime
) -> Grant:
    """Give at most `wanted` sends out of what the rate and the free lines allow at `now`."""
    interval = timedelta(seconds=1 / limits.rate)
    start = max(arrival_at, now)
    by_rate = int((now + limits.burst * interval - start) / interval)
    sends = max(0, min(wanted, by_rate, limits.lines - lines_in_use))
    return Grant(sends=sends, arrival_at=start + sends * interval if sends else arrival_at)
