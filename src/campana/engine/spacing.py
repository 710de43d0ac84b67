"""Keeps sends that missed their moments from leaving all at once.

On a channel of a high rate what misses its moment is still sent (`pacing.catches_up`). After a
process stood still for a fifth of a second, its carrier would see a fifth more than the rate in the
second that follows. So the rate and burst of the channel are held once more, by what really leaves:
a little that was put off is made up for out of the headroom of the plan, and what comes too late
for its deadline is lost.
"""

from __future__ import annotations

_TIMERS = 0.005
"""Seconds by which a send may leave too early after others that left too late: timers are hardly
finer, and a process has more to do."""
_MARGIN = 0.005
"""Share of the rate: what `_TIMERS` adds in a stretch of 1.05 s is less."""


class Spacing:
    """Of one channel in one process. Seconds are monotonic."""

    def __init__(self) -> None:
        """Of a channel on which nothing has left yet."""
        self._interval = 0.0
        self._early = 0.0
        self._arrival = float("-inf")

    def limit(self, *, rate: float, burst: int) -> None:
        """Hold `rate` sends a second, `burst` of them at once, from now on."""
        self._interval = 1 / (rate * (1 - _MARGIN))
        self._early = (burst - 1) * self._interval + _TIMERS

    def wait(self, *, now: float) -> float:
        """Seconds until the next may leave; 0 or less when it may now."""
        return self._arrival - self._early - now

    def left(self, *, now: float) -> None:
        """One has left."""
        self._arrival = max(self._arrival, now) + self._interval
