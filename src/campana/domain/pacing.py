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
    """`sends` that may start, and the theoretical arrival time to store (aware UTC).

    The first may start at `first_at`, each of the others an `interval` later; those of a burst at
    once.
    """

    sends: int
    arrival_at: datetime
    first_at: datetime
    interval: timedelta


def grant(
    limits: Limits,
    *,
    arrival_at: datetime,
    lines_in_use: int,
    wanted: int,
    now: datetime,
    ahead: timedelta = timedelta(0),
) -> Grant:
    """Give at most `wanted` sends out of what the rate and the free lines allow.

    `ahead` gives out the near future too: sends that may not start at `now` but within that span,
    each at its own time. Without it, and with a burst of one, every send would be a grant.
    """
    interval = timedelta(seconds=1 / limits.rate)
    start = max(arrival_at, now)
    slack = limits.burst * interval
    by_rate = int((now + ahead + slack - start) / interval)
    sends = max(0, min(wanted, by_rate, limits.lines - lines_in_use))
    return Grant(
        sends=sends,
        arrival_at=start + sends * interval if sends else arrival_at,
        # One interval of the slack is the send itself; the rest is what a burst may be early by.
        first_at=start - (slack - interval),
        interval=interval,
    )
