"""What holds of windows anywhere and at any time, judged by reading a clock on the wall."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from campana.domain.window import (
    END_OF_TIME,
    MIDNIGHT_AFTER,
    Hours,
    Window,
    both,
    is_open,
    next_open,
    open_until,
)

NEW_YORK, LONDON, LORD_HOWE = "America/New_York", "Europe/London", "Australia/Lord_Howe"

# All hours below are multiples of a quarter, as are all offsets and changes of the years asked
# about: within one quarter of an hour of UTC nothing can change, so a scan of quarters is exact.

QUARTER = timedelta(minutes=15)
SCANNED = 8 * 96


@st.composite
def spans(draw: st.DrawFn) -> Hours:
    start = draw(st.integers(0, 95))
    end = draw(st.integers(start + 1, 96))
    return Hours(
        start=time(start // 4, start % 4 * 15),
        end=MIDNIGHT_AFTER if end == 96 else time(end // 4, end % 4 * 15),
    )


closed_dates = st.frozensets(
    st.dates(date(2024, 1, 1), date(2030, 12, 31))
    | st.builds(
        lambda year, month, day: date(year, month, 1) + timedelta(days=day),
        year=st.integers(2024, 2030),
        month=st.sampled_from([3, 10]),
        day=st.integers(0, 40),
    ),
    max_size=30,
)
windows = st.builds(
    lambda days, closed: Window(days=tuple(tuple(day) for day in days), closed_dates=closed),
    closed=st.just(frozenset[date]()) | closed_dates,
    days=st.lists(st.lists(spans(), max_size=2), min_size=7, max_size=7),
)
zone_sets = st.lists(
    st.sampled_from([*sorted(available_timezones()), *[NEW_YORK, LONDON, LORD_HOWE] * 100]),
    min_size=1,
    max_size=3,
)
# Half of them in the weeks when somebody's clocks change.
instants = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31)).map(  # noqa: DTZ001 - made aware
    lambda t: t.replace(tzinfo=UTC)
) | st.builds(
    lambda year, month, seconds: datetime(year, month, 1, tzinfo=UTC) + timedelta(seconds=seconds),
    year=st.integers(2024, 2030),
    month=st.sampled_from([3, 10]),
    seconds=st.integers(0, 40 * 86400),
)


def minutes_of_week(window: Window) -> set[int]:
    """Open minutes, counted from Monday 00:00 on the wall clock."""
    found: set[int] = set()
    for day, spans in enumerate(window.days):
        for span in spans:
            start = span.start.hour * 60 + span.start.minute
            end = 1440 if span.end == MIDNIGHT_AFTER else span.end.hour * 60 + span.end.minute
            found |= set(range(day * 1440 + start, day * 1440 + end))
    return found


def shown(zone: str, now: datetime) -> int:
    """The minute of the week a clock on the wall there shows."""
    offset = now.astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    since_a_monday = (now + offset) - datetime(2024, 1, 1, tzinfo=UTC)
    return int(since_a_monday.total_seconds() // 60) % 10080


def is_closed_day(window: Window, zone: str, now: datetime) -> bool:
    offset = now.astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return (now + offset).date() in window.closed_dates


def says_open(window: Window, zones: Sequence[str], now: datetime) -> bool:
    return all(
        shown(zone, now) in minutes_of_week(window) and not is_closed_day(window, zone, now)
        for zone in zones
    )


def first_quarter(
    window: Window, zones: Sequence[str], now: datetime, *, open_: bool
) -> datetime | None:
    """The first whole quarter after `now` that is open (or closed), within the days scanned."""
    minutes = minutes_of_week(window)
    quarter = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    for _ in range(SCANNED):
        quarter += QUARTER
        is_open_now = all(
            shown(zone, quarter) in minutes and not is_closed_day(window, zone, quarter)
            for zone in zones
        )
        if is_open_now is open_:
            return quarter
    return None


@settings(max_examples=100, deadline=None)
@given(window=windows, zones=zone_sets, now=instants)
def test_open_and_its_next_turn_agree_with_a_clock_on_the_wall(
    window: Window, zones: list[str], now: datetime
) -> None:
    open_ = says_open(window, zones, now)
    assert is_open(window, zones, now) is open_
    turn = first_quarter(window, zones, now, open_=not open_)
    found = open_until(window, zones, now) if open_ else next_open(window, zones, now)
    if turn is not None:
        assert found == turn
    elif found is not None:
        assert found > now + QUARTER * (SCANNED - 1)
        assert found == END_OF_TIME or says_open(window, zones, found) is not open_


@settings(max_examples=100, deadline=None)
@given(one=windows, other=windows, zones=zone_sets, now=instants)
def test_both_is_open_exactly_when_each_is(
    one: Window, other: Window, zones: list[str], now: datetime
) -> None:
    assert is_open(both(one, other), zones, now) is (
        is_open(one, zones, now) and is_open(other, zones, now)
    )


@settings(max_examples=100, deadline=None)
@given(window=windows, zones=zone_sets, now=instants)
def test_next_open_is_a_fixed_point_and_only_open_windows_close(
    window: Window, zones: list[str], now: datetime
) -> None:
    opens = next_open(window, zones, now)
    if opens is None:
        assert open_until(window, zones, now) is None
        return
    assert next_open(window, zones, opens) == opens
    assert (opens == now) is is_open(window, zones, now)
    closes = open_until(window, zones, opens)
    assert closes is not None
    assert closes > opens
