"""Whose turn is it? The most urgent first; among equals the campaign that has had least for its
weight.

Every campaign has a meter that each turn moves on by one over its weight; the lowest meter is next
(start-time fair queueing, the smooth form of a deficit round robin). Who was away comes back at the
meter of the others: it is next, and gains nothing more for the time it did not ask. Nobody is
starved by an equal: a campaign waits at most until every other has caught up with it. One that is
made more or less urgent is a newcomer there.

Only those who share a budget compete: each channel has turns of its own.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

_REMEMBERED = 10_000
"""Meters kept before those that mean nothing any more are forgotten."""


class Ready(Protocol):
    """What a turn is given to."""

    @property
    def campaign_id(self) -> str:
        """The campaign that waits."""
        ...

    @property
    def window_key(self) -> str:
        """The zones it waits in."""
        ...

    @property
    def urgency(self) -> int:
        """Of the campaign; 0 goes before all others."""
        ...

    @property
    def priority(self) -> int:
        """Of these people within campaigns as urgent; 0 goes before all others."""
        ...

    @property
    def weight(self) -> float:
        """A campaign of weight 2 has two turns for each one of weight 1."""
        ...


G = TypeVar("G", bound=Ready)
_Rank = tuple[int, int, float, int]


class Turns:
    """Remembers what each campaign, and each group in it, has had."""

    def __init__(self, *, salt: int | None = None) -> None:
        """Workers that choose side by side each give a `salt` of their own: they begin with
        different campaigns, so that a short stretch of many workers is as fair as a long one of
        one."""
        self._salt = salt
        self._count = 0
        self._meters: dict[str, float] = {}
        self._urgencies: dict[str, int] = {}
        """How urgent each campaign was when it was looked at last."""
        self._groups: dict[tuple[str, str], int] = {}
        self._reached: dict[tuple[int, int], float] = {}
        """Where the meters of those who compete with each other stand."""

    def choose(self, groups: Sequence[G]) -> G | None:
        """The group whose turn it is, which is then noted; None when there is none."""
        return Round(self, groups).next()

    def admit(self, groups: Sequence[Ready]) -> None:
        """Newcomers, and who was away, begin where the others are."""
        if len(self._meters) > _REMEMBERED:
            self._forget_all_but(groups)
        newcomers = [each for each in groups if self._is_new(each)]
        if newcomers:
            self._welcome(newcomers, beside=groups)
        for group in groups:
            reached = self._reached.get((group.urgency, group.priority), 0.0)
            self._meters[group.campaign_id] = max(reached, self._meters[group.campaign_id])

    def rank(self, group: Ready) -> _Rank:
        """Lower is sooner. Nothing but `give_back` lowers it."""
        return (
            group.urgency,
            group.priority,
            self._meters[group.campaign_id],
            self._groups.get((group.campaign_id, group.window_key), 0),
        )

    def note(self, group: Ready) -> None:
        """It is this group's turn."""
        self._reached[group.urgency, group.priority] = self._meters[group.campaign_id]
        self.charge(group, 1)
        self._count += 1
        self._groups[group.campaign_id, group.window_key] = self._count

    def charge(self, group: Ready, sends: int) -> None:
        """A turn counts as one send; whoever took more in it is charged the rest."""
        self._meters[group.campaign_id] += sends / group.weight

    def give_back(self, group: Ready) -> None:
        """The turn was none, and is the group's again."""
        self.charge(group, -1)

    def _is_new(self, group: Ready) -> bool:
        # Its meter counted against others, or against nobody: those it competes with from now on
        # owe it nothing, nor it them.
        return self._urgencies.get(group.campaign_id) != group.urgency

    def _welcome(self, newcomers: Sequence[Ready], *, beside: Sequence[Ready]) -> None:
        """They begin beside whoever waits as they do, else where those as urgent are."""
        stands: dict[tuple[int, int], float] = {}
        for each in beside:
            if not self._is_new(each):
                kind, meter = (each.urgency, each.priority), self._meters[each.campaign_id]
                stands[kind] = min(meter, stands.get(kind, meter))
        for each in newcomers:
            kind = (each.urgency, each.priority)
            begins = stands[kind] if kind in stands else self._furthest(each.urgency)
            self._meters[each.campaign_id] = begins + self._phase(each) / each.weight
        self._urgencies.update({each.campaign_id: each.urgency for each in newcomers})

    def _furthest(self, urgency: int) -> float:
        return max((meter for (of, _), meter in self._reached.items() if of == urgency), default=0)

    def _phase(self, group: Ready) -> float:
        """Where between two turns a newcomer begins: a fixed number in [0, 1)."""
        if self._salt is None:
            return 0.0
        return zlib.crc32(f"{self._salt}:{group.campaign_id}".encode()) / 2**32

    def _forget_all_but(self, groups: Sequence[Ready]) -> None:
        """Who comes back later is a newcomer then, and gains a turn at most."""
        present = {group.campaign_id for group in groups}
        self._meters = {c: meter for c, meter in self._meters.items() if c in present}
        self._urgencies = {c: urgency for c, urgency in self._urgencies.items() if c in present}
        self._groups = {key: n for key, n in self._groups.items() if key[0] in present}


class Round(Generic[G]):
    """The groups that were ready at one moment, in the order of their turns.

    Made in the time of a look at each; after that a turn costs the logarithm of their number.
    """

    def __init__(self, turns: Turns, groups: Sequence[G]) -> None:
        turns.admit(groups)
        self._turns = turns
        # The second number keeps two groups of one rank in the order they came.
        self._waiting = [(turns.rank(group), n, group) for n, group in enumerate(groups)]
        heapq.heapify(self._waiting)

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def first(self) -> tuple[int, int] | None:
        """How urgent whoever is next is, and of what priority; None when nobody is left."""
        return self._waiting[0][0][:2] if self._waiting else None

    def next(self) -> G | None:
        """The group whose turn it is; it has left the round until it is put back."""
        while self._waiting:
            rank, n, group = heapq.heappop(self._waiting)
            now = self._turns.rank(group)
            if now > rank:
                # Another group of its campaign was served meanwhile.
                heapq.heappush(self._waiting, (now, n, group))
                continue
            self._turns.note(group)
            return group
        return None

    def put_back(self, group: G) -> None:
        """It may have more: it takes its place again, behind what it has had."""
        self._turns.admit([group])
        heapq.heappush(self._waiting, (self._turns.rank(group), len(self._waiting), group))
