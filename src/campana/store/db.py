"""Connections to PostgreSQL: a pool that plays one role, transactions, and the database's clock.

The role is set when a connection is made: `campana_web` is bound to the workspace named for each
transaction, `campana_engine` sees them all. This module knows nothing of tables.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec
import psycopg
from psycopg import IsolationLevel
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from campana.domain.errors import SetupError, Unavailable

Tx = psycopg.AsyncConnection[TupleRow]
"""A connection inside a transaction; every store function takes one first."""

set_json_dumps(lambda value: msgspec.json.encode(value))
set_json_loads(msgspec.json.decode)

_JUMP = timedelta(seconds=5)
_SAMPLE_SECONDS = 5.0


class Role(StrEnum):
    """Whom the connections of a pool act as; see the first migration."""

    WEB = "campana_web"
    ENGINE = "campana_engine"


class Database:
    """A pool of connections acting as one role."""

    def __init__(self, conninfo: str, *, role: Role, max_connections: int = 10) -> None:
        self.conninfo = conninfo
        self.role = role
        self._pool = AsyncConnectionPool(
            conninfo,
            # Autocommit: a transaction is what `transaction()` and `read()` open, never a side
            # effect.
            kwargs={
                "options": session_options(role),
                "prepare_threshold": 1,
                "autocommit": True,
            },
            min_size=1,
            max_size=max_connections,
            open=False,
            timeout=5,
            check=None,
        )

    async def open(self) -> None:
        """Connect.

        Raises:
            SetupError: the server does not answer within ten seconds.
        """
        try:
            await self._pool.open(wait=True, timeout=10)
        except PoolTimeout as error:
            await self._pool.close()
            raise SetupError(f"PostgreSQL does not answer: {await _why(self.conninfo)}") from error

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, *, workspace_id: int | None = None) -> AsyncGenerator[Tx]:
        """A read-write transaction; committed on leaving, rolled back on an exception.

        Args:
            workspace_id: the workspace the web role may see; the engine role may leave it out.

        Raises:
            Unavailable: no connection could be had.
        """
        async with self._connection() as conn, conn.transaction():
            await _name_workspace(conn, workspace_id)
            yield conn

    @asynccontextmanager
    async def read(self, *, workspace_id: int | None = None) -> AsyncGenerator[Tx]:
        """A transaction in which PostgreSQL itself refuses to write.

        Raises:
            Unavailable: no connection could be had.
        """
        async with self._connection(only_reads=True) as conn, _reading(conn), conn.transaction():
            await _name_workspace(conn, workspace_id)
            yield conn

    @asynccontextmanager
    async def glance(self) -> AsyncGenerator[Tx]:
        """A connection for one statement that names no workspace: a single round trip.

        Should it write, its answer is its commit.

        Raises:
            Unavailable: no connection could be had.
        """
        async with self._connection() as conn:
            yield conn

    @asynccontextmanager
    async def _connection(self, *, only_reads: bool = False) -> AsyncGenerator[Tx]:
        del only_reads  # a rehearsal's database wants to know
        try:
            async with self._pool.connection() as conn:
                yield conn
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise Unavailable("the database does not answer") from error

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[Tx]:
        """One autocommit connection outside the pool: for advisory locks, LISTEN, and nothing else.

        TCP keepalives find a dead peer in about eight seconds, so that a lock is not held by a
        ghost.

        Raises:
            Unavailable: it could not be made, or broke while the block lasted.
        """
        try:
            async with await psycopg.AsyncConnection.connect(
                self.conninfo,
                autocommit=True,
                options=session_options(self.role),
                keepalives_idle=2,
                keepalives_interval=2,
                keepalives_count=3,
            ) as conn:
                yield conn
        except psycopg.OperationalError as error:
            raise Unavailable(f"the database session ended: {error}") from error


@asynccontextmanager
async def _reading(conn: Tx) -> AsyncGenerator[None]:
    """Transactions begun meanwhile read one snapshot (a page and its count must agree), no more.

    Said with their BEGIN, which saves a round trip.
    """
    await conn.set_isolation_level(IsolationLevel.REPEATABLE_READ)
    await conn.set_read_only(True)
    try:
        yield
    finally:
        # A broken one goes no further, and has nothing to say that its own error did not.
        if not conn.closed:
            await conn.set_isolation_level(None)
            await conn.set_read_only(None)


def session_options(role: Role) -> str:
    """The libpq `options` that make a connection act as `role`."""
    return f"-c role={role} -c search_path=campana,jobs -c timezone=UTC"


async def _name_workspace(conn: Tx, workspace_id: int | None) -> None:
    if workspace_id is not None:
        await conn.execute(
            "select set_config('campana.workspace_id', %s, true)", (str(workspace_id),)
        )


async def _why(conninfo: str) -> str:
    try:
        async with await psycopg.AsyncConnection.connect(conninfo, connect_timeout=3):
            return "it answers now; try again"
    except psycopg.Error as error:
        return str(error).strip().splitlines()[-1]


class DatabaseClock:
    """The database's clock, sampled every five seconds and carried on by the monotonic one.

    Many hosts agree on it, and a host whose own clock jumps notices nothing. When a sample is more
    than five seconds off what was expected, `is_steady` is False until two samples agree: the
    dispatchers start nothing meanwhile. `shift` moves it to another hour, for rehearsals.
    """

    def __init__(
        self,
        *,
        shift: timedelta = timedelta(0),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shift = shift
        self._monotonic = monotonic
        self._base: datetime | None = None
        self._at = 0.0
        self.is_steady = True

    def now(self) -> datetime:
        if self._base is None:
            raise Unavailable("the database's clock has not been read yet")
        return self._base + timedelta(seconds=self._monotonic() - self._at)

    @property
    def is_due(self) -> bool:
        """Is it time for another sample?"""
        return self._base is None or self._monotonic() - self._at > _SAMPLE_SECONDS

    async def sample(self, conn: Tx) -> None:
        """Read the database's clock over `conn`."""
        before = self._monotonic()
        # The one place that asks the server for the time; every statement is given it from here.
        row = await (await conn.execute("select extract(epoch from clock_timestamp())")).fetchone()
        after = self._monotonic()
        if row is None:
            return
        said = datetime.fromtimestamp(float(row[0]), tz=UTC) + self._shift
        self.follow(said, at=(before + after) / 2)

    def follow(self, said: datetime, *, at: float) -> None:
        """Go by what the database said at `at` (monotonic)."""
        self.is_steady = self._base is None or abs(said - self.now()) <= _JUMP
        self._base, self._at = said, at
