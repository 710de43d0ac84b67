"""Hours on the clock of the person contacted: tables, closed days, and the days DST changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campana.domain.window import (
    ALWAYS,
    DEFAULT,
    END_OF_TIME,
    MIDNIGHT_AFTER,
    Hours,
    Window,
    both,
    is_open,
    never_closes,
    next_open,
    open_spans,
    open_until,
    zone_named,
)

NEW_YORK, LONDON, LORD_HOWE = "America/New_York", "Europe/London", "Australia/Lord_Howe"
SAO_PAULO, KOLKATA = "America/Sao_Paulo", "Asia/Kolkata"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(start: str, end: str) -> Hours:
    return Hours(
        start=time.fromisoformat(start),
        end=MIDNIGHT_AFTER if end == "24:00" else time.fromisoformat(end),
    )


def every_day(*spans: str) -> Window:
    """`08:00-21:00` and so on, the same on all seven days."""
    day = tuple(hours(*span.split("-")) for span in spans)
    return Window(days=(day,) * 7)


def only(weekday: int, span: str) -> Window:
    """Open on one weekday, Monday being 0."""
    return Window(
        days=tuple((hours(*span.split("-")),) if day == weekday else () for day in range(7))
    )


@pytest.mark.parametrize(
    ("zone", "now", "open_"),
    [
        (NEW_YORK, "2026-03-10T11:59:59.999999", False),
        (NEW_YORK, "2026-03-10T12:00", True),
        (NEW_YORK, "2026-03-11T00:59:59.999999", True),
        (NEW_YORK, "2026-03-11T01:00", False),
        (KOLKATA, "2026-03-10T02:29", False),
        (KOLKATA, "2026-03-10T02:30", True),
        (KOLKATA, "2026-03-10T15:30", False),
        # The same instant is Tuesday morning west of the date line and Wednesday east of it.
        ("Pacific/Pago_Pago", "2026-03-10T19:00", True),
        ("Pacific/Apia", "2026-03-10T19:00", True),
        ("Pacific/Kiritimati", "2026-03-10T07:00", False),
        ("Pacific/Kiritimati", "2026-03-10T06:59", True),
    ],
)
def test_the_default_is_eight_to_nine_where_the_person_is(zone: str, now: str, open_: bool) -> None:
    assert is_open(DEFAULT, [zone], utc(now)) is open_


@pytest.mark.parametrize(
    ("window", "zone", "now", "opens"),
    [
        (DEFAULT, NEW_YORK, "2026-03-10T15:00", "2026-03-10T15:00"),
        (DEFAULT, NEW_YORK, "2026-03-10T03:00", "2026-03-10T12:00"),
        (DEFAULT, NEW_YORK, "2026-03-11T01:00", "2026-03-11T12:00"),
        # The night the clocks go forward is an hour shorter, the night they go back one longer.
        (DEFAULT, NEW_YORK, "2026-03-08T02:00", "2026-03-08T12:00"),
        (DEFAULT, NEW_YORK, "2026-11-01T02:00", "2026-11-01T13:00"),
        (DEFAULT, LONDON, "2026-03-28T22:00", "2026-03-29T07:00"),
        (DEFAULT, LONDON, "2026-10-24T22:00", "2026-10-25T08:00"),
        (DEFAULT, LORD_HOWE, "2026-04-04T12:00", "2026-04-04T21:30"),
        (DEFAULT, LORD_HOWE, "2026-10-03T12:00", "2026-10-03T21:00"),
        (DEFAULT, SAO_PAULO, "2018-11-04T01:00", "2018-11-04T10:00"),
        (DEFAULT, SAO_PAULO, "2019-02-17T01:00", "2019-02-17T11:00"),
        # A start inside the hour that is skipped: open from the moment the clock has passed it.
        (every_day("02:30-04:00"), NEW_YORK, "2026-03-08T06:00", "2026-03-08T07:00"),
        (every_day("00:15-04:00"), SAO_PAULO, "2018-11-04T01:00", "2018-11-04T03:00"),
        (every_day("02:15-04:00"), LORD_HOWE, "2026-10-03T12:00", "2026-10-03T15:30"),
        # Hours wholly inside it do not happen that day.
        (every_day("02:15-02:45"), NEW_YORK, "2026-03-08T06:00", "2026-03-09T06:15"),
        (only(6, "02:15-02:45"), NEW_YORK, "2026-03-02T00:00", "2026-03-15T06:15"),
        # A start that the clock shows twice: open from the first, and again after it was put back.
        (every_day("01:30-05:00"), NEW_YORK, "2026-11-01T05:00", "2026-11-01T05:30"),
        (every_day("01:30-05:00"), NEW_YORK, "2026-11-01T06:00", "2026-11-01T06:30"),
        (only(0, "09:00-10:00"), NEW_YORK, "2026-03-09T14:00", "2026-03-16T13:00"),
        (only(2, "00:00-24:00"), "Pacific/Kiritimati", "2026-03-10T09:59", "2026-03-10T10:00"),
        (only(2, "00:00-24:00"), "Pacific/Pago_Pago", "2026-03-10T09:59", "2026-03-11T11:00"),
    ],
)
def test_next_open_is_the_first_lawful_instant(
    window: Window, zone: str, now: str, opens: str
) -> None:
    assert next_open(window, [zone], utc(now)) == utc(opens)


@pytest.mark.parametrize(
    ("window", "zone", "now", "closes"),
    [
        (DEFAULT, NEW_YORK, "2026-03-10T15:00", "2026-03-11T01:00"),
        (every_day("08:00-12:00", "12:00-20:00"), NEW_YORK, "2026-03-10T15:00", "2026-03-11T00:00"),
        (every_day("08:00-24:00"), NEW_YORK, "2026-03-10T15:00", "2026-03-11T04:00"),
        (only(1, "20:00-24:00"), KOLKATA, "2026-03-10T15:00", "2026-03-10T18:30"),
        (every_day("20:00-24:00", "00:00-02:00"), LONDON, "2026-03-10T22:00", "2026-03-11T02:00"),
        # An end inside the hour that is skipped comes when the clock jumps over it.
        (every_day("01:00-02:30"), NEW_YORK, "2026-03-08T06:45", "2026-03-08T07:00"),
        # An end that the clock shows twice is the first of the two.
        (every_day("00:30-01:30"), NEW_YORK, "2026-11-01T05:00", "2026-11-01T05:30"),
        (every_day("00:30-01:30"), NEW_YORK, "2026-11-01T06:00", "2026-11-01T06:30"),
        # Put back to before the start: closed until the clock shows it again.
        (every_day("01:30-05:00"), NEW_YORK, "2026-11-01T05:40", "2026-11-01T06:00"),
        (every_day("20:00-24:00"), SAO_PAULO, "2019-02-17T00:00", "2019-02-17T03:00"),
        # Open all Sunday: one hour less to call, one hour more.
        (only(6, "00:00-24:00"), NEW_YORK, "2026-03-08T05:00", "2026-03-09T04:00"),
        (only(6, "00:00-24:00"), NEW_YORK, "2026-11-01T04:00", "2026-11-02T05:00"),
    ],
)
def test_open_until_is_when_it_closes(window: Window, zone: str, now: str, closes: str) -> None:
    assert open_until(window, [zone], utc(now)) == utc(closes)


def test_a_closed_window_is_open_until_no_time() -> None:
    assert open_until(DEFAULT, [NEW_YORK], utc("2026-03-10T03:00")) is None


def test_a_window_that_never_closes_says_so() -> None:
    all_day = every_day("00:00-24:00")
    assert open_until(all_day, [NEW_YORK], utc("2026-03-08T06:30")) == END_OF_TIME
    assert open_until(ALWAYS, [], utc("2026-03-08T06:30")) == END_OF_TIME


@pytest.mark.parametrize("zones", [[], ["Mars/Olympus"], [NEW_YORK, "Mars/Olympus"], ["../etc"]])
def test_a_zone_nobody_knows_is_never_open(zones: Sequence[str]) -> None:
    noon = utc("2026-03-10T17:00")
    assert not is_open(DEFAULT, zones, noon)
    assert next_open(DEFAULT, zones, noon) is None
    assert open_until(DEFAULT, zones, noon) is None
    assert zone_named("Mars/Olympus") is None


def test_always_asks_for_no_zone() -> None:
    night = utc("2026-03-10T07:00")
    assert is_open(ALWAYS, [], night)
    assert next_open(ALWAYS, [], night) == night


def test_a_closed_week_never_opens() -> None:
    assert next_open(Window(), [NEW_YORK], utc("2026-03-10T17:00")) is None


def test_several_zones_must_all_be_open() -> None:
    both = [NEW_YORK, "America/Los_Angeles"]
    assert not is_open(DEFAULT, both, utc("2026-03-10T14:00"))
    assert next_open(DEFAULT, both, utc("2026-03-10T04:00")) == utc("2026-03-10T15:00")
    assert open_until(DEFAULT, both, utc("2026-03-10T17:00")) == utc("2026-03-11T01:00")


def test_zones_that_meet_only_while_their_clocks_disagree_wait_for_it() -> None:
    """From 8 to 12:30 New York and London share half an hour, in the weeks between their DST."""
    mornings = every_day("08:00-12:30")
    both = [NEW_YORK, LONDON]
    assert next_open(mornings, both, utc("2026-01-10T00:00")) == utc("2026-03-08T12:00")
    assert next_open(every_day("08:00-10:00"), both, utc("2026-01-10T00:00")) is None


def closing(*days: str, window: Window = DEFAULT) -> Window:
    """The window, closed on these dates."""
    return replace(window, closed_dates=frozenset(date.fromisoformat(day) for day in days))


@pytest.mark.parametrize(
    ("window", "zone", "now", "opens", "closes"),
    [
        (
            closing("2026-03-10"),
            NEW_YORK,
            "2026-03-10T15:00",
            "2026-03-11T12:00",
            "2026-03-12T01:00",
        ),
        # The day is that of the person: over in Kiritimati while it has not begun in New York.
        (
            closing("2026-03-10"),
            "Pacific/Kiritimati",
            "2026-03-10T10:00",
            "2026-03-10T18:00",
            "2026-03-11T07:00",
        ),
        (
            closing("2026-03-10", "2026-03-11"),
            NEW_YORK,
            "2026-03-10T01:00",
            "2026-03-12T12:00",
            "2026-03-13T01:00",
        ),
        # Closed on the day of the change: open as soon as it is over, by the new clock.
        (
            closing("2026-03-08"),
            NEW_YORK,
            "2026-03-08T02:00",
            "2026-03-09T12:00",
            "2026-03-10T01:00",
        ),
        (
            replace(DEFAULT, holidays=("US",)),
            NEW_YORK,
            "2026-12-25T15:00",
            "2026-12-26T13:00",
            "2026-12-27T02:00",
        ),
        (
            replace(DEFAULT, holidays=("US-CA",)),
            NEW_YORK,
            "2026-11-27T15:00",
            "2026-11-28T13:00",
            "2026-11-29T02:00",
        ),
        (
            replace(DEFAULT, holidays=("US",)),
            NEW_YORK,
            "2026-11-27T15:00",
            "2026-11-27T15:00",
            "2026-11-28T02:00",
        ),
        # Observed on the Friday before, in the year before.
        (
            replace(DEFAULT, holidays=("US",)),
            NEW_YORK,
            "2027-12-31T15:00",
            "2028-01-02T13:00",
            "2028-01-03T02:00",
        ),
    ],
)
def test_is_closed_on_closed_days_and_holidays(
    window: Window, zone: str, now: str, opens: str, closes: str
) -> None:
    assert next_open(window, [zone], utc(now)) == utc(opens)
    assert open_until(window, [zone], utc(opens)) == utc(closes)


def test_open_day_and_night_until_the_next_holiday() -> None:
    never = replace(every_day("00:00-24:00"), holidays=("US",))
    assert open_until(never, [NEW_YORK], utc("2026-07-10T15:00")) == utc("2026-09-07T04:00")
    assert next_open(never, [NEW_YORK], utc("2026-09-07T05:00")) == utc("2026-09-08T04:00")


def test_a_day_closed_in_one_of_several_zones_is_closed() -> None:
    window, zones = closing("2026-03-11"), ["Pacific/Auckland", "America/Los_Angeles"]
    early = replace(window, days=every_day("06:00-22:00").days)
    assert next_open(early, zones, utc("2026-03-10T17:00")) == utc("2026-03-12T17:00")


def test_both_are_open_when_each_is() -> None:
    shop = every_day("09:00-12:00", "13:00-18:00")
    assert both(DEFAULT, shop) == shop
    assert both(shop, every_day("11:00-14:00")) == every_day("11:00-12:00", "13:00-14:00")
    assert both(ALWAYS, shop) == both(shop, ALWAYS) == shop
    assert both(ALWAYS, ALWAYS) == ALWAYS
    assert not any(both(shop, every_day("12:00-13:00")).days)
    closed = both(closing("2026-03-10"), replace(closing("2026-03-11"), holidays=("US",)))
    assert closed == replace(closing("2026-03-10", "2026-03-11"), holidays=("US",))
    assert closed.has_closed_days
    assert not shop.has_closed_days


def test_seconds_and_other_offsets_change_nothing() -> None:
    local = datetime(2026, 3, 10, 22, 15, 7, 300, tzinfo=ZoneInfo(KOLKATA))
    assert next_open(DEFAULT, [KOLKATA], local) == utc("2026-03-11T02:30")
    assert open_until(DEFAULT, [NEW_YORK], local) == utc("2026-03-11T01:00")


@given(
    zones=st.lists(st.sampled_from(["America/New_York", "Europe/Paris", "Asia/Tokyo"]), max_size=2),
    minutes=st.integers(0, 525_600),
    days=st.lists(st.sampled_from([(), ("08:00", "21:00"), ("00:00", "12:30")]), min_size=7),
)
@settings(max_examples=60, deadline=None)
def test_spans_are_what_next_open_and_open_until_say(
    zones: list[str], minutes: int, days: list[tuple[str, ...]]
) -> None:
    window = Window(
        days=tuple(
            (Hours(start=time.fromisoformat(day[0]), end=time.fromisoformat(day[1])),)
            if day
            else ()
            for day in days[:7]
        )
    )
    now = utc("2026-01-01") + timedelta(minutes=minutes)
    end = now + timedelta(days=12)
    stepped: list[tuple[datetime, datetime]] = []
    moment: datetime | None = now
    while (moment := next_open(window, zones, moment)) is not None and moment < end:
        until = open_until(window, zones, moment)
        assert until is not None
        stepped.append((moment, until))
        moment = until
    found = [(a, b) for a, b in open_spans(window, zones, now, days=24) if a < end]
    assert found == stepped


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ([(time(0), MIDNIGHT_AFTER)], True),
        ([(time(12), MIDNIGHT_AFTER), (time(0), time(12))], True),
        ([(time(0), time(13)), (time(12), MIDNIGHT_AFTER)], True),
        ([(time(0), time(12)), (time(12, 1), MIDNIGHT_AFTER)], False),
        ([(time(0, 1), MIDNIGHT_AFTER)], False),
        ([(time(0), time(23, 59))], False),
        ([], False),
    ],
)
def test_all_hours_are_recognized_however_they_are_written(
    hours: list[tuple[time, time]], expected: bool
) -> None:
    day = tuple(Hours(start=start, end=end) for start, end in hours)
    assert never_closes(Window(days=(day,) * 7)) is expected
    assert not never_closes(Window(days=((),) + (day,) * 6))
    assert never_closes(ALWAYS)
