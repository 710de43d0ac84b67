"""Work for later (`queries/jobs.sql`): deferred in the caller's transaction for `campana work`."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("jobs")


async def defer(
    tx: Tx,
    *,
    task: str,
    arguments: Mapping[str, str | int],
    lock: str | None = None,
    queueing_lock: str | None = None,
) -> bool:
    """Have `task` run with `arguments` once this transaction commits.

    Args:
        lock: of the jobs with this lock one runs at a time, in the order they were deferred.
        queueing_lock: of the jobs with this lock one waits at a time.

    Returns:
        False when a job with this queueing lock is waiting already: that one will do.
    """
    try:
        # A savepoint, so that the caller's transaction survives a lock that is taken.
        async with tx.transaction():
            await tx.execute(
                _SQL["defer"],
                {
                    "task": task,
                    "arguments": Jsonb(dict(arguments)),
                    "lock": lock,
                    "queueing_lock": queueing_lock,
                },
            )
    except UniqueViolation:
        return False
    return True
