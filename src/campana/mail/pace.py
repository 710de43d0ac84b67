"""How many letters a minute a domain gets from this process. Seconds are monotonic.

Who is too early is told when to come back, each a step later than the one before: nobody sleeps
here, and they do not all come back at once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

_MOST_DOMAINS = 10_000


class Pace:
    """`per_minute` names domains; `others` is for each domain that is not named, None for any."""

    def __init__(
        self,
        per_minute: Mapping[str, float],
        *,
        others: float | None,
        monotonic: Callable[[], float],
    ) -> None:
        self._per_minute = {domain.lower(): rate for domain, rate in per_minute.items()}
        self._others = others
        self._monotonic = monotonic
        self._next: OrderedDict[str, float] = OrderedDict()
        self._queue_ends: dict[str, float] = {}

    def wait(self, domain: str) -> float:
        """Seconds until this letter may be sent; 0 is now, and then it counts."""
        rate = self._per_minute.get(domain, self._others)
        if rate is None:
            return 0.0
        now, step = self._monotonic(), 60.0 / rate
        free_at = self._next.get(domain, now)
        if free_at <= now:
            self._next[domain] = max(free_at, now - step) + step
            self._next.move_to_end(domain)
            if len(self._next) > _MOST_DOMAINS:
                forgotten, _ = self._next.popitem(last=False)
                self._queue_ends.pop(forgotten, None)
            return 0.0
        at = max(free_at, self._queue_ends.get(domain, now) + step)
        self._queue_ends[domain] = at
        return at - now
