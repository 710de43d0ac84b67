"""Workers that have died, as the database sees it."""

from __future__ import annotations

import psycopg

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


def cut_session(conninfo: str, owner_id: int) -> None:
    """End the session that holds a worker's identity, in this database alone: in the others of the
    server numbers begin at 1 too."""
    with psycopg.connect(conninfo) as superuser:
        superuser.execute(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
            " and database = (select oid from pg_database where datname = current_database())"
            " and classid::bigint = %s and objid::bigint = %s",
            (owners.LOCK_SPACE, owner_id),
        )
