"""Which number a call is placed from."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from campana.domain.caller_id import CallerIds

FIRST, SECOND, THIRD = "+12025550100", "+12025550101", "+12025550102"
ALL = CallerIds(numbers=(FIRST, SECOND, THIRD), calls_a_day=2)


def test_each_in_turn() -> None:
    assert ALL.next({}) == FIRST
    assert ALL.next({FIRST: 1}) == SECOND
    assert ALL.next({FIRST: 1, SECOND: 1}) == THIRD
    assert ALL.next({FIRST: 1, SECOND: 1, THIRD: 1}) == FIRST


def test_none_when_each_has_had_its_calls() -> None:
    assert ALL.next({FIRST: 2, SECOND: 2, THIRD: 1}) == THIRD
    assert ALL.next({FIRST: 2, SECOND: 5, THIRD: 2}) is None


def test_a_campaign_may_choose_one_and_its_limit_stays() -> None:
    chosen = ALL.only(SECOND)
    assert chosen.next({FIRST: 0, SECOND: 1}) == SECOND
    assert chosen.next({FIRST: 0, SECOND: 2}) is None
    assert chosen.most_calls_a_day == 2
    assert ALL.only(None).most_calls_a_day == 6


def test_one_without_a_limit_is_not_counted() -> None:
    assert not CallerIds(numbers=(FIRST,)).are_counted
    assert CallerIds(numbers=(FIRST, SECOND)).are_counted
    assert CallerIds(numbers=(FIRST,), calls_a_day=9).are_counted
    assert CallerIds(numbers=(FIRST,)).most_calls_a_day is None


@given(
    count=st.integers(1, 6),
    most=st.integers(1, 5),
    before=st.dictionaries(st.integers(0, 5), st.integers(0, 9), max_size=6),
)
def test_all_are_used_evenly_and_none_too_often(
    count: int, most: int, before: dict[int, int]
) -> None:
    numbers = tuple(f"+1202555010{n}" for n in range(count))
    used = Counter({numbers[n]: calls for n, calls in before.items() if n < count})
    start = dict(used)
    pool = CallerIds(numbers=numbers, calls_a_day=most)
    placed = 0
    while (number := pool.next(used)) is not None:
        assert used[number] == min(used[each] for each in numbers)
        used[number] += 1
        placed += 1
    assert placed == sum(max(0, most - start.get(each, 0)) for each in numbers)
    assert all(used[each] == max(most, start.get(each, 0)) for each in numbers)
