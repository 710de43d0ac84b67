"""Limits on what ended last: which sample trips which, and what is said of it."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campana.domain.breakers import (
    Breakers,
    Canary,
    Limit,
    Measure,
    Sample,
    complained,
    enough_attempts,
    is_down,
    tripped,
)
from campana.domain.disposition import Disposition

FAILURE = Limit(measure=Measure.FAILURE, share=0.5)
ANSWER = Limit(measure=Measure.ANSWER, share=0.2)
OPT_OUT = Limit(measure=Measure.OPT_OUT, share=0.1)
ABANDONED = Limit(measure=Measure.ABANDONED, share=0.3)


def sample(opted_out: int = 0, **outcomes: int) -> Sample:
    return Sample(
        outcomes={Disposition(name): n for name, n in outcomes.items()}, opted_out=opted_out
    )


def called(calls: int, answered: int) -> Sample:
    """So many calls, and so many of them answered, beside a hundred messages."""
    outcomes = {Disposition.DELIVERED: 100, Disposition.NO_ANSWER: calls}
    return Sample(outcomes=outcomes, calls=calls, answered=answered)


def handed_over(transfers: int, abandoned: int) -> Sample:
    """Of a hundred calls so many were to go to a person, and nobody took so many of those."""
    outcomes = {Disposition.TRANSFERRED: transfers - abandoned, Disposition.COMPLETED: 100}
    return Sample(outcomes=outcomes, transfers=transfers, abandoned=abandoned)


@pytest.mark.parametrize(
    ("limit", "of", "said"),
    [
        (FAILURE, sample(carrier_error=5, completed=5), None),
        (
            FAILURE,
            sample(carrier_error=3, congestion=2, blocked=1, completed=4),
            "failure rate of 60% (6 of 10 attempts) is above 50%",
        ),
        (FAILURE, sample(busy=9, no_answer=1), None),
        (FAILURE, sample(carrier_error=2, not_sent=50, cancelled=50), "failure rate of 100%"),
        (ANSWER, called(10, 2), None),
        (ANSWER, called(10, 1), "answer rate of 10% (1 of 10 calls) is below 20%"),
        (ANSWER, called(0, 0), None),
        (ANSWER, sample(not_sent=10), None),
        (OPT_OUT, sample(1, completed=10), None),
        (OPT_OUT, sample(2, completed=10), "opt-out rate of 20% (2 of 10 attempts) is above 10%"),
        (ABANDONED, handed_over(10, 3), None),
        (
            ABANDONED,
            handed_over(10, 4),
            "abandoned transfer rate of 40% (4 of 10 transfers) is above 30%",
        ),
        (ABANDONED, handed_over(9, 9), None),
        (ABANDONED, sample(completed=10), None),
        (
            Limit(measure=Measure.OPT_OUT, share=0.004),
            sample(1, completed=200),
            "opt-out rate of 0.5% (1 of 200 attempts) is above 0.4%",
        ),
        (
            Limit(measure=Measure.FAILURE, share=0.8),
            sample(carrier_error=81, completed=20),
            "failure rate of 80.2% (81 of 101 attempts) is above 80%",
        ),
    ],
)
def test_what_trips_and_what_is_said(limit: Limit, of: Sample, said: str | None) -> None:
    told = tripped([limit], of)
    assert told is None if said is None else told is not None and said in told


def test_the_first_limit_that_is_passed_is_told() -> None:
    bad = Sample(outcomes={Disposition.CARRIER_ERROR: 10}, opted_out=2, calls=10)
    told = tripped([ANSWER, FAILURE, OPT_OUT], bad)
    assert told is not None
    assert told.startswith("answer rate")


def test_by_default_only_a_carrier_that_fails_stops_a_campaign() -> None:
    assert [limit.measure for limit in Breakers().limits] == [Measure.FAILURE]


@pytest.mark.parametrize(("people", "first"), [(0, 1), (1, 1), (100, 1), (101, 2), (1000, 10)])
def test_a_canary_is_never_nobody(people: int, first: int) -> None:
    assert Canary(share=0.01, limits=()).size(people) == first


def test_a_canary_is_of_the_percent_that_was_written() -> None:
    for percent in (*range(1, 100), 0.1, 12.5):
        for people in (100, 1_000, 10_000, 1_000_000):
            stated = math.ceil(Fraction(str(percent)) * people / 100)
            assert Canary(share=percent / 100, limits=()).size(people) == stated


@pytest.mark.parametrize(
    ("newest", "down"),
    [
        ([Disposition.CARRIER_ERROR] * 3, True),
        (
            [
                Disposition.CONGESTION,
                Disposition.CARRIER_ERROR,
                Disposition.CONGESTION,
                Disposition.COMPLETED,
            ],
            True,
        ),
        ([Disposition.CARRIER_ERROR] * 2, False),
        (
            [
                Disposition.CARRIER_ERROR,
                Disposition.BUSY,
                Disposition.CARRIER_ERROR,
                Disposition.CARRIER_ERROR,
            ],
            False,
        ),
        (
            [
                Disposition.CARRIER_ERROR,
                Disposition.NOT_SENT,
                Disposition.CARRIER_ERROR,
                Disposition.CARRIER_ERROR,
            ],
            True,
        ),
        ([Disposition.BLOCKED] * 5, False),
        ([], False),
    ],
)
def test_a_carrier_is_down_when_the_newest_all_failed(
    newest: list[Disposition], down: bool
) -> None:
    assert is_down(newest, after=3) is down


@pytest.mark.parametrize(
    ("complaints", "attempts", "is_over"),
    [(0, 0, False), (3, 10, False), (4, 10, True), (30, 10_000, False), (31, 10_000, True)],
)
def test_complaints_are_judged_as_of_a_thousand_at_least(
    complaints: int, attempts: int, is_over: bool
) -> None:
    reason = complained(0.003, complaints=complaints, attempts=attempts)
    assert (reason is not None) is is_over
    assert reason is None or "0.3%" in reason


@given(
    share=st.floats(min_value=1e-5, max_value=1),
    complaints=st.integers(min_value=0, max_value=5_000),
    attempts=st.integers(min_value=0, max_value=2_000_000),
)
def test_as_many_attempts_are_counted_as_the_verdict_on_complaints_takes(
    share: float, complaints: int, attempts: int
) -> None:
    counted = min(attempts, enough_attempts(share, complaints=complaints))
    found = complained(share, complaints=complaints, attempts=counted)
    assert found == complained(share, complaints=complaints, attempts=attempts)


def test_a_complaint_where_none_may_be_is_told_with_all_attempts() -> None:
    counted = min(20_000, enough_attempts(0.0, complaints=1))
    told = complained(0.0, complaints=1, attempts=counted)
    assert told == "1 complaint of 20000 attempts in a day: above 0%"
