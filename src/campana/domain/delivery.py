"""When a message is tried again, and when a receiver is left alone.

Two clocks, because two things go wrong. A message that is refused while others are taken has a
schedule of its own. A receiver that takes nothing is asked now and then by one message, so that an
outage of a day is hundreds of requests and not millions; when it answers again, the others follow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

RETRY_DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
)
"""After the first try that failed, the second, …; the last one repeats."""

GIVE_UP_AFTER = timedelta(days=3)
"""How old an event may become, counted from its replay if there was one."""

SWITCH_OFF_AFTER = timedelta(days=5)
"""How long nothing may be taken before a webhook is switched off."""

DOWN_AFTER = 5
"""Failures in a row, of any messages, that make a receiver count as down."""

PARALLEL = 8
"""Messages under way to one webhook at once; one when it is down or slow."""

SLOW = timedelta(seconds=2)

LONG_OUTAGE = timedelta(minutes=10)
"""After one, what waits is sent at once, whatever its own schedule says. After a short one it is
not: a few messages that are always refused look like short outages, again and again."""

_LONGEST_HOLD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a receiver is doing."""

    failing_since: datetime | None = None
    """When the first failure after the last success was."""
    failures: int = 0
    """Failures since the last success."""
    retry_at: datetime | None = None
    """Nothing is sent before; None when it is not down."""

    @property
    def is_down(self) -> bool:
        return self.failures >= DOWN_AFTER

    def was_out(self, now: datetime) -> bool:
        """Had it been down for long, now that it has taken something?"""
        since = self.failing_since
        return self.is_down and since is not None and now - since >= LONG_OUTAGE

    def is_hopeless(self, now: datetime) -> bool:
        """Has nothing been taken for so long that trying on is of no use?"""
        return self.failing_since is not None and now - self.failing_since >= SWITCH_OFF_AFTER


def retry_delay(tries: int) -> timedelta:
    """How long a message waits after so many tries have failed (at least one)."""
    return RETRY_DELAYS[min(tries, len(RETRY_DELAYS)) - 1]


def after(health: Health, outcomes: Iterable[bool], *, now: datetime) -> Health:
    """The health after these outcomes, in the order they came: True is a message taken."""
    for is_delivered in outcomes:
        if is_delivered:
            health = Health()
        else:
            health = replace(
                health,
                failures=health.failures + 1,
                failing_since=health.failing_since or now,
            )
    if not health.is_down:
        return replace(health, retry_at=None)
    # The exponent is bounded before the power: failures may count into the thousands.
    doublings = min(health.failures - DOWN_AFTER, 10)
    hold = min(timedelta(seconds=5) * 2**doublings, _LONGEST_HOLD)
    return replace(health, retry_at=now + hold)
