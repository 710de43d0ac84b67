"""Promised lines that nobody comes for: free again, though their owner lives.

A promise is turned into attempts within moments of its grant. One that stands as it was made has
been left behind: its owner stands still, or lost a connection on the way. An owner that wakes up
finds it revoked and claims nothing under it.
"""

from __future__ import annotations

from collections.abc import Callable

from campana.services.context import Context
from campana.store import owners
from campana.store.owners import Standing

STALE_SECONDS = 10.0
"""How long a promise may stand: as long as the server lets a transaction stand still."""


class StalePromises:
    """What one process has seen standing, and since when."""

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        """Nothing seen yet."""
        self._monotonic = monotonic
        self._since: dict[Standing, float] = {}

    async def revoke(self, context: Context) -> int:
        """Free the lines of promises that stand for too long; how many promises (engine role)."""
        async with context.db.glance() as tx:
            standing = await owners.standing_promises(tx)
        now = self._monotonic()
        self._since = {each: self._since.get(each, now) for each in standing}
        stale = [each for each, since in self._since.items() if now - since >= STALE_SECONDS]
        revoked = 0
        for each in stale:
            async with context.db.transaction() as tx:
                revoked += await owners.revoke_standing(tx, standing=each)
        return revoked
