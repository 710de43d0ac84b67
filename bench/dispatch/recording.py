"""Every statement a worker sends, written down in the order of the commits, for pgbench to repeat.

Each transaction is collected for itself and written when it commits, so that those of several
connections do not mix. What a statement answered is not looked at again: the values are in it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from psycopg import AsyncClientCursor, AsyncCursor
from psycopg_pool import AsyncConnectionPool

from campana.store import db
from campana.store.db import Database, Tx

_collected: ContextVar[list[str] | None] = ContextVar("_collected", default=None)


def begin(path: Path) -> None:
    """Record the statements of this process from now on."""
    written = path.open("w")
    transaction, glance = Database.transaction, Database.glance

    class Recording(AsyncCursor[Any]):
        async def execute(self, query: Any, params: Any = None, **how: Any) -> Any:
            statements = _collected.get()
            if statements is not None:
                text = AsyncClientCursor(self._conn).mogrify(query, params)
                # pgbench reads a colon and a name as a variable; none is defined, so none is meant.
                statements.append(" ".join(text.split("\n")))
            return await super().execute(query, params, **how)

    class Pool(AsyncConnectionPool):
        def __init__(self, *given: Any, **how: Any) -> None:
            how["kwargs"] = {**how.get("kwargs", {}), "cursor_factory": Recording}
            super().__init__(*given, **how)

    @asynccontextmanager
    async def recorded(self: Database, **how: Any) -> AsyncGenerator[Tx]:
        token = _collected.set([])
        try:
            async with transaction(self, **how) as tx:
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
