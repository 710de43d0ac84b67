"""When contacting is allowed: hours by weekday, read on the clock of the person contacted.

A number can lie in several zones; then every one of them must be open. A zone nobody knows is never
open, unless the window is `ALWAYS`. Holidays are not here yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT_AFTER = time.max
"""As an end of hours: until the day is over."""

END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
"""When a window closes that never does."""

_DAY = timedelta(days=1)
_SEARCH_DAYS = 9
"""Any week that opens at all opens within eight days; one more for the date line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """From `start` (inside) to `end` (outside), local wall clock, within one day."""

    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours for each weekday, Monday first. `always` ignores zones and hours; see
    `domain.campaign`."""

    days: tuple[tuple[Hours, ...], ...] = ((),) * 7
    always: bool = False


ALWAYS = Window(always=True)
# 47 CFR 64.1200(c)(1): no telephone solicitation before 8 a.m. or after 9 p.m. at the called
# party's location.
DEFAULT = Window(days=((Hours(start=time(8), end=time(21)),),) * 7)


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo | None:
    """The IANA zone, or None when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def is_open(window: Window, zones: Sequence[str], now: datetime) -> bool:
    """May somebody who may be in any of `zones` be contacted at `now` (aware)?"""
    if window.always:
        return True
    found = _known(zones)
    return found is not None and all(_open_in(window, zone, now) for zone in found)


def next_open(window: Window, zones: Sequence[str], now: datetime) -> datetime | None:
    """The first instant at or after `now` when every zone is open; None if that never comes."""
    if window.always:
        return now
    found = _known(zones)
    if found is None:
        return None
    moment, limit = now, now + _DAY * _SEARCH_DAYS
    while moment <= limit:
        ahead = [_next_in(window, zone, moment) for zone in found]
        if None in ahead:
            return None
        latest = max(t for t in ahead if t is not None)
        if latest == moment:
            return moment
        moment = latest
    return None


def open_until(window: Window, zones: Sequence[str], now: datetime) -> datetime | None:
    """When the window that is open at `now` closes; None when it is closed, END_OF_TIME for
    ALWAYS."""
    if not is_open(window, zones, now):
        return None
    if window.always:
        return END_OF_TIME
    return min(_end_in(window, ZoneInfo(name), now) for name in zones)


def _known(zones: Sequence[str]) -> list[ZoneInfo] | None:
    found = [zone_named(name) for name in zones]
    if not found or None in found:
        return None
    return [zone for zone in found if zone is not None]


def _open_in(window: Window, zone: ZoneInfo, now: datetime) -> bool:
    local = now.astimezone(zone)
    clock = local.time()
    return any(_within(hours, clock) for hours in window.days[local.weekday()])


def _within(hours: Hours, clock: time) -> bool:
    return hours.start <= clock and (clock < hours.end or hours.end == MIDNIGHT_AFTER)


def _next_in(window: Window, zone: ZoneInfo, now: datetime) -> datetime | None:
    if _open_in(window, zone, now):
        return now
    starts = (
        instant
        for day, hours in _days(window, zone, now)
        for instant in _instants(day, hours.start, zone)
        # A start inside the hour that DST skips is moved by the zone; it counts if it is open
        # there.
        if instant > now and _open_in(window, zone, instant)
    )
    return min(starts, default=None)


def _end_in(window: Window, zone: ZoneInfo, now: datetime) -> datetime:
    clock = now.astimezone(zone).time()
    day = now.astimezone(zone).date()
    ends: list[datetime] = []
    for hours in window.days[day.weekday()]:
        if not _within(hours, clock):
            continue
        if hours.end == MIDNIGHT_AFTER:
            ends += _instants(day + _DAY, time.min, zone)
        else:
            ends += _instants(day, hours.end, zone)
    # Where the wall clock shows an end twice, the earlier one is the lawful one.
    return min((end for end in ends if end > now), default=now)


def _days(window: Window, zone: ZoneInfo, now: datetime) -> Iterator[tuple[date, Hours]]:
    today = now.astimezone(zone).date()
    for offset in range(_SEARCH_DAYS):
        day = today + _DAY * offset
        for hours in window.days[day.weekday()]:
            yield day, hours


def _instants(day: date, clock: time, zone: ZoneInfo) -> list[datetime]:
    """The instants a wall clock in `zone` shows `clock` on `day`: one, or two when DST repeats
    it."""
    return sorted(
        {
            datetime.combine(day, clock, tzinfo=zone).replace(fold=fold).astimezone(UTC)
            for fold in (0, 1)
        }
    )
