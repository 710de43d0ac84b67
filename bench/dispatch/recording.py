"""Every statement a worker sends, written down in the order of the commits, for pgbench to repeat.

Each transaction is collected for itself and written when it commits, so that those of several
connections do not mix. What a statement answered is not looked at again: the values are in it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Self

from psycopg import AsyncClientCursor, AsyncCursor
from psycopg.abc import Params, Query
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from campana.store import db
from campana.store.db import Database, Tx

_collected: ContextVar[list[str] | None] = ContextVar("_collected", default=None)


def begin(path: Path) -> None:
    """Record the statements of this process from now on."""
    written = path.open("w")
    transaction, glance = Database.transaction, Database.glance

    class Recording(AsyncCursor[TupleRow]):
        async def execute(
            self,
            query: Query,
            params: Params | None = None,
            *,
            prepare: bool | None = None,
            binary: bool | None = None,
        ) -> Self:
            statements = _collected.get()
            if statements is not None:
                text = AsyncClientCursor(self.connection).mogrify(query, params)
                # pgbench reads a colon and a name as a variable; none is defined, so none is meant.
                statements.append(" ".join(text.split("\n")))
            return await super().execute(query, params, prepare=prepare, binary=binary)

    class Pool(AsyncConnectionPool):
        def __init__(self, *given: object, kwargs: dict[str, object], **how: object) -> None:
            super().__init__(*given, kwargs={**kwargs, "cursor_factory": Recording}, **how)  # pyright: ignore[reportArgumentType, reportCallIssue]

    @asynccontextmanager
    async def recorded(self: Database, *, workspace_id: int | None = None) -> AsyncGenerator[Tx]:
        token = _collected.set([])
        try:
            async with transaction(self, workspace_id=workspace_id) as tx:
                yield tx
            if statements := _collected.get():
                written.write(";\n".join(["begin", *statements, "commit"]) + ";\n")
                written.flush()
        finally:
            _collected.reset(token)

    @asynccontextmanager
    async def glanced(self: Database) -> AsyncGenerator[Tx]:
        token = _collected.set([])
        try:
            async with glance(self) as tx:
                yield tx
            if statements := _collected.get():
                written.write(";\n".join(statements) + ";\n")
                written.flush()
        finally:
            _collected.reset(token)

    db.AsyncConnectionPool = Pool  # pyright: ignore[reportPrivateImportUsage]
    Database.transaction = recorded  # pyright: ignore[reportAttributeAccessIssue]
    Database.glance = glanced  # pyright: ignore[reportAttributeAccessIssue]
