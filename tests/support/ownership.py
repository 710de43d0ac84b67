"""Workers that have died, as the database sees it."""

from __future__ import annotations

from campana.services.context import Context
from campana.store import owners


async def dead_owner(context: Context) -> int:
    """The number of a worker whose session is gone."""
    async with context.db.session() as session:
        owner_id = await owners.take_identity(session)
    await until_gone(context, owner_id)
    return owner_id


async def until_gone(context: Context, owner_id: int) -> None:
    """Wait for the server to notice: a closed connection frees its lock a moment later."""
    async with context.db.transaction() as tx:
        await tx.execute("select pg_advisory_xact_lock(%s, %s)", (owners.LOCK_SPACE, owner_id))
