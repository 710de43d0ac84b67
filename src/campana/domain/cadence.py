"""When to try again, and when not to. One table row an outcome.

`attempts` counts the tries that ended with that outcome, this one included; tries that never
touched the network do not count. A target also ends when its tries reach `max_attempts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from campana.domain.disposition import FINALITY, Disposition, Finality


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Try up to `attempts` times, each `delay` after the one before ended."""

    attempts: int
    delay: timedelta


# Busy clears in minutes, nobody home in hours; a congested or failing carrier deserves a pause of
# minutes.
DEFAULT_RULES: Mapping[Disposition, Rule] = {
    Disposition.BUSY: Rule(attempts=3, delay=timedelta(minutes=15)),
    Disposition.NO_ANSWER: Rule(attempts=3, delay=timedelta(hours=4)),
    Disposition.CONGESTION: Rule(attempts=3, delay=timedelta(minutes=5)),
    Disposition.CARRIER_ERROR: Rule(attempts=2, delay=timedelta(minutes=10)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """The rules of one campaign: those it states, over the defaults."""

    max_attempts: int = 5
    rules: Mapping[Disposition, Rule] = field(default_factory=lambda: DEFAULT_RULES)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAt:
    """Due again at `when`."""

    when: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The target is done."""

    disposition: Disposition


def decide(
    cadence: Cadence,
    *,
    disposition: Disposition,
    tries: Mapping[Disposition, int],
    now: datetime,
) -> RetryAt | Finish:
    """What follows an attempt that ended with `disposition`.

    Args:
        tries: how many attempts of this target ended with each outcome, this one included.
        now: when it ended.
    """
    if disposition is Disposition.NOT_SENT:
        return RetryAt(when=now)
    if FINALITY[disposition] is not Finality.RETRY:
        return Finish(disposition=disposition)
    made = sum(n for outcome, n in tries.items() if outcome is not Disposition.NOT_SENT)
    rule = cadence.rules.get(disposition)
    if rule is None or made >= cadence.max_attempts or tries.get(disposition, 0) >= rule.attempts:
        return Finish(disposition=disposition)
    return RetryAt(when=now + rule.delay)


def is_last(disposition: Disposition) -> bool:
    """Does nothing follow an attempt that ended so, whatever the campaign and the tries before?"""
    return FINALITY[disposition] is Finality.REACHED
