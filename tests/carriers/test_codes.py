"""Reading a code: what it means for the person, and what for the whole channel."""

from __future__ import annotations

from datetime import timedelta

from campana.carriers.codes import Meaning, reason
from campana.domain.disposition import Disposition

CROWDED = Meaning(Disposition.CONGESTION, "too much", rests=True, rest=timedelta(seconds=60))
OF_THE_PERSON = Meaning(Disposition.BLOCKED, "blocked")


def test_a_channel_rests_as_long_as_the_provider_says_or_else_the_table() -> None:
    assert CROWDED.error(1).retry_after == timedelta(seconds=60)
    asked = CROWDED.error(1, retry_after=timedelta(seconds=5))
    assert (asked.retryable, asked.retry_after) == (True, timedelta(seconds=5))


def test_what_is_about_one_person_lets_the_channel_go_on() -> None:
    error = OF_THE_PERSON.error(7, "no", retry_after=timedelta(seconds=5))
    assert (error.disposition, error.retryable, error.retry_after) == (
        Disposition.BLOCKED,
        False,
        None,
    )
    assert error.detail == "7: blocked (no)"


def test_a_reason_is_one_short_line_whatever_the_provider_writes() -> None:
    assert reason(7, "") == "7"
    assert reason(7, "blocked", "a\r\nb\t c") == "7: blocked (a b c)"
    assert len(reason(7, "x" * 300, "y" * 300)) == 200
