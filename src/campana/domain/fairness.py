"""Whose turn is it? Among groups that are ready, the most urgent priority, then the one served
longest ago.

Round robin over campaigns; weights come with a deficit counter in this place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar


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
    def priority(self) -> int:
        """0 goes before all others."""
        ...


G = TypeVar("G", bound=Ready)


class Turns:
    """Remembers when each campaign, and each group in it, had its last turn."""

    def __init__(self) -> None:
        self._count = 0
        self._campaigns: dict[str, int] = {}
        self._groups: dict[tuple[str, str], int] = {}

    def choose(self, groups: Sequence[G]) -> G | None:
        """The group whose turn it is, which is then noted; None when there is none."""
        if not groups:
            return None
        chosen = min(
            groups,
            key=lambda g: (
                g.priority,
                self._campaigns.get(g.campaign_id, 0),
                self._groups.get((g.campaign_id, g.window_key), 0),
            ),
        )
        self._count += 1
        self._campaigns[chosen.campaign_id] = self._count
        self._groups[chosen.campaign_id, chosen.window_key] = self._count
        return chosen
