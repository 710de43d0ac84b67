"""How far ahead a process asks for sends: what lies between a grant and its first send takes time.

Usually little, and what is asked for is near: others share the channel, and what a process takes
into its grave is lost. One whose sends missed their moments, because it waits for a processor,
would miss them all; so it asks for moments as far ahead as its claims lately took, within what the
send deadline leaves of them. Such a process leaves the channel to quicker ones (`pacing.cedes`).
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta

from campana.domain.pacing import USUAL_NOTICE
from campana.services.dispatch import SEND_DEADLINE

COVERED = timedelta(milliseconds=220)
"""How much of the near future one grant covers."""
SHORTEST = timedelta(milliseconds=30)
"""What a claim takes at least: no send is granted sooner, for its moment would be missed."""
LONGEST = timedelta(seconds=1)
"""However slow a process is: beyond it rests while the moments of its last grant come nearer."""
_LEAST_COVERED = timedelta(milliseconds=100)
"""Where the deadline leaves no room for more."""
_MARGIN = timedelta(milliseconds=50)
"""From the last moment of a grant to the send deadline."""

_FIRST_TAKES = 0.15
"""Seconds, until it is known: nothing is prepared yet in a process that has just started."""
_PER_CLAIM = 1.5
"""Notice to take, by what claims took lately: a process that is slow asks in time."""
_FORGOTTEN = 0.9
"""The slowest lately is forgotten over some ten grants."""
_LATELY = 8


class Notice:
    """Of one process. Seconds count from when a grant was made."""

    def __init__(self) -> None:
        """Of a process that has claimed nothing yet."""
        self._took = _FIRST_TAKES
        self._before = deque[float](maxlen=_LATELY)
        self._has_missed = False
        self.is_punctual = True
        """Has it missed nothing since it was granted something last? Who is not had better leave
        the channel to others."""

    @property
    def is_slow(self) -> bool:
        """Has it missed moments lately, for which a usual notice would have been too short?"""
        return self._has_missed

    @property
    def span(self) -> timedelta:
        """How long this process needs from a grant to its first send."""
        wanted = max(timedelta(seconds=self._took * _PER_CLAIM), SHORTEST)
        if not self._has_missed:
            return min(wanted, USUAL_NOTICE)
        return min(wanted, LONGEST, self._sendable - _LEAST_COVERED)

    @property
    def reach(self) -> timedelta:
        """How far ahead a grant may reach: its sends are spread from `span` on."""
        return min(self.span + COVERED, self._sendable)

    @property
    def _sendable(self) -> timedelta:
        """Until when what is claimed may be sent: its deadline runs from the claim, not before."""
        before = min(self._before, default=0.0)
        return timedelta(seconds=before) + SEND_DEADLINE - _MARGIN

    def granted(self) -> None:
        """Sends were granted; whether their moments are missed will be seen."""
        self.is_punctual = True

    def took(self, seconds: float, *, before: float) -> None:
        """So long it took until sends could start, of which `before` until their deadline ran."""
        self._took = max(seconds, _FORGOTTEN * self._took)
        self._before.append(max(0.0, before))
        if timedelta(seconds=self._took * _PER_CLAIM) <= USUAL_NOTICE:
            self._has_missed = False

    def missed(self, seconds: float = 0.0) -> None:
        """Sends of a grant missed their moments; it took at least so long, as far as is known."""
        self._took = max(seconds, self._took)
        self._has_missed = True
        self.is_punctual = False
