"""How much may be sent, and when. Budget is granted to a worker, never owned by it.

The generic cell rate algorithm (ITU-T I.371) keeps one instant, the theoretical arrival time of the
next send: it errs low when a grant is lost and needs no background refill. A grant may reach a
moment ahead, so that the pace does not depend on how often somebody asks: each send has its own
moment and waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

_DAY = timedelta(days=1)
_LINES_DELAY = timedelta(milliseconds=200)
"""How soon a campaign without a free line is looked at again."""
_UNLIMITED = 1e6
_UNLIMITED_LINES = 10**9
"""Of a campaign that leaves its pace to the channel."""
_BURST_SECONDS = 0.05
"""What a campaign's own rate may do at once: faster rates are taken in batches."""
SLOWEST_START = 0.05
"""The share of its rate a ramp-up begins with: something must go out to be looked at."""
_HEADROOM = 0.01
"""Sends are planned this share below a channel's rate, so that one which leaves a little late does
not meet too many that are on time. With it the mean stays above 98 % of the rate, and late by
`lateness` no stretch of 1.05 s holds more than `ceil(1.05 * rate) + 1`."""
_MOST_PUNCTUAL = 100.0
"""Up to this rate a send that misses its moment is not sent."""
_UNPUNCTUAL = timedelta(seconds=1)
USUAL_NOTICE = timedelta(milliseconds=150)
"""The most that a worker needs from a grant to its first send where it gets a processor."""
_LONGEST_HOLD = timedelta(seconds=0.5)
"""A campaign at its rate is asked again after so long: the rate may have been raised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`rate` sends a second, `burst` of them at once, `lines` open at a time, `daily` in a day of
    UTC (None: as many as the rate allows)."""

    rate: float
    burst: int
    lines: int
    daily: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLimits:
    """A campaign's own limits, below those of its channel; None does not limit."""

    rate: float | None = None
    lines: int | None = None
    daily: int | None = None
    ramp_up: timedelta = timedelta(0)
    """How long the rate takes to grow to its full height after each start."""

    @property
    def any(self) -> bool:
        """Does it limit anything?"""
        return self != OwnLimits()


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
    sent_today: int = 0,
) -> Grant:
    """Give at most `wanted` sends out of what rate, free lines and the quota of the day allow.

    `ahead` gives out the near future too: sends that may not start at `now` but within that span,
    each at its own time. Without it, and with a burst of one, every send would be a grant. Idle
    time is not saved up: whoever asks later than `ahead` after the last send loses it.
    """
    interval = timedelta(seconds=1 / limits.rate)
    start = max(arrival_at, now)
    slack = limits.burst * interval
    by_rate = int((now + ahead + slack - start) / interval)
    by_quota = wanted if limits.daily is None else limits.daily - sent_today
    sends = max(0, min(wanted, by_rate, limits.lines - lines_in_use, by_quota))
    return Grant(
        sends=sends,
        arrival_at=start + sends * interval if sends else arrival_at,
        # One interval of the slack is the send itself; the rest is what a burst may be early by.
        first_at=start - (slack - interval),
        interval=interval,
    )


def planned(limits: Limits) -> Limits:
    """The limits to grant by, so that what a carrier sees stays within those that are stated."""
    return replace(limits, rate=limits.rate * (1 - _HEADROOM))


def lasts_until(limits: Limits, arrival_at: datetime) -> datetime:
    """From when on the channel would lose some of its rate, if nobody were granted more."""
    return arrival_at - (limits.burst - 1) * timedelta(seconds=1 / limits.rate)


def lateness(rate: float) -> timedelta:
    """How late a send may leave on a channel of this rate; beyond, its moment is lost.

    Half of what the headroom and the one send above the rate leave: the network has the rest. At
    rates beyond, no process is punctual enough: what is granted is sent (`catches_up`).
    """
    if catches_up(rate):
        return _UNPUNCTUAL
    return timedelta(seconds=(1 / rate + _HEADROOM) / 2)


def catches_up(rate: float) -> bool:
    """Is a send that missed its moment on such a channel sent later, no more densely than this?"""
    return rate > _MOST_PUNCTUAL


def cedes(*, arrival_at: datetime, notice: timedelta, now: datetime) -> bool:
    """Is a worker that needs such a notice to leave the channel to others for now?

    Its sends would begin late after what is granted already, and whoever is quicker could not be
    granted the time between any more. Where nothing lies ahead nobody is quicker.
    """
    return now < arrival_at < now + notice - USUAL_NOTICE


def rescaled(
    arrival_at: datetime, *, before: float | None, limits: Limits, now: datetime
) -> datetime:
    """The theoretical arrival time once the rate is another than the one it was reckoned with.

    At one send in ten seconds the next is ten seconds away; raised to ten a second, it is not.
    Lowered to that, it is no further away than after a send at the new rate: what was granted ahead
    at the old one was a fraction of a second and is not to be waited for a hundred times as long.
    """
    if before is None or before == limits.rate or arrival_at <= now:
        return arrival_at
    stands = arrival_at - now
    full = limits.burst * timedelta(seconds=1 / limits.rate)
    return now + min(stands * (before / limits.rate), max(stands, full))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkLimits:
    """A trunk's own limits, below those of its channel; None does not limit."""

    name: str
    rate: float | None = None
    burst: int = 1
    lines: int | None = None
    daily: int | None = None
    registers: bool = False
    """Calls wait while it refuses our registration."""

    @property
    def planned(self) -> Limits:
        """The limits to grant by."""
        return planned(
            Limits(
                rate=self.rate or _UNLIMITED,
                burst=self.burst if self.rate else int(_UNLIMITED),
                lines=_UNLIMITED_LINES if self.lines is None else self.lines,
                daily=self.daily,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkPace:
    """How much of a trunk's limits is used."""

    arrival_at: datetime
    rate: float | None = None
    """What `arrival_at` was reckoned with."""
    sent_today: int = 0
    lines_in_use: int = 0


def ramped(rate: float, *, ramp_up: timedelta, since: datetime, now: datetime) -> float:
    """The rate at `now` of what began at `since` and grows evenly to `rate` over `ramp_up`."""
    if now >= since + ramp_up:
        return rate
    return rate * max(SLOWEST_START, (now - since) / ramp_up)


def quota_day(now: datetime) -> date:
    """The day a quota counts, in UTC: one for all, wherever workers and people are."""
    return now.astimezone(UTC).date()


def quota_resets_at(now: datetime) -> datetime:
    """When the quota of the day of `now` is whole again."""
    return datetime.combine(quota_day(now) + _DAY, time.min, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPace:
    """How much a campaign has used of its own limits, and the channel's they lie below."""

    arrival_at: datetime
    lines_in_use: int
    attempts_today: int
    since: datetime
    """When it began, or began again."""
    channel_rate: float
    rate: float | None = None
    """What `arrival_at` was reckoned with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Which limit holds a campaign back, and until when it need not be asked again."""

    by: str
    until: datetime


def own_grant(
    own: OwnLimits, pace: OwnPace, *, wanted: int, now: datetime, ahead: timedelta = timedelta(0)
) -> Grant:
    """What a campaign's own limits leave of `wanted` attempts that its channel allows."""
    return grant(
        _own(own, pace, now),
        arrival_at=_own_arrival(own, pace, now),
        lines_in_use=pace.lines_in_use,
        wanted=wanted,
        now=now,
        ahead=ahead,
        sent_today=pace.attempts_today,
    )


def own_hold(
    own: OwnLimits, pace: OwnPace, *, now: datetime, ahead: timedelta = timedelta(0)
) -> Hold | None:
    """What keeps a campaign from even one more attempt; None when nothing does."""
    if own_grant(own, pace, wanted=1, now=now, ahead=ahead).sends:
        return None
    limits = _own(own, pace, now)
    if limits.daily is not None and pace.attempts_today >= limits.daily:
        return Hold(by="quota", until=quota_resets_at(now))
    if pace.lines_in_use >= limits.lines:
        return Hold(by="lines", until=now + _LINES_DELAY)
    waited = (limits.burst - 1) * timedelta(seconds=1 / limits.rate) + ahead
    until = min(_own_arrival(own, pace, now) - waited, now + _LONGEST_HOLD)
    return Hold(by="rate", until=max(now, until))


def own_rate(own: OwnLimits, pace: OwnPace, *, now: datetime) -> float:
    """The rate a campaign goes at now; without a limit of its own more than any channel has."""
    return _own(own, pace, now).rate


def _own_arrival(own: OwnLimits, pace: OwnPace, now: datetime) -> datetime:
    return rescaled(pace.arrival_at, before=pace.rate, limits=_own(own, pace, now), now=now)


def _own(own: OwnLimits, pace: OwnPace, now: datetime) -> Limits:
    rate = _UNLIMITED
    if own.rate is not None or own.ramp_up:
        rate = min(own.rate or pace.channel_rate, pace.channel_rate)
        rate = ramped(rate, ramp_up=own.ramp_up, since=pace.since, now=now)
    return Limits(
        rate=rate,
        burst=max(1, int(rate * _BURST_SECONDS)),
        lines=_UNLIMITED_LINES if own.lines is None else own.lines,
        daily=own.daily,
    )
