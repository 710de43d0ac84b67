"""How many sends a process takes under one grant: as many as it can send in time, and no more.

What is claimed and not sent within the deadline has cost its claim, and costs as much again to be
put back. A process that gets little of a processor, or a database that is slow, would do nothing
else. So it takes half as many after a claim that took long, or a send that came too late, and some
more after each that was quick.
"""

from __future__ import annotations

MOST = 1_000
"""What can be claimed and sent while a grant lasts, with a processor to itself."""
LEAST = 10
_FIRST = 100
"""Until it is known how quick this process is."""
_SLOW, _QUICK = 0.2, 0.1
"""Seconds a claim takes: the rest of the send deadline (half a second) belongs to the sends."""
_MORE = 1.25


class Appetite:
    """Of one process."""

    def __init__(self) -> None:
        self._most = float(_FIRST)

    @property
    def most(self) -> int:
        """To take now."""
        return int(self._most)

    def took(self, seconds: float, *, sends: int) -> None:
        """A claim of so many took that long; what was far less than could be had says little."""
        if seconds >= _SLOW:
            self._most = max(LEAST, self._most / 2)
        elif seconds < _QUICK and sends * 8 >= self._most:
            self._most = min(MOST, self._most * _MORE)

    def missed(self) -> None:
        """Sends of one grant came too late; to be said once for each grant."""
        self._most = max(LEAST, self._most / 2)
