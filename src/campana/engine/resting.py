"""Channels whose carrier fails are left alone for a while: longer with each failure in a row.

In memory and of one process: what it forgets costs one failing send. What trips a campaign is
another matter.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

_SHORTEST = 0.5
_LONGEST = 30.0
_MOST_DOUBLINGS = 10


class Resting:
    """Seconds are monotonic."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._failures: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def is_on(self, channel_id: str) -> bool:
        """Is the channel to be left alone now?"""
        return self._monotonic() < self._until.get(channel_id, 0.0)

    def failed(self, channel_id: str, *, at_least: timedelta | None) -> float:
        """Rest; returns for how many seconds from now.

        Sends that fail while it rests already, being under way, make it no longer.
        """
        if self.is_on(channel_id):
            return self._until[channel_id] - self._monotonic()
        failures = self._failures.get(channel_id, 0)
        self._failures[channel_id] = min(failures + 1, _MOST_DOUBLINGS)
        seconds = min(_LONGEST, _SHORTEST * 2**failures)
        if at_least is not None:
            seconds = max(seconds, at_least.total_seconds())
        self._until[channel_id] = self._monotonic() + seconds
        return seconds

    def succeeded(self, channel_id: str) -> None:
        """The next failure is a first one."""
        self._failures.pop(channel_id, None)
