"""When a process asks a channel for sends again: soon, and less often while others are given them.

Where many processes share a few processors, each that asks in vain takes from those that send. So
whoever was told several times in a row that others had taken what there was rests longer each time,
up to half a second: as long as a channel goes without, should all the others end at once.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

_SHORTEST = 0.05
"""Before a channel that has nothing to give is asked again (seconds)."""
_LONGEST = 0.5
"""While others take what it has."""
_LATEST = 1.0
"""However slow a channel is: its rate may have been raised."""
_LONGER = 1.5
_MOST = 10


class Asking:
    """Of one process. Moments are monotonic seconds."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self._at: dict[str, float] = {}
        self._in_vain = Counter[str]()

    def is_due(self, channel_id: str, *, now: float) -> bool:
        """Is asking this channel worth it now?"""
        return self._at.get(channel_id, 0.0) <= now

    def granted(self, channel_id: str, *, at: float, lasting: timedelta) -> None:
        """It gave sends for so long; that has to come nearer before more is worth asking for."""
        self._in_vain.pop(channel_id, None)
        self._at[channel_id] = at + lasting.total_seconds() / 2

    def denied(self, channel_id: str, *, at: float, again_after: timedelta, is_ours: bool) -> None:
        """It gave nothing; `again_after` is 0 where that is not because others were given it, and
        nobody but the process whose channel it is needs to see soon whether that has changed."""
        seconds = min(_LATEST, max(_SHORTEST, again_after.total_seconds()))
        if again_after or not is_ours:
            longer = seconds * _LONGER ** min(self._in_vain[channel_id], _MOST)
            seconds = max(seconds, min(_LONGEST, longer))
            self._in_vain[channel_id] += 1
        self._at[channel_id] = at + seconds

    def at_once(self, channel_id: str) -> None:
        """Not all of what it gave was used."""
        self._at.pop(channel_id, None)
