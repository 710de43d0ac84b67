"""An attempt that is about to leave: when it may, and until when."""

from __future__ import annotations

from msgspec import Struct

from campana.engine.slots import Slots
from campana.services.claimed import Claimed
from campana.store.due import Group


class Departure(Struct, frozen=True, kw_only=True, gc=False):
    """An intent, and when it may go: at a moment of its grant, not after `deadline` (monotonic
    seconds); None when no moment was left for it."""

    intent: Claimed
    group: Group
    at: float | None
    slots: Slots
    deadline: float
    owner_id: int

    def is_missed(self, now: float) -> bool:
        """Has it no moment, or not any more?"""
        return self.at is None or self.slots.is_missed(self.at, now=now)
