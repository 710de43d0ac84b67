"""Connections to PostgreSQL: a pool that plays one role, transactions, and the database's clock.

The role is set when a connection is made: `campana_web` is bound to the workspace named for each
transaction, `campana_engine` sees them all. This module knows nothing of tables.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from weakref import WeakSet

import msgspec
import psycopg
from psycopg import IsolationLevel
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from campana.domain.clock import Carried, Sample
from campana.domain.errors import SetupError, Unavailable

Tx = psycopg.AsyncConnection[TupleRow]
"""A connection inside a transaction; every store function takes one first."""

set_json_dumps(lambda value: msgspec.json.encode(value))
set_json_loads(msgspec.json.decode)

_SAMPLE_SECONDS = 5.0
_AGAIN_SECONDS = 1.0
"""After a sample that jumped: the next one decides, and nothing is dialed before it."""
_ROUND_TRIP_SECONDS = 1.0
"""A sample that took longer says too little: it may be off by half of that."""

IDLE_SECONDS = 10.0
"""Longer than any honest transaction of ours is idle, however busy its machine: what a process that
was stopped in the middle of one holds is free after this."""
SHORTLY_IDLE_SECONDS = 0.75
"""The same where transactions are short and others wait for what they hold, who may have promised
an answer within a second: whoever pauses a campaign, or sends on a channel."""

_BY_INDEX = (
    "-c enable_seqscan=off -c jit=off -c enable_memoize=off -c plan_cache_mode=force_generic_plan"
)
"""Nothing is looked up twice in one of these statements: to remember answers only costs."""

_DEAD_PEER_SECONDS = 8
_KEEPALIVES = {"idle": 2, "interval": 2, "count": 3}
"""Over TCP: a peer that is gone without a word is found out in about eight seconds."""
_PEER_OPTIONS = {
    **{f"keepalives_{what}": n for what, n in _KEEPALIVES.items()},
    "tcp_user_timeout": _DEAD_PEER_SECONDS * 1000,
}
"""The watch at our end: a statement on its way to a host that is gone ends too."""

_GONE = (
    PoolTimeout,
    psycopg.OperationalError,
    # The server ended a connection that slept in a transaction. The driver files these under bugs.
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.TransactionTimeout,
)
_STOOD_STILL = psycopg.errors.IdleInTransactionSessionTimeout
_ENDED = "a transaction that stood still was ended"

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class _Asked:
    """Whose request it is, while it lasts."""

    words: Callable[[], str]
    is_over: bool = False


_ASKED: ContextVar[_Asked | None] = ContextVar("asked", default=None)


@contextmanager
def asked(words: Callable[[], str]) -> Generator[None]:
    """Transactions of a workspace that begin inside know whose request they belong to.

    What they change of the workspace's things is written down by the database itself, with what
    `words` says when each begins, a JSON object. A task that was begun inside and goes on behind it
    says so no more.
    """
    said = _Asked(words)
    before = _ASKED.set(said)
    try:
        yield
    finally:
        said.is_over = True
        _ASKED.reset(before)


@contextmanager
def unasked() -> Generator[None]:
    """What transactions that begin inside change is not written down, whoever asked for it."""
    before = _ASKED.set(None)
    try:
        yield
    finally:
        _ASKED.reset(before)


class Role(StrEnum):
    """Whom the connections of a pool act as; see the first migration."""

    WEB = "campana_web"
    ENGINE = "campana_engine"


class Database:
    """A pool of connections acting as one role; `conninfo` makes more of the kind."""

    def __init__(
        self,
        conninfo: str,
        *,
        role: Role,
        max_connections: int = 10,
        only_by_index: bool = False,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """Set it up; `open` connects.

        Args:
            conninfo: of the server.
            role: whom its connections act as.
            max_connections: in the pool.
            only_by_index: for statements each of which has an index made for it, and which come
                again and again: a plan that was made while a table was empty, and is kept, reads
                all of it a minute later.
            idle_seconds: after which the server ends a transaction that nobody goes on with.
        """
        by_index = f" {_BY_INDEX}" if only_by_index else ""
        self.conninfo = make_conninfo(conninfo, **_PEER_OPTIONS)
        self.role = role
        self._pool = AsyncConnectionPool(
            self.conninfo,
            # Autocommit: a transaction is what `transaction()` and `read()` open, never a side
            # effect.
            kwargs={
                "options": session_options(role, idle_seconds=idle_seconds) + by_index,
                "prepare_threshold": 1,
                "autocommit": True,
            },
            min_size=1,
            max_size=max_connections,
            open=False,
            timeout=5,
            check=None,
            configure=self._notice_ends,
        )
        self._stood_still = WeakSet[Tx]()
        """Connections that the server ended in the middle of a transaction."""

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
        used: Tx | None = None
        try:
            async with self._pool.connection() as used:
                yield used
        except _GONE as error:
            raise self._unavailable(error, used) from error

    async def _notice_ends(self, conn: Tx) -> None:
        """Who stood still while it waited for an answer reads the server's good-bye along with
        that: the driver takes it for a notice, and only finds the connection broken."""

        def notice(said: psycopg.errors.Diagnostic) -> None:
            if said.sqlstate == _STOOD_STILL.sqlstate:
                self._stood_still.add(conn)

        conn.add_notice_handler(notice)

    def _unavailable(self, error: Exception, used: Tx | None) -> Unavailable:
        if isinstance(error, _STOOD_STILL) or used in self._stood_still:
            return Unavailable(_ENDED)
        return Unavailable("the database does not answer")

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[Tx]:
        """One autocommit connection outside the pool: for advisory locks, LISTEN, and nothing else.

        Both ends watch the connection (`session_options`): the server gives the locks of a host
        that vanished free in about eight seconds, and the host learns that it lost them.

        Raises:
            Unavailable: it could not be made, or broke while the block lasted.
        """
        try:
            async with await psycopg.AsyncConnection.connect(
                self.conninfo,
                autocommit=True,
                options=session_options(self.role),
                connect_timeout=_DEAD_PEER_SECONDS,
            ) as conn:
                yield conn
        except _GONE as error:
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


def once_more(act: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """What is one transaction is done again if it stood still until the server ended it, for then
    nothing of it is stored. Standing still twice in a row is `Unavailable`."""

    @wraps(act)
    async def do(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await act(*args, **kwargs)
        except Unavailable as error:
            if error.message != _ENDED:
                raise
        return await act(*args, **kwargs)

    return do


def session_options(role: Role, *, idle_seconds: float = IDLE_SECONDS) -> str:
    """The libpq `options` that make a connection act as `role`.

    The server is told to watch its end of the connection too: an owner's lock is free only when
    the server has noticed that the owner's host is gone. A socket file has no use for that part.
    """
    watch = " ".join(f"-c tcp_keepalives_{what}={n}" for what, n in _KEEPALIVES.items())
    return (
        f"-c role={role} -c search_path=campana,jobs -c timezone=UTC"
        f" -c idle_in_transaction_session_timeout={round(idle_seconds * 1000)}ms"
        f" {watch} -c tcp_user_timeout={_DEAD_PEER_SECONDS}s"
    )


async def _name_workspace(conn: Tx, workspace_id: int | None) -> None:
    if workspace_id is None:
        return
    said = _ASKED.get()
    if said is None or said.is_over:
        await conn.execute(
            "select set_config('campana.workspace_id', %s, true)", (str(workspace_id),)
        )
        return
    await conn.execute(
        "select set_config('campana.workspace_id', %s, true),"
        " set_config('campana.asked', %s, true)",
        (str(workspace_id), said.words()),
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
    than five seconds off what was expected, `is_steady` is False and the time goes on as before
    until two samples agree (`Carried`): the dispatchers start nothing meanwhile. `shift` moves it
    to another hour, for rehearsals.
    """

    def __init__(
        self,
        *,
        shift: timedelta = timedelta(0),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shift = shift
        self._monotonic = monotonic
        self._carried: Carried | None = None
        self._tried_at = 0.0

    def now(self) -> datetime:
        if self._carried is None:
            raise Unavailable("the database's clock has not been read yet")
        return self._carried.now(self._monotonic())

    @property
    def is_steady(self) -> bool:
        """False while a jump is neither believed nor refuted."""
        return self._carried is None or self._carried.is_steady

    @property
    def is_due(self) -> bool:
        """Is it time for another sample?"""
        pause = _SAMPLE_SECONDS if self.is_steady else _AGAIN_SECONDS
        return self._carried is None or self._monotonic() - self._tried_at >= pause

    async def sample(self, conn: Tx) -> None:
        """Read the database's clock over `conn`. An answer that took too long changes nothing."""
        before = self._tried_at = self._monotonic()
        # The one place that asks the server for the time; every statement is given it from here.
        row = await (await conn.execute("select extract(epoch from clock_timestamp())")).fetchone()
        after = self._monotonic()
        if row is None or (self._carried is not None and after - before > _ROUND_TRIP_SECONDS):
            return
        said = datetime.fromtimestamp(float(row[0]), tz=UTC) + self._shift
        self.follow(said, at=(before + after) / 2)

    def follow(self, said: datetime, *, at: float) -> None:
        """Go by what the database said at `at` (monotonic)."""
        self._tried_at = max(self._tried_at, at)
        sample = Sample(said=said, at=at)
        carried = self._carried
        self._carried = Carried(trusted=sample) if carried is None else carried.follow(sample)
