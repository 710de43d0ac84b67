"""When everybody will have been contacted: arithmetic against cases one can do by hand."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campana.domain.forecast import LONGEST, Forecast, Pace, forecast
from campana.domain.quota import Quota
from campana.domain.window import ALWAYS, DEFAULT, Hours, Window, is_open

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
"""Tuesday, 11:00 in New York and 08:00 in Los Angeles."""
HUNDRED = Quota(most=100)
NEW_YORK, LOS_ANGELES, TOKYO = ("America/New_York",), ("America/Los_Angeles",), ("Asia/Tokyo",)


def total(run: Forecast) -> int:
    return sum(each.attempts for each in run.planned)


def test_nobody_is_contacted_never() -> None:
    run = forecast({}, window=ALWAYS, pace=Pace(rate=1), start=NOW)
    assert (run.planned, run.first_at, run.last_at, run.not_reached) == ([], None, None, 0)


def test_at_a_steady_pace_it_takes_people_over_rate() -> None:
    run = forecast({NEW_YORK: 9000}, window=DEFAULT, pace=Pace(rate=1), start=NOW)
    assert (run.first_at, run.last_at) == (NOW, NOW + timedelta(seconds=9000))
    assert [(each.hour.hour, each.attempts) for each in run.planned] == [
        (15, 3600),
        (16, 3600),
        (17, 1800),
    ]


def test_those_who_are_open_share_the_pace_and_those_who_open_join_in() -> None:
    run = forecast(
        {NEW_YORK: 5400, LOS_ANGELES: 3600},
        window=DEFAULT,
        pace=Pace(rate=1),
        start=NOW - timedelta(hours=1),
    )
    by_hour = {(each.hour.hour, each.zones): each.attempts for each in run.planned}
    assert by_hour == {
        (14, NEW_YORK): 3600,
        (15, NEW_YORK): 1800,
        (15, LOS_ANGELES): 1800,
        (16, LOS_ANGELES): 1800,
    }


def test_what_is_not_done_when_the_window_closes_goes_on_when_it_opens() -> None:
    """Ten hours are left of the day in New York (until 01:00 UTC); the rest waits for 12:00."""
    run = forecast({NEW_YORK: 36_000 + 60}, window=DEFAULT, pace=Pace(rate=1), start=NOW)
    assert run.last_at == datetime(2026, 3, 11, 12, 1, tzinfo=UTC)
    assert {each.hour.hour for each in run.planned} == {*range(15, 24), 0, 12}


def test_a_quota_ends_the_day_in_utc() -> None:
    run = forecast({NEW_YORK: 150}, window=ALWAYS, pace=Pace(rate=10, quotas=[HUNDRED]), start=NOW)
    assert run.first_at == NOW
    assert run.last_at == datetime(2026, 3, 11, 0, 0, 5, tzinfo=UTC)
    assert [each.attempts for each in run.planned] == [100, 50]


def test_what_is_used_up_of_a_day_is_gone_on_that_day_alone() -> None:
    pace = Pace(rate=10, quotas=[Quota(most=100, left=30, on=NOW.date())])
    run = forecast({NEW_YORK: 150}, window=ALWAYS, pace=pace, start=NOW)
    assert [each.attempts for each in run.planned] == [30, 100, 20]
    later = forecast({NEW_YORK: 150}, window=ALWAYS, pace=pace, start=NOW + timedelta(days=1))
    assert [each.attempts for each in later.planned] == [100, 50]


def test_of_several_quotas_each_begins_anew_when_its_own_day_does() -> None:
    """15:00 UTC: the day of UTC has nine hours left, that of New York thirteen."""
    here = Quota(most=40, left=10, on=NOW.date(), zone=ZoneInfo("America/New_York"))
    pace = Pace(rate=10, quotas=[Quota(most=30), here])
    run = forecast({NEW_YORK: 100}, window=ALWAYS, pace=pace, start=NOW)
    at = datetime(2026, 3, 11, tzinfo=UTC)
    assert [(each.hour, each.attempts) for each in run.planned] == [
        (NOW, 10),
        (at + timedelta(hours=4), 30),
        (at + timedelta(hours=24), 10),
        (at + timedelta(hours=28), 20),
        (at + timedelta(hours=48), 20),
        (at + timedelta(hours=52), 10),
    ]


def test_what_there_is_once_and_never_again_leaves_the_others() -> None:
    pace = Pace(rate=10, quotas=[HUNDRED, Quota(most=130, zone=None)])
    run = forecast({NEW_YORK: 150}, window=ALWAYS, pace=pace, start=NOW)
    assert [each.attempts for each in run.planned] == [100, 30]
    assert run.not_reached == 20


def test_who_goes_first_is_waited_for_into_the_hours_that_are_closed() -> None:
    """New York closes at 01:00 UTC: half an hour after it the verdict is there, and waits for the
    morning; the first of Los Angeles, where it is evening, come right after it."""
    start = NOW.replace(hour=23)
    wait = timedelta(hours=2, minutes=30)
    pace = Pace(rate=1, first=10, first_wait=wait)
    run = forecast({NEW_YORK: 100, LOS_ANGELES: 20}, window=DEFAULT, pace=pace, start=start)
    verdict = start + timedelta(seconds=10) + wait
    assert [(each.hour, each.zones, each.attempts) for each in run.planned] == [
        (start, LOS_ANGELES, 5),
        (start, NEW_YORK, 5),
        (verdict.replace(minute=0, second=0), LOS_ANGELES, 15),
        (datetime(2026, 3, 11, 12, tzinfo=UTC), NEW_YORK, 95),
    ]


def test_a_ramp_up_makes_it_later_by_nearly_half_of_it() -> None:
    ramp_up = timedelta(minutes=30)
    pace = Pace(rate=1, ramp_up=ramp_up, full=1)
    run = forecast({NEW_YORK: 3600}, window=ALWAYS, pace=pace, start=NOW)
    # A twentieth at first: the mean of the ramp is a little more than a half.
    lost = ramp_up.total_seconds() * (0.5 - 0.05**2 / 2)
    assert run.last_at is not None
    assert abs((run.last_at - NOW).total_seconds() - 3600 - lost) < 2
    # What other limits keep lower all the while is not slowed down below them.
    held = Pace(rate=0.05, ramp_up=ramp_up, full=1)
    same = forecast({NEW_YORK: 60}, window=ALWAYS, pace=held, start=NOW)
    assert same.last_at == NOW + timedelta(minutes=20)


def test_whoever_is_left_at_the_end_date_is_counted() -> None:
    end = NOW + timedelta(minutes=10)
    run = forecast({NEW_YORK: 1000}, window=DEFAULT, pace=Pace(rate=1), start=NOW, end=end)
    assert (run.last_at, run.not_reached, total(run)) == (end, 400, 600)


def test_whoever_never_opens_is_never_reached() -> None:
    window = Window(days=((),) * 7)
    run = forecast({NEW_YORK: 3}, window=window, pace=Pace(rate=1), start=NOW)
    assert (run.first_at, run.not_reached) == (None, 3)


def test_it_looks_no_further_than_a_quarter() -> None:
    run = forecast({NEW_YORK: 10**9}, window=ALWAYS, pace=Pace(rate=1), start=NOW)
    assert run.last_at == NOW + LONGEST
    assert run.not_reached == 10**9 - int(LONGEST.total_seconds())


crowds = st.dictionaries(
    st.sampled_from([NEW_YORK, LOS_ANGELES, TOKYO, (*NEW_YORK, *LOS_ANGELES)]),
    st.integers(0, 500),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(people=crowds, rate=st.floats(0.01, 50), hour=st.integers(0, 23), daily=st.integers(1, 900))
def test_everybody_is_planned_once_in_hours_that_are_open(
    people: dict[tuple[str, ...], int], rate: float, hour: int, daily: int
) -> None:
    window = Window(days=((Hours(start=time(8), end=time(21)),),) * 7)
    start = NOW.replace(hour=hour)
    run = forecast(
        people, window=window, pace=Pace(rate=rate, quotas=[Quota(most=daily)]), start=start
    )
    assert run.not_reached == 0 or daily < 20 or rate < 0.1
    if run.last_at is None or run.last_at < start + timedelta(days=7):
        for zones, count in people.items():
            assert sum(e.attempts for e in run.planned if e.zones == zones) == count
    for each in run.planned:
        assert is_open(window, each.zones, each.hour) or is_open(
            window, each.zones, each.hour + timedelta(minutes=59)
        )
        # Half a person more at either end, from rounding to whole ones.
        assert each.attempts <= rate * 3600 + 1


@pytest.mark.parametrize("rate", [0.001, 10_000.0])
def test_extreme_paces_end(rate: float) -> None:
    run = forecast({NEW_YORK: 5}, window=DEFAULT, pace=Pace(rate=rate), start=NOW)
    assert run.not_reached == 0


def test_whom_a_portfolio_has_no_room_for_waits_until_a_day_after_those_before() -> None:
    """250 at once, at ten a second; the next 250 as the places become free, a day later."""
    pace = Pace(rate=10, people=250)
    run = forecast({NEW_YORK: 600}, window=ALWAYS, pace=pace, start=NOW)
    assert [(each.hour, each.attempts) for each in run.planned] == [
        (NOW, 250),
        (NOW + timedelta(days=1), 250),
        (NOW + timedelta(days=2), 100),
    ]


def test_places_that_were_taken_before_become_free_when_their_day_is_over() -> None:
    taken = ((NOW - timedelta(hours=23), 200), (NOW - timedelta(hours=2), 40))
    pace = Pace(rate=10, people=250, taken=taken)
    run = forecast({NEW_YORK: 230}, window=ALWAYS, pace=pace, start=NOW)
    assert [(each.hour, each.attempts) for each in run.planned] == [
        (NOW, 10),
        (NOW + timedelta(hours=1), 200),
        (NOW + timedelta(hours=22), 20),
    ]
    full = Pace(rate=10, people=100, taken=taken)
    assert forecast({NEW_YORK: 1}, window=ALWAYS, pace=full, start=NOW).first_at == (
        NOW + timedelta(hours=1)
    )
