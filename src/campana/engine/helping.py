"""On which channels a process sends beside the one that serves them.

One process serves a channel, by what it is granted; the others look for what it leaves. Whoever
finds a channel behind, with nothing granted ahead, has work to do there: it asks as often as the
one that serves it, for as long as that goes on happening, and leaves it alone when it does not.
Seconds are monotonic.
"""

from __future__ import annotations

HELPING_SECONDS = 2.0
"""After a channel was behind."""


class Helping:
    """Of one process."""

    def __init__(self) -> None:
        """No channel was behind yet."""
        self._until: dict[str, float] = {}

    def on(self, *, now: float) -> frozenset[str]:
        """The channels it helps on."""
        return frozenset(each for each, until in self._until.items() if until > now)

    def granted(self, channel_id: str, *, at: float, was_behind: bool) -> None:
        """The channel gave sends; was it behind?"""
        if was_behind:
            self._until[channel_id] = at + HELPING_SECONDS
