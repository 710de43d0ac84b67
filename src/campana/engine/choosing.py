"""Which groups wait on which channel, in the order of their turns, at a cost that stays flat.

Looking at what is ready costs a look into an index for each group, so a look is used for a while:
the longer it took, the longer, so that a worker spends a twentieth of its time on it whether ten
campaigns run or ten thousand. Nothing rests on it being fresh: a claim reads everything again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from campana.domain.fairness import Round, Turns
from campana.services import dispatch
from campana.services.context import Context
from campana.services.marks import Marks
from campana.store.due import Group

_SHORTEST_USE = 0.05
_USE_PER_COST = 20.0
_LONGEST_USE, _LONGEST_USE_OF_NOTHING = 5.0, 1.0
"""Seconds. A process that stood still in the middle of a look took long for it, and not because
there is much to look at. Where it found nobody waiting that may be because another process served
the channel, which may stand still the next moment."""


class Choosing:
    """One worker's turns, channel by channel."""

    def __init__(self, context: Context, *, salt: int | None = None) -> None:
        """`salt` sets its turns apart from those of the workers beside it."""
        self._context = context
        self._salt = salt
        self._turns: dict[str, Turns] = {}
        self._rounds: dict[str, Round[Group]] = {}
        self._use_until: dict[str, float] = {}
        self._served: dict[str, int] = {}
        self._count = 0
        self.marks = Marks(monotonic=context.monotonic)
        """How far this worker has claimed: what a claim is to move on."""

    async def look(
        self,
        channel_ids: Collection[str],
        *,
        owner_id: int | None = None,
        beside: Collection[str] = (),
    ) -> None:
        """See what waits on these channels, where the last look will not do any more.

        With `owner_id` not on those that another owner serves, unless they are among `beside`.
        """
        began = self._context.monotonic()
        stale = sorted(each for each in channel_ids if self._use_until.get(each, 0.0) <= began)
        if not stale:
            return
        by_channel: dict[str, list[Group]] = defaultdict(list)
        found = await dispatch.ready(
            self._context,
            channel_ids=stale,
            marks=self.marks,
            owner_id=owner_id,
            beside=sorted(beside),
        )
        for group in found:
            by_channel[group.channel_id].append(group)
        now = self._context.monotonic()
        for channel_id in stale:
            waiting = by_channel[channel_id]
            turns = self._turns.setdefault(channel_id, Turns(salt=self._salt))
            self._rounds[channel_id] = Round(turns, waiting)
            self._use_until[channel_id] = now + _use_of(waiting, cost=now - began)

    def channels(self, among: Collection[str]) -> list[str]:
        """Those on which somebody waits: the most urgent first, of equals whoever had to wait
        longest."""
        waiting = [each for each in among if self._rounds.get(each)]
        return sorted(
            waiting,
            key=lambda each: (self._rounds[each].first or (0, 0), self._served.get(each, 0)),
        )

    @property
    def is_awaited(self) -> bool:
        """Does anybody wait anywhere?"""
        return any(self._rounds.values())

    def waiting(self, channel_id: str) -> int:
        """How many groups wait there."""
        return len(self._rounds.get(channel_id, ()))

    def next(self, channel_id: str) -> Group | None:
        """The group whose turn it is on a channel; `had` says what became of the turn."""
        found = self._rounds.get(channel_id)
        group = found.next() if found is not None else None
        if group is None:
            self._use_until.pop(channel_id, None)
        return group

    def had(self, group: Group, *, sends: int) -> None:
        """It was sent to so many of the group. One that gave nobody is left alone until the next
        look."""
        turns = self._turns[group.channel_id]
        turns.charge(group, sends - 1)
        if sends:
            self._count += 1
            self._served[group.channel_id] = self._count
            self._put_back(group)

    def had_no_budget(self, group: Group) -> None:
        """The channel had nothing to give: the turn was none."""
        self._turns[group.channel_id].give_back(group)
        self._put_back(group)

    def _put_back(self, group: Group) -> None:
        found = self._rounds.get(group.channel_id)
        if found is not None:
            found.put_back(group)


def _use_of(found: Collection[Group], *, cost: float) -> float:
    """For how many seconds a look is used that took `cost`."""
    use = _USE_PER_COST * cost
    if not found:
        return min(use, _LONGEST_USE_OF_NOTHING)
    return min(max(use, _SHORTEST_USE), _LONGEST_USE)
