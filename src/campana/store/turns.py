"""A Database on which one transaction happens at a time, in the order they were asked for.

For rehearsals that must come out the same each time: what follows what is decided in this process,
never by how fast a server answers. `watch` is told before and after each turn, and may refuse it.
Concurrency inside PostgreSQL is not rehearsed by it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Protocol, TypeVar

import psycopg
from psycopg.abc import PQGen

from campana.domain.errors import Unavailable
from campana.store.db import Database, Role, Tx, session_options
from campana.store.sql import load

_SQL = load("turns")

T = TypeVar("T")


class Watch(Protocol):
    """Who uses a Database, and what its network does to it."""

    async def ask(self) -> None:
        """On the way to a turn.

        Raises:
            Unavailable: it never gets there.
        """
        ...

    def begin(self) -> None:
        """The turn has come."""
        ...

    def end(self, *, wrote: bool) -> None:
        """What the turn did is committed; nobody else has had one since."""
        ...

    async def hear(self) -> None:
        """On the way back from a turn.

        Raises:
            Unavailable: its answer never arrives.
        """
        ...

    def opened(self, session: Tx) -> None:
        """A session of its own begins."""
        ...


class Line:
    """The one connection of a role, which those who have a turn share, and whose turn it is."""

    def __init__(self, conn: Tx, turn: Turn) -> None:
        self.conn = conn
        self.turn = turn
        self.has_written = False
        """Whether the transaction of this turn has."""


class Turn:
    """First come, first served; of one event loop. Nobody may wait for a turn during their own."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._holder: asyncio.Task[object] | None = None

    async def __aenter__(self) -> None:
        if self._holder is asyncio.current_task():
            raise RuntimeError("a transaction was begun inside another one")
        await self._lock.acquire()
        self._holder = asyncio.current_task()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._holder = None
        self._lock.release()


@asynccontextmanager
async def line(conninfo: str, *, role: Role, turn: Turn) -> AsyncGenerator[Line]:
    """A connection for turns."""
    conn = await psycopg.AsyncConnection.connect(
        conninfo, autocommit=True, options=session_options(role), prepare_threshold=1
    )
    async with conn:
        yield Line(conn, turn)


async def until_gone(line: Line, backends: Sequence[int]) -> None:
    """Wait until the server has noticed that these are closed, and freed what they held."""
    async with line.turn:
        while await _are_connected(line, backends):
            pass


async def _are_connected(line: Line, backends: Sequence[int]) -> bool:
    cursor = await line.conn.execute(_SQL["is_connected"], {"backends": list(backends)})
    row = await cursor.fetchone()
    return bool(row and row[0])


class TurnedDatabase(Database):
    """One user's view of a Line. It is open as long as the line is."""

    def __init__(self, conninfo: str, *, role: Role, line: Line, watch: Watch) -> None:
        super().__init__(conninfo, role=role)
        self._line = line
        self._watch = watch

    async def open(self) -> None:
        """The line is open."""

    async def close(self) -> None:
        """The line is closed by whoever opened it."""

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[Tx]:
        await self._watch.ask()
        try:
            async with self._line.turn:
                self._watch.begin()
                conn = await _Session.connect(
                    self.conninfo, autocommit=True, options=session_options(self.role)
                )
            async with conn:
                conn.turn = self._line.turn
                self._watch.opened(conn)
                yield conn
        except psycopg.OperationalError as error:
            raise Unavailable(f"the database session ended: {error}") from error

    @asynccontextmanager
    async def transaction(self, *, workspace_id: int | None = None) -> AsyncGenerator[Tx]:
        async with super().transaction(workspace_id=workspace_id) as tx:
            yield tx
            # Of itself, before its end: what counts the server's transactions counts those of
            # strangers in other databases too, and they come when they please.
            row = await (await tx.execute(_SQL["has_written"])).fetchone()
            self._line.has_written = bool(row and row[0])

    @asynccontextmanager
    async def glance(self) -> AsyncGenerator[Tx]:
        """In a transaction, which can be asked whether it wrote."""
        async with self.transaction() as tx:
            yield tx

    @asynccontextmanager
    async def _connection(self, *, only_reads: bool = False) -> AsyncGenerator[Tx]:
        await self._watch.ask()
        async with self._line.turn:
            self._watch.begin()
            self._line.has_written = False
            yield self._line.conn
            self._watch.end(wrote=not only_reads and self._line.has_written)
        await self._watch.hear()


class _Session(psycopg.AsyncConnection[tuple[object, ...]]):
    """Outside the line, and yet each statement is a turn."""

    turn: Turn | None = None

    async def wait(  # pyright: ignore[reportIncompatibleMethodOverride] - as little as is used
        self, gen: PQGen[T], interval: float = 0.1
    ) -> T:
        if self.turn is None:
            return await super().wait(gen, interval)
        async with self.turn:
            return await super().wait(gen, interval)
