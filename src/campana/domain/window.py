"""When contacting is allowed: hours by weekday, read on the clock of the person contacted.

A number can lie in several zones; then every one of them must be open. A zone nobody knows is never
open, unless the window is `ALWAYS`. Closed days are those on the calendar of the person, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from campana.domain.holiday import is_holiday

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT_AFTER = time.max
"""As an end of hours: until the day is over."""

END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
"""When a window closes that never does."""

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_STRETCH_DAYS = 8
_CLOSES_WITHIN_DAYS = 16
"""A week that closes at all does so within eight days, unless DST skips that one hour: then in the
next week."""
_OPENS_WITHIN_DAYS = 376
"""Hours that two zones never share in winter they may share in summer: a year and a stretch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """From `start` (inside) to `end` (outside), local wall clock, within one day."""

    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours for each weekday, Monday first, except on closed days.

    `always` ignores zones, hours and closed days; see `domain.campaign`.
    """

    days: tuple[tuple[Hours, ...], ...] = ((),) * 7
    always: bool = False
    closed_dates: frozenset[date] = frozenset()
    holidays: tuple[str, ...] = ()
    """Places whose public holidays are closed days (`domain.holiday`)."""

    @property
    def has_closed_days(self) -> bool:
        return bool(self.closed_dates or self.holidays)


ALWAYS = Window(always=True)
# 47 CFR 64.1200(c)(1): no telephone solicitation before 8 a.m. or after 9 p.m. at the called
# party's location.
DEFAULT = Window(days=((Hours(start=time(8), end=time(21)),),) * 7)


def never_closes(window: Window) -> bool:
    """Whether its hours leave no minute of the week out, however they are written."""
    return window.always or all(_covers_a_day(hours) for hours in window.days)


def _covers_a_day(hours: Sequence[Hours]) -> bool:
    reached = time.min
    for stretch in sorted(hours, key=lambda each: each.start):
        if stretch.start > reached:
            return False
        reached = max(reached, stretch.end)
    return reached == MIDNIGHT_AFTER


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo | None:
    """The IANA zone, or None when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def both(one: Window, other: Window) -> Window:
    """The window that is open when both are."""
    if one.always or other.always:
        return other if one.always else one
    return Window(
        days=tuple(
            tuple(_shared(mine, theirs)) for mine, theirs in zip(one.days, other.days, strict=True)
        ),
        closed_dates=one.closed_dates | other.closed_dates,
        holidays=tuple(dict.fromkeys(one.holidays + other.holidays)),
    )


def _shared(mine: Sequence[Hours], theirs: Sequence[Hours]) -> Iterator[Hours]:
    for one in mine:
        for other in theirs:
            start, end = max(one.start, other.start), min(one.end, other.end)
            if start < end:
                yield Hours(start=start, end=end)


def is_open(window: Window, zones: Sequence[str], now: datetime) -> bool:
    """May somebody who may be in any of `zones` be contacted at `now` (aware)?"""
    if window.always:
        return True
    found = _known(zones)
    return found is not None and _open_in_all(window, found, now)


def next_open(window: Window, zones: Sequence[str], now: datetime) -> datetime | None:
    """The first instant at or after `now` when every zone is open; None if that never comes."""
    if window.always:
        return now
    found = _known(zones)
    if found is None or not any(window.days):
        return None
    if _open_in_all(window, found, now):
        return now
    turns = _turns(window, found, now, days=_OPENS_WITHIN_DAYS)
    return next((turn for turn in turns if _open_in_all(window, found, turn)), None)


def ever_opens(window: Window, now: datetime) -> bool:
    """Is there anybody, wherever they are, for whom it opens at `now` or later?

    Asked in one zone for all: no zone's calendar has other weekdays or closed days.
    """
    return next_open(window, ["UTC"], now) is not None


def open_until(window: Window, zones: Sequence[str], now: datetime) -> datetime | None:
    """When the window that is open at `now` closes; None when it is closed, END_OF_TIME when it
    never closes."""
    if window.always:
        return END_OF_TIME
    found = _known(zones)
    if found is None or not _open_in_all(window, found, now):
        return None
    days = _OPENS_WITHIN_DAYS if window.has_closed_days else _CLOSES_WITHIN_DAYS
    turns = _turns(window, found, now, days=days)
    return next((turn for turn in turns if not _open_in_all(window, found, turn)), END_OF_TIME)


def open_spans(
    window: Window, zones: Sequence[str], now: datetime, *, days: int
) -> Iterator[tuple[datetime, datetime]]:
    """When every zone is open, from `now` on and `days` far, in order: for looking at many at
    once."""
    if window.always:
        yield now, now + _DAY * days
        return
    found = _known(zones)
    if found is None or not any(window.days):
        return
    opened = now if _open_in_all(window, found, now) else None
    for turn in _turns(window, found, now, days=days):
        is_now_open = _open_in_all(window, found, turn)
        if opened is None and is_now_open:
            opened = turn
        elif opened is not None and not is_now_open:
            yield opened, turn
            opened = None
    if opened is not None:
        yield opened, now + _DAY * days


def _known(zones: Sequence[str]) -> list[ZoneInfo] | None:
    found = [zone_named(name) for name in zones]
    if not found or None in found:
        return None
    return [zone for zone in found if zone is not None]


def _open_in_all(window: Window, zones: Sequence[ZoneInfo], now: datetime) -> bool:
    return all(_open_in(window, zone, now) for zone in zones)


def _open_in(window: Window, zone: ZoneInfo, now: datetime) -> bool:
    local = now.astimezone(zone)
    clock = local.time()
    if not any(_within(hours, clock) for hours in window.days[local.weekday()]):
        return False
    return not (window.has_closed_days and is_closed_day(window, local.date()))


def is_closed_day(window: Window, day: date) -> bool:
    """Is nobody contacted on this day of theirs, whatever the hour? Not asked where `always`."""
    return day in window.closed_dates or any(is_holiday(place, day) for place in window.holidays)


def _within(hours: Hours, clock: time) -> bool:
    return hours.start <= clock and (clock < hours.end or hours.end == MIDNIGHT_AFTER)


def _turns(
    window: Window, zones: Sequence[ZoneInfo], now: datetime, *, days: int
) -> Iterator[datetime]:
    """Every instant after `now` at which the window may open or close, in order.

    Between two of them nothing changes; whoever asks looks at each.
    """
    now = now.astimezone(UTC)
    for offset in range(0, days, _STRETCH_DAYS):
        low, high = now + _DAY * offset, now + _DAY * (offset + _STRETCH_DAYS)
        turns = {turn for zone in zones for turn in _turns_in(window, zone, low, high)}
        yield from sorted(turn for turn in turns if low < turn <= high)


def _turns_in(window: Window, zone: ZoneInfo, low: datetime, high: datetime) -> Iterator[datetime]:
    yield from _changes(zone, low, high)
    # From the day before: a clock may be put back over midnight.
    for offset in range(-1, _STRETCH_DAYS + 1):
        day = low.astimezone(zone).date() + _DAY * offset
        for hours in window.days[day.weekday()]:
            yield from _instants(day, hours.start, zone)
            if hours.end == MIDNIGHT_AFTER:
                yield from _instants(day + _DAY, time.min, zone)
            else:
                yield from _instants(day, hours.end, zone)


def _instants(day: date, clock: time, zone: ZoneInfo) -> Iterator[datetime]:
    """The instants a wall clock in `zone` shows `clock` on `day`: one, or two when DST repeats it.

    Of an hour that DST skips these are no such instants, and harmless: the change itself is a turn.
    """
    for fold in (0, 1):
        yield datetime.combine(day, clock, tzinfo=zone).replace(fold=fold).astimezone(UTC)


def _changes(zone: ZoneInfo, low: datetime, high: datetime) -> Iterator[datetime]:
    """The instants at which the clocks of `zone` are put forward or back, at most one a day."""
    before = low.replace(microsecond=0)
    while before < high:
        after = before + _DAY
        if _offset(zone, before) != _offset(zone, after):
            yield _change(zone, before, after)
        before = after


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The change between the two, found by halving: zoneinfo does not tell."""
    old = _offset(zone, before)
    while after - before > _SECOND:
        middle = before + _SECOND * ((after - before) // _SECOND // 2)
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()
