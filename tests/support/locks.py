"""Somebody waits for what somebody else holds: seen from outside, never guessed by time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from psycopg import AsyncConnection

from tests.support.waiting import eventually

_WAITING = """
select count(*) from pg_stat_activity
where wait_event_type = 'Lock' and datname = current_database() and query like %s
"""


@asynccontextmanager
async def onlooking(conninfo: str, *, at: str = "") -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """What returns when just one session waits for a lock, in a statement that has `at` in it."""
    async with await AsyncConnection.connect(conninfo, autocommit=True) as onlooker:

        async def is_waiting() -> bool:
            found = await onlooker.execute(_WAITING, [f"%{at}%"])
            return await found.fetchone() == (1,)

        async def until_one_waits() -> None:
            await eventually(is_waiting)

        yield until_one_waits
