"""Claims in progress (`queries/claims.sql`): an advisory lock that whoever forbids can wait for."""

from __future__ import annotations

from datetime import timedelta

from psycopg.errors import LockNotAvailable

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("claims")

LOCK_SPACE = 0x636C6D73 & 0x7FFFFFFF
"""First half of the two-part advisory lock; the second is the workspace's number."""


async def begin(tx: Tx, *, workspace_id: int) -> None:
    """A claim in this workspace is in progress until the transaction ends."""
    await tx.execute(_SQL["begin"], {"space": LOCK_SPACE, "workspace_id": workspace_id})


async def wait_for_all(tx: Tx, *, workspace_id: int, at_most: timedelta) -> bool:
    """Wait until every claim in progress has ended; False when one had not after `at_most`."""
    milliseconds = str(round(at_most.total_seconds() * 1000))
    await tx.execute(_SQL["limit_wait"], {"milliseconds": milliseconds})
    try:
        async with tx.transaction():
            await tx.execute(_SQL["wait"], {"space": LOCK_SPACE, "workspace_id": workspace_id})
    except LockNotAvailable:
        return False
    return True
