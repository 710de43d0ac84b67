"""The first attempts of a run, one by one."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from campana.domain.first_turns import first_turns
from campana.domain.forecast import Pace, forecast
from campana.domain.quota import Quota
from campana.domain.window import ALWAYS, Hours, Window, is_open

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
NEW_YORK, LOS_ANGELES = ("America/New_York",), ("America/Los_Angeles",)
MORNINGS = Window(days=((Hours(start=time(9), end=time(12)),),) * 7)


def test_who_is_open_first_goes_first_and_then_they_take_turns() -> None:
    turns = first_turns(
        {NEW_YORK: 3, LOS_ANGELES: 2}, window=MORNINGS, pace=Pace(rate=1 / 3600), start=NOON, most=9
    )
    assert [(each.at.hour, each.zones, each.place) for each in turns] == [
        (13, NEW_YORK, 0),
        (14, NEW_YORK, 1),
        (15, NEW_YORK, 2),
        (16, LOS_ANGELES, 0),
        (17, LOS_ANGELES, 1),
    ]


def test_a_quota_that_is_used_up_waits_for_the_next_day() -> None:
    turns = first_turns(
        {NEW_YORK: 3}, window=ALWAYS, pace=Pace(rate=1, quotas=[Quota(most=2)]), start=NOON, most=9
    )
    assert [each.at for each in turns] == [
        NOON,
        NOON + timedelta(seconds=1),
        datetime(2026, 3, 11, tzinfo=UTC),
    ]


def test_nobody_is_told_after_the_end_nor_beyond_the_places_for_new_people() -> None:
    end = NOON + timedelta(seconds=2)
    full = Pace(rate=1, people=3, taken=[(NOON - timedelta(hours=1), 2)])
    for pace, ends, told in ((Pace(rate=1), end, 2), (full, None, 1)):
        turns = first_turns({NEW_YORK: 9}, window=ALWAYS, pace=pace, start=NOON, end=ends, most=9)
        assert len(turns) == told


def test_the_others_wait_for_those_who_go_first() -> None:
    pace = Pace(rate=1, first=2, first_wait=timedelta(hours=1))
    turns = first_turns({NEW_YORK: 3}, window=ALWAYS, pace=pace, start=NOON, most=9)
    assert [each.at - NOON for each in turns] == [
        timedelta(0),
        timedelta(seconds=1),
        timedelta(hours=1, seconds=1),
    ]


@given(
    people=st.dictionaries(st.sampled_from([NEW_YORK, LOS_ANGELES]), st.integers(1, 30)),
    rate=st.floats(0.001, 5),
    hour=st.integers(0, 23),
    daily=st.none() | st.integers(1, 9),
    spent=st.integers(0, 12),
    first=st.none() | st.integers(1, 9),
)
def test_it_agrees_with_the_forecast(
    people: dict[tuple[str, ...], int],
    rate: float,
    hour: int,
    daily: int | None,
    spent: int,
    first: int | None,
) -> None:
    start = NOON.replace(hour=hour)
    quotas = [] if daily is None else [Quota(most=daily, left=daily - spent, on=NOON.date())]
    pace = Pace(rate=rate, quotas=quotas, first=first, first_wait=timedelta(hours=2))
    turns = first_turns(people, window=MORNINGS, pace=pace, start=start, most=20)
    told = forecast(people, window=MORNINGS, pace=pace, start=start)
    assert len(turns) == min(20, sum(people.values()))
    assert all(is_open(MORNINGS, each.zones, each.at) for each in turns)
    assert [each.at for each in turns[:1]] == ([told.first_at] if people else [])
    assert all((after.at - one.at).total_seconds() >= 0.99 / rate for one, after in pairwise(turns))
