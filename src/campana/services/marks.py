"""How far into each group a worker has claimed, so that the next claim begins there.

What was claimed stays in the index for as long as anybody holds a snapshot from before (a report, a
dump, a replica); without a mark every claim would read it all again. A mark is only a shortcut:
who comes to wait before it is found when it is forgotten, five seconds later at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from campana.store.due import BEGINNING, GroupKey, Position

_SECONDS = 5.0


class Marks:
    """Of one worker; in memory alone."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Nowhere yet. `monotonic` is the clock they are forgotten by: a rehearsal has its own."""
        self._monotonic = monotonic
        self._reached: dict[GroupKey, Position] = {}
        self._forget_at: dict[GroupKey, float] = {}

    def of(self, key: GroupKey) -> Position:
        """Where to go on in a group."""
        return self.all().get(key, BEGINNING)

    def all(self) -> Mapping[GroupKey, Position]:
        """Of every group that has one."""
        now = self._monotonic()
        for key in [key for key, at in self._forget_at.items() if at <= now]:
            self._forget(key)
        return self._reached

    def move(self, key: GroupKey, last: Position | None) -> None:
        """All up to there were dealt with, in a transaction that is committed.

        When that is nobody, the next look begins at the beginning.
        """
        if last is not None:
            self._reached[key] = last
            self._forget_at.setdefault(key, self._monotonic() + _SECONDS)
        else:
            self._forget(key)

    def _forget(self, key: GroupKey) -> None:
        self._reached.pop(key, None)
        self._forget_at.pop(key, None)
