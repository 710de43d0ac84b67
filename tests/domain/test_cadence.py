"""When to try again: one row a disposition, and the limits over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from campana.domain.cadence import DEFAULT_RULES, Cadence, Finish, RetryAt, Rule, decide
from campana.domain.disposition import FINALITY, Disposition, Finality

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
D = Disposition

# After the first attempt, under the default cadence: minutes until the next, or None for the end.
AFTER_THE_FIRST: Mapping[Disposition, int | None] = {
    D.COMPLETED: None,
    D.HUNG_UP: None,
    D.BUSY: 15,
    D.NO_ANSWER: 240,
    D.DECLINED: None,
    D.INVALID_NUMBER: None,
    D.BLOCKED: None,
    D.CONGESTION: 5,
    D.CARRIER_ERROR: 10,
    D.CANCELLED: None,
    D.NOT_SENT: 0,
    D.UNKNOWN: None,
    D.SUPPRESSED: None,
    D.NO_CONSENT: None,
    D.DUPLICATE: None,
    D.ZONE_UNKNOWN: None,
    D.COUNTRY_NOT_ALLOWED: None,
    D.NO_ADDRESS: None,
    D.EXPIRED: None,
}


def decided(
    disposition: Disposition, tries: Mapping[Disposition, int], cadence: Cadence | None = None
) -> RetryAt | Finish:
    return decide(cadence or Cadence(), disposition=disposition, tries=tries, now=NOW)


def test_every_disposition_has_a_row_and_a_finality() -> None:
    assert set(AFTER_THE_FIRST) == set(D) == set(FINALITY)


@pytest.mark.parametrize("disposition", D)
def test_what_follows_the_first_attempt(disposition: Disposition) -> None:
    minutes = AFTER_THE_FIRST[disposition]
    expected = (
        Finish(disposition=disposition)
        if minutes is None
        else RetryAt(when=NOW + timedelta(minutes=minutes))
    )
    assert decided(disposition, {disposition: 1}) == expected


@pytest.mark.parametrize("disposition", DEFAULT_RULES)
def test_an_outcome_is_retried_as_often_as_its_rule_says(disposition: Disposition) -> None:
    rule = DEFAULT_RULES[disposition]
    made = [decided(disposition, {disposition: n}) for n in range(1, rule.attempts + 1)]
    assert made[:-1] == [RetryAt(when=NOW + rule.delay)] * (rule.attempts - 1)
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
