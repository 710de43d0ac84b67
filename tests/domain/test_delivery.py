"""When a message is tried again, and when a receiver is left alone."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from campana.domain.delivery import (
    DOWN_AFTER,
    GIVE_UP_AFTER,
    LONG_OUTAGE,
    RETRY_DELAYS,
    SWITCH_OFF_AFTER,
    Health,
    after,
    retry_delay,
)
from tests.support.database import NOW


def test_a_message_is_tried_soon_then_rarely_over_three_days() -> None:
    assert retry_delay(1) == timedelta(seconds=5)
    assert [retry_delay(n) for n in range(1, 7)] == list(RETRY_DELAYS)
    assert retry_delay(70) == RETRY_DELAYS[-1]
    tries, waited = 0, timedelta(0)
    while waited < GIVE_UP_AFTER:
        tries += 1
        waited += retry_delay(tries)
    assert 60 < tries < 90


def test_a_receiver_is_down_after_a_row_of_failures_and_asked_less_and_less() -> None:
    health = after(Health(), [False] * (DOWN_AFTER - 1), now=NOW)
    assert not health.is_down
    assert health.retry_at is None
    assert health.failing_since == NOW
    holds: list[float] = []
    for _ in range(9):
        health = after(health, [False], now=NOW + timedelta(hours=1))
        assert health.is_down
        assert health.retry_at is not None
        holds.append((health.retry_at - NOW - timedelta(hours=1)).total_seconds())
    assert holds == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert health.failing_since == NOW


def test_one_message_taken_makes_it_well() -> None:
    down = after(Health(), [False] * 1000, now=NOW)
    assert after(down, [True], now=NOW) == Health()
    assert after(down, [True, False], now=NOW).failures == 1


def test_a_poor_receiver_is_not_held_up_between_its_failures() -> None:
    outcomes = [n % 3 == 0 for n in range(300)]
    assert after(Health(), outcomes, now=NOW).retry_at is None


def test_only_a_long_outage_pulls_forward_what_waits() -> None:
    down = after(Health(), [False] * DOWN_AFTER, now=NOW)
    assert not down.was_out(NOW + LONG_OUTAGE - timedelta(seconds=1))
    assert down.was_out(NOW + LONG_OUTAGE)
    poor = after(Health(), [False] * (DOWN_AFTER - 1), now=NOW)
    assert not poor.was_out(NOW + LONG_OUTAGE)
    assert not Health().was_out(NOW)


def test_it_is_hopeless_after_five_days_without_a_success() -> None:
    health = after(Health(), [False], now=NOW)
    assert not health.is_hopeless(NOW + SWITCH_OFF_AFTER - timedelta(seconds=1))
    assert health.is_hopeless(NOW + SWITCH_OFF_AFTER)
    assert not Health().is_hopeless(NOW + 100 * SWITCH_OFF_AFTER)


@given(st.lists(st.booleans()), st.integers(0, 10_000))
def test_it_does_not_matter_how_outcomes_are_grouped(outcomes: list[bool], failures: int) -> None:
    start = after(Health(), [False] * failures, now=NOW)
    one_by_one = start
    for outcome in outcomes:
        one_by_one = after(one_by_one, [outcome], now=NOW)
    assert after(start, outcomes, now=NOW) == one_by_one
