"""When to try again: one row a disposition, and the limits over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campana.domain.cadence import (
    DEFAULT_RULES,
    FIRST,
    ORDINARY,
    Cadence,
    Decision,
    Finish,
    History,
    Hours,
    NextAddress,
    RetryAt,
    Rule,
    decide,
)
from campana.domain.disposition import FINALITY, RESULTS, Disposition, Finality
from campana.domain.window import DEFAULT as DEFAULT_WINDOW

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
D = Disposition

# After the first attempt, under the default cadence: minutes until the next, or None for the end.
AFTER_THE_FIRST: Mapping[Disposition, int | None] = {
    D.COMPLETED: None,
    D.TRANSFERRED: None,
    D.HUNG_UP: None,
    D.DELIVERED: None,
    D.UNDELIVERED: None,
    D.BUSY: 15,
    D.NO_ANSWER: 240,
    D.VOICEMAIL: None,
    D.CALLBACK_REQUEST: 60,
    D.OPT_OUT: None,
    D.UNDELIVERED: None,
    D.DECLINED: None,
    D.INVALID_NUMBER: None,
    D.BLOCKED: None,
    D.CONGESTION: 5,
    D.CARRIER_ERROR: 10,
    D.HELD_BACK: 24 * 60,
    D.WINDOW_CLOSED: None,
    D.HELD_OUT: None,
    D.CANCELLED: None,
    D.NOT_SENT: 0,
    D.UNKNOWN: None,
    D.SUPPRESSED: None,
    D.NO_CONSENT: None,
    D.DUPLICATE: None,
    D.ZONE_UNKNOWN: None,
    D.NUMBER_REFUSED: None,
    D.COUNTRY_NOT_ALLOWED: None,
    D.NO_ADDRESS: None,
    D.PRICE_UNKNOWN: None,
    D.EXPIRED: None,
}


HOURS = Hours(window=DEFAULT_WINDOW, zones=["America/New_York"])


def decided(
    disposition: Disposition,
    tries: Mapping[Disposition, int],
    cadence: Cadence | None = None,
    **changes: Any,
) -> Decision:
    """What follows at 11:00 in New York, when all tries were made to one address."""
    made = sum(n for outcome, n in tries.items() if outcome is not D.NOT_SENT)
    history = History(
        tries=tries, made=changes.pop("made", made), last=changes.pop("last", disposition)
    )
    told: dict[str, Any] = {"history": history, "hours": HOURS, "now": NOW, **changes}
    return decide(cadence or Cadence(), disposition=disposition, **told)


def with_rule(outcome: Disposition, **rule: Any) -> Cadence:
    """Up to three tries, an hour between them."""
    stated: dict[str, Any] = {"attempts": 3, "delay": timedelta(hours=1), **rule}
    return Cadence(rules={outcome: Rule(**stated)})


def priority_of(disposition: Disposition) -> int:
    return FIRST if disposition is D.CALLBACK_REQUEST else ORDINARY


def test_every_disposition_has_a_row_and_a_finality() -> None:
    assert set(AFTER_THE_FIRST) == set(D) == set(FINALITY)


@pytest.mark.parametrize("disposition", D)
def test_what_follows_the_first_attempt(disposition: Disposition) -> None:
    minutes = AFTER_THE_FIRST[disposition]
    expected = (
        Finish(disposition=disposition)
        if minutes is None
        else RetryAt(when=NOW + timedelta(minutes=minutes), priority=priority_of(disposition))
    )
    assert decided(disposition, {disposition: 1}) == expected


@pytest.mark.parametrize("disposition", DEFAULT_RULES)
def test_an_outcome_is_retried_as_often_as_its_rule_says(disposition: Disposition) -> None:
    rule = DEFAULT_RULES[disposition]
    made = [decided(disposition, {disposition: n}) for n in range(1, rule.attempts + 1)]
    again = [
        RetryAt(when=NOW + rule.delay_after(n), priority=priority_of(disposition))
        for n in range(1, rule.attempts)
    ]
    assert made[:-1] == again
    assert made[-1] == Finish(disposition=disposition)


def test_only_what_may_be_retried_has_a_rule() -> None:
    assert all(FINALITY[outcome] is Finality.RETRY for outcome in DEFAULT_RULES)


def test_all_outcomes_together_stay_under_the_most_attempts() -> None:
    four = {D.BUSY: 2, D.NO_ANSWER: 2}
    assert isinstance(decided(D.BUSY, four), RetryAt)
    assert decided(D.BUSY, four | {D.CONGESTION: 1}) == Finish(disposition=D.BUSY)
    assert decided(D.BUSY, {D.BUSY: 1}, Cadence(max_attempts=1)) == Finish(disposition=D.BUSY)


def test_what_was_never_sent_is_due_at_once_and_counts_for_nothing() -> None:
    assert decided(D.NOT_SENT, {D.NOT_SENT: 100}) == RetryAt(when=NOW)
    assert isinstance(decided(D.BUSY, {D.BUSY: 2, D.NOT_SENT: 100}), RetryAt)


def test_an_outcome_a_campaign_has_no_rule_for_ends_the_target() -> None:
    cadence = Cadence(rules={D.BUSY: Rule(attempts=2, delay=timedelta(seconds=5))})
    assert decided(D.NO_ANSWER, {D.NO_ANSWER: 1}, cadence) == Finish(disposition=D.NO_ANSWER)
    assert decided(D.BUSY, {D.BUSY: 1}, cadence) == RetryAt(when=NOW + timedelta(seconds=5))


def test_the_retry_is_counted_from_the_end_of_the_attempt() -> None:
    assert decided(D.CONGESTION, {D.CONGESTION: 1}) == RetryAt(when=NOW + timedelta(minutes=5))


def test_later_delays_follow_the_first_and_the_last_of_them_repeats() -> None:
    hours = [timedelta(hours=n) for n in (1, 2, 5)]
    cadence = with_rule(D.BUSY, attempts=9, delay=hours[0], later_delays=tuple(hours[1:]))
    made = [decided(D.BUSY, {D.BUSY: n}, cadence) for n in range(1, 5)]
    assert made == [RetryAt(when=NOW + delay) for delay in (*hours, hours[-1])]


@pytest.mark.parametrize("outcome", [D.DECLINED, D.OPT_OUT, D.COMPLETED, D.UNKNOWN])
def test_no_rule_brings_back_who_refused_or_was_reached(outcome: Disposition) -> None:
    assert decided(outcome, {outcome: 1}, with_rule(outcome)) == Finish(disposition=outcome)


def test_used_up_tries_go_on_with_the_next_address_when_the_rule_says_so() -> None:
    cadence = with_rule(D.NO_ANSWER, attempts=2, then_next_address=True)
    assert isinstance(decided(D.NO_ANSWER, {D.NO_ANSWER: 1}, cadence), RetryAt)
    gone_on = NextAddress(disposition=D.NO_ANSWER)
    assert decided(D.NO_ANSWER, {D.NO_ANSWER: 2}, cadence) == gone_on
    # On the next address its own tries count, and all together only for the most of all.
    assert isinstance(decided(D.NO_ANSWER, {D.NO_ANSWER: 1}, cadence, made=3), RetryAt)
    assert decided(D.NO_ANSWER, {D.NO_ANSWER: 2}, cadence, made=4) == gone_on
    assert decided(D.NO_ANSWER, {D.NO_ANSWER: 2}, cadence, made=5) == Finish(
        disposition=D.NO_ANSWER
    )


def test_a_wrong_number_ends_the_address_and_the_person_only_if_nothing_else_is_said() -> None:
    cadence = Cadence(next_address_after=frozenset({D.INVALID_NUMBER}))
    assert decided(D.INVALID_NUMBER, {D.INVALID_NUMBER: 1}, cadence) == NextAddress(
        disposition=D.INVALID_NUMBER
    )
    assert decided(D.INVALID_NUMBER, {}, cadence, made=5) == Finish(disposition=D.INVALID_NUMBER)
    assert decided(D.BLOCKED, {D.BLOCKED: 1}, cadence) == Finish(disposition=D.BLOCKED)


def test_another_part_of_the_day_is_waited_for() -> None:
    """It is morning in New York; noon there is 16:00 UTC."""
    cadence = with_rule(D.NO_ANSWER, in_other_part=True)
    noon = datetime(2026, 3, 10, 16, tzinfo=UTC)
    soon = with_rule(D.NO_ANSWER, in_other_part=True, delay=timedelta(minutes=5))
    assert decided(D.NO_ANSWER, {D.NO_ANSWER: 1}, soon) == RetryAt(when=noon)
    assert decided(D.NO_ANSWER, {D.NO_ANSWER: 1}, cadence) == RetryAt(when=noon)
    in_time = with_rule(D.NO_ANSWER, in_other_part=True, delay=timedelta(hours=3))
    assert decided(D.NO_ANSWER, {D.NO_ANSWER: 1}, in_time) == RetryAt(when=NOW + timedelta(hours=3))


def test_a_callback_comes_first_and_when_it_was_asked_for() -> None:
    asked = NOW + timedelta(minutes=7)
    assert decided(D.CALLBACK_REQUEST, {D.CALLBACK_REQUEST: 1}, callback_at=asked) == RetryAt(
        when=asked, priority=FIRST
    )
    # Also when its tries are used up otherwise, and at once when the time has passed.
    late = decided(D.CALLBACK_REQUEST, {D.CALLBACK_REQUEST: 1}, callback_at=asked, made=20)
    assert late == RetryAt(when=asked, priority=FIRST)
    passed = decided(
        D.CALLBACK_REQUEST, {D.CALLBACK_REQUEST: 1}, callback_at=NOW - timedelta(hours=1)
    )
    assert passed == RetryAt(when=NOW, priority=FIRST)
    assert FIRST < ORDINARY


def test_who_asks_again_and_again_is_not_called_for_ever() -> None:
    asked = NOW + timedelta(minutes=7)
    assert decided(D.CALLBACK_REQUEST, {D.CALLBACK_REQUEST: 3}, callback_at=asked) == Finish(
        disposition=D.CALLBACK_REQUEST
    )


def test_a_callback_that_was_not_sent_stays_a_callback() -> None:
    again = decided(D.NOT_SENT, {D.CALLBACK_REQUEST: 1, D.NOT_SENT: 1}, last=D.CALLBACK_REQUEST)
    assert again == RetryAt(when=NOW, priority=FIRST)


def test_results_that_decide_are_outcomes_of_their_own_name() -> None:
    assert all(str(outcome) == result for result, outcome in RESULTS.items())


@pytest.mark.parametrize("outcome", D)
def test_a_no_that_was_told_late_ends_what_would_go_on(outcome: Disposition) -> None:
    """Of a call of which nobody knew, after somebody had them tried again."""
    history = History(tries={outcome: 1, D.DECLINED: 1}, made=2)
    found = decide(
        Cadence(next_address_after=frozenset({D.INVALID_NUMBER})),
        disposition=outcome,
        history=history,
        hours=HOURS,
        now=NOW,
    )
    goes_on = FINALITY[outcome] in {Finality.RETRY, Finality.ADDRESS_DONE}
    assert found == Finish(disposition=D.DECLINED if goes_on else outcome)
