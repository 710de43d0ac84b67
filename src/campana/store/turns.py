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
from typing import LiteralString, Protocol, TypeVar

import psycopg
from psycopg import sql, waiting
from psycopg.abc import PQGen
from psycopg.waiting import Ready

from campana.domain.errors import Unavailable
from campana.store.db import Database, Role, Tx, session_options
from campana.store.sql import load

_SQL = load("turns")

T = TypeVar("T")

_WRITING: LiteralString = "begin"
_READING: LiteralString = "begin isolation level repeatable read read only"
_PLANNED = " -c plan_cache_mode=force_generic_plan"
"""Each statement is planned once: most come a few times in a rehearsal, to tables of a few rows."""


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


class Answers(Protocol):
    """How an answer of the server is waited for."""

    async def ready(self, fileno: int, wanted: int) -> int:
        """Return as soon as the socket may be read (1) or written to (2), and which of them."""
        ...


class Line:
    """The one connection of a role, which those who have a turn share, and whose turn it is."""

    def __init__(self, conn: Tx, turn: Turn, answers: Answers) -> None:
        self.conn = conn
        self.turn = turn
        self.answers = answers
        self.has_written = False
        """Whether the transaction of this turn has."""


class Endless(RuntimeError):
    """More turns are wanted than there are: what goes on does not come to an end."""


class Turn:
    """First come, first served; of one event loop. Nobody may wait for a turn during their own."""

    def __init__(self, *, most: int | None = None) -> None:
        """After `most` of them there is none any more."""
        self.taken = 0
        """How many there have been."""
        self._most = most
        self._lock = asyncio.Lock()
        self._holder: asyncio.Task[object] | None = None

    async def __aenter__(self) -> None:
        if self._holder is asyncio.current_task():
            raise RuntimeError("a transaction was begun inside another one")
        if self._most is not None and self.taken >= self._most:
            raise Endless(f"it was not over after {self._most:,} transactions")
        self.taken += 1
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
async def line(conninfo: str, *, role: Role, turn: Turn, answers: Answers) -> AsyncGenerator[Line]:
    """A connection for turns."""
    conn = await _Answered.connect(
        conninfo, autocommit=True, options=session_options(role) + _PLANNED, prepare_threshold=1
    )
    async with conn:
        conn.answers = answers
        yield Line(conn, turn, answers)


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
                conn.answers = self._line.answers
                conn.turn = self._line.turn
                self._watch.opened(conn)
                yield conn
        except psycopg.OperationalError as error:
            raise Unavailable(f"the database session ended: {error}") from error

    @asynccontextmanager
    async def transaction(self, *, workspace_id: int | None = None) -> AsyncGenerator[Tx]:
        async with self._connection() as conn:
            await _begin(conn, _WRITING, workspace_id)
            try:
                yield conn
            except BaseException:
                await _roll_back(conn)
                raise
            self._line.has_written = await _commit(conn)

    @asynccontextmanager
    async def read(self, *, workspace_id: int | None = None) -> AsyncGenerator[Tx]:
        """Statement by statement where no workspace is named: nobody else writes meanwhile."""
        async with self._connection() as conn:
            if workspace_id is None:
                yield conn
                return
            await _begin(conn, _READING, workspace_id)
            try:
                yield conn
            finally:
                await _roll_back(conn)

    @asynccontextmanager
    async def glance(self) -> AsyncGenerator[Tx]:
        """In a transaction, which can be asked whether it wrote."""
        async with self.transaction() as tx:
            yield tx

    @asynccontextmanager
    async def _connection(self, *, only_reads: bool = False) -> AsyncGenerator[Tx]:
        del only_reads  # what has written says so
        await self._watch.ask()
        async with self._line.turn:
            self._watch.begin()
            self._line.has_written = False
            yield self._line.conn
            self._watch.end(wrote=self._line.has_written)
        await self._watch.hear()


async def _begin(conn: Tx, how: LiteralString, workspace_id: int | None) -> None:
    """Begin a transaction and name its workspace in one round trip."""
    if workspace_id is not None:
        named = sql.SQL("; select set_config('campana.workspace_id', {}, true)")
        begin = sql.SQL(how) + named.format(sql.Literal(str(workspace_id)))
        await conn.execute(begin, prepare=False)
    else:
        await conn.execute(how, prepare=False)


async def _roll_back(conn: Tx) -> None:
    # A broken connection has nothing to say that its own error did not.
    if not conn.closed:
        await conn.execute("rollback", prepare=False)


async def _commit(conn: Tx) -> bool:
    """Commit, in one round trip with the question whether anything was written.

    The transaction is asked before its end, and of itself: what counts the server's transactions
    counts those of strangers in other databases too, and they come when they please.
    """
    cursor = await conn.execute(_SQL["commit"], prepare=False)
    row = await cursor.fetchone()
    return bool(row and row[0])


class _Answered(psycopg.AsyncConnection[tuple[object, ...]]):
    """Waits for its server as it is told to."""

    answers: Answers | None = None

    async def wait(  # pyright: ignore[reportIncompatibleMethodOverride] - as little as is used
        self, gen: PQGen[T], interval: float = 0.1
    ) -> T:
        if self.answers is None:
            return await super().wait(gen, interval)
        fileno = self.pgconn.socket
        try:
            wanted = next(gen)
            while True:
                wanted = gen.send(Ready(await self.answers.ready(fileno, wanted)))
        except StopIteration as end:
            return end.value
        except asyncio.CancelledError:
            # The server has been asked; whoever uses the connection next must not hear its answer.
            waiting.wait(gen, fileno, interval)
            raise


class _Session(_Answered):
    """Outside the line, and yet each statement is a turn."""

    turn: Turn | None = None

    async def wait(  # pyright: ignore[reportIncompatibleMethodOverride] - as little as is used
        self, gen: PQGen[T], interval: float = 0.1
    ) -> T:
        if self.turn is None:
            return await super().wait(gen, interval)
        async with self.turn:
            return await super().wait(gen, interval)
