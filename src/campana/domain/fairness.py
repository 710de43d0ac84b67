"""Whose turn is it? The most urgent first; among equals the campaign that has had least for its
weight.

Every campaign has a meter that each turn moves on by one over its weight; the lowest meter is next
(start-time fair queueing, the smooth form of a deficit round robin). Who was away comes back at the
meter of the others: it is next, and gains nothing more for the time it did not ask. Nobody is
starved by an equal: a campaign waits at most until every other has caught up with it.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Protocol, TypeVar

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


class Turns:
    """Remembers what each campaign, and each group in it, has had."""

    def __init__(self, *, salt: int | None = None) -> None:
        """Workers that choose side by side each give a `salt` of their own: they begin with
        different campaigns, so that a short stretch of many workers is as fair as a long one of
        one."""
        self._salt = salt
        self._count = 0
        self._meters: dict[str, float] = {}
        self._groups: dict[tuple[str, str], int] = {}
        self._reached: dict[tuple[int, int], float] = {}
        """Where the meters of those who compete with each other stand."""

    def choose(self, groups: Sequence[G]) -> G | None:
        """The group whose turn it is, which is then noted; None when there is none."""
        if not groups:
            return None
        if len(self._meters) > _REMEMBERED:
            self._forget_all_but(groups)
        for group in groups:
            self._admit(group)
        meters, served = self._meters, self._groups
        chosen = min(
            groups,
            key=lambda g: (
                g.urgency,
                g.priority,
                meters[g.campaign_id],
                served.get((g.campaign_id, g.window_key), 0),
            ),
        )
        self._reached[chosen.urgency, chosen.priority] = meters[chosen.campaign_id]
        self.charge(chosen, 1)
        self._count += 1
        served[chosen.campaign_id, chosen.window_key] = self._count
        return chosen

    def charge(self, group: Ready, sends: int) -> None:
        """A turn counts as one send; whoever took more in it is charged the rest."""
        self._meters[group.campaign_id] += sends / group.weight

    def give_back(self, group: Ready) -> None:
        """The channel had nothing to give: the turn was none, and is the group's again."""
        self.charge(group, -1)

    def _admit(self, group: Ready) -> None:
        """A newcomer, or who was away, begins where the others are."""
        reached = self._reached.get((group.urgency, group.priority), 0.0)
        meter = self._meters.get(group.campaign_id)
        if meter is None:
            self._meters[group.campaign_id] = reached + self._phase(group) / group.weight
        elif meter < reached:
            self._meters[group.campaign_id] = reached

    def _phase(self, group: Ready) -> float:
        """Where between two turns a newcomer begins: a fixed number in [0, 1)."""
        if self._salt is None:
            return 0.0
        return zlib.crc32(f"{self._salt}:{group.campaign_id}".encode()) / 2**32

    def _forget_all_but(self, groups: Sequence[Ready]) -> None:
        """Who comes back later is a newcomer then, and gains a turn at most."""
        present = {group.campaign_id for group in groups}
        self._meters = {c: meter for c, meter in self._meters.items() if c in present}
        self._groups = {key: n for key, n in self._groups.items() if key[0] in present}
