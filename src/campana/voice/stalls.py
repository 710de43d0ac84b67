"""Endpoints that stalled a moment ago: the next calls do not wait for them.

An answer that is wrong costs a call nothing, and only that call; one that does not come costs
everybody who waits for it some seconds of silence.
"""

from __future__ import annotations

from collections.abc import Callable

REST_SECONDS = 30.0
"""For how long nobody asks who stalled."""
LATELY = "it stalled in another call a moment ago"


class Stalls:
    """Of one process; `now` gives seconds that pass evenly."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._until: dict[str, float] = {}

    def tell(self, key: str) -> None:
        """It has stalled."""
        now = self._now()
        self._until = {each: until for each, until in self._until.items() if until > now}
        self._until[key] = now + REST_SECONDS

    def lately(self, key: str) -> str | None:
        """Why it is not asked now; None when it is."""
        return LATELY if self._until.get(key, 0.0) > self._now() else None
