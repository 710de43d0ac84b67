"""The moments at which the sends of one grant may leave. A moment that is missed is lost.

A process that stood still for a tenth of a second would else send at once what it had put off, on
top of what it and its neighbors send now: the carrier would see more than the rate. What misses its
moment is due again. Seconds are monotonic.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from campana.engine.spacing import Spacing


class Slots:
    """Moments of one grant, each given out once."""

    def __init__(
        self, moments: Iterable[float], *, tolerance: float, spacing: Spacing | None = None
    ) -> None:
        """`tolerance` is how late, in seconds, a send may leave and still be on time, and `spacing`
        what keeps such from leaving together."""
        self._moments = sorted(moments)
        self._spacing = spacing
        self._taken = float("-inf")
        self.tolerance = tolerance
        self.is_given_up = False
        """Has a send of the grant come too late? For its owner to note."""

    @property
    def left(self) -> int:
        """How many nobody has taken."""
        return len(self._moments)

    def reachable(self, *, now: float) -> int:
        """How many nobody has taken and nobody has missed."""
        return len(self._moments) - bisect_left(self._moments, now - self.tolerance)

    @property
    def last(self) -> float | None:
        """The latest that nobody has taken."""
        return self._moments[-1] if self._moments else None

    def take(self, *, not_before: float) -> float | None:
        """The first moment of those left that is not before that, or hardly; None without one."""
        n = bisect_left(self._moments, not_before - self.tolerance)
        if n == len(self._moments):
            return None
        moment = self._moments.pop(n)
        self._taken = max(self._taken, moment)
        return moment

    @property
    def unused_at_end(self) -> int:
        """How many of those left come after all that were taken: only these can be had again."""
        return len(self._moments) - bisect_left(self._moments, self._taken)

    def wait(self, moment: float, *, now: float) -> float:
        """Seconds until the send of a moment may leave; 0 or less when it may now."""
        early = moment - now
        return early if self._spacing is None else max(early, self._spacing.wait(now=now))

    def departed(self, *, now: float) -> None:
        """A send has left."""
        if self._spacing is not None:
            self._spacing.left(now=now)

    def is_missed(self, moment: float, *, now: float) -> bool:
        """Is it too late for a send that should have left at `moment`?"""
        return now > moment + self.tolerance
