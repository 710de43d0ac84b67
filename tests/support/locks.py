"""Somebody waits for what somebody else holds: seen from outside, never guessed by time. And
somebody who stands still with it, until the server has had enough."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection

from campana.store.db import Tx
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


def until_gone(backend: int, conninfo: str) -> None:
    """Return when the server has ended that session."""
    with psycopg.connect(conninfo, autocommit=True) as other:
        while other.execute("select from pg_stat_activity where pid = %s", (backend,)).rowcount:
            pass


class StandingStill:
    """A step of a transaction before which, the first so many times, nothing goes on until the
    server has ended it. Where it `awaits` an answer then, it reads that and the end at once."""

    def __init__(
        self,
        step: Callable[..., Awaitable[Any]],
        *,
        conninfo: str,
        times: int = 1,
        awaits: bool = False,
    ) -> None:
        self._awaits = awaits
        self._step = step
        self._conninfo = conninfo
        self._times = times
        self.calls = 0

    async def __call__(self, tx: Tx, *args: Any, **given: Any) -> Any:
        self.calls += 1
        if self.calls <= self._times:
            await tx.execute("set local idle_in_transaction_session_timeout = '20ms'")
            backend = tx.info.backend_pid
            if self._awaits:
                asking = asyncio.create_task(tx.execute("select pg_sleep(0.05)"))
                await asyncio.sleep(0)
                # With the whole event loop, like a process that is stopped.
                until_gone(backend, self._conninfo)
                await asking
            else:
                # The server says good-bye on the wire; a stopped process reads it as late as we.
                await asyncio.to_thread(until_gone, backend, self._conninfo)
        return await self._step(tx, *args, **given)
