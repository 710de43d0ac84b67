"""The composition root: settings, clock and randomness enter here, once, and are passed down.

Everything that runs (web, work, voice, a command) starts by opening a Context here.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

from campana.blobs import Blobs
from campana.carriers import load_all
from campana.domain.errors import SetupError, Unavailable
from campana.services.context import Context
from campana.settings import Settings
from campana.store import migrations
from campana.store.db import Database, DatabaseClock, Role

DEFAULT_WORKSPACE = "default"


@contextmanager
def database(settings: Settings) -> Generator[str]:
    """The connection string of the configured PostgreSQL, or of the embedded one while the block
    lasts.

    Raises:
        SetupError: the data directory or the server cannot be used.
    """
    if settings.database_url:
        yield settings.database_url
        return
    from campana.store.embedded import attach

    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(
            f"cannot use the data directory {settings.data_dir}: {error.strerror}"
        ) from error
    embedded = attach(settings.data_dir)
    try:
        yield embedded.conninfo
    finally:
        embedded.close()


def prepare(settings: Settings, conninfo: str) -> None:
    """Make the schema ready: the embedded database is migrated, a given one only checked.

    Raises:
        SetupError: a given database has another schema than this program.
    """
    if settings.database_url:
        migrations.check(conninfo)
    else:
        migrations.migrate(conninfo)


@asynccontextmanager
async def opened(
    settings: Settings, conninfo: str, *, role: Role, max_connections: int = 10
) -> AsyncGenerator[Context]:
    """A Context on `conninfo` whose clock follows the database's until the block ends.

    Raises:
        SetupError: the database does not answer.
    """
    db = Database(conninfo, role=role, max_connections=max_connections)
    await db.open()
    clock = DatabaseClock()
    try:
        async with db.read() as tx:
            await clock.sample(tx)
        keeper = asyncio.create_task(_keep(clock, db))
        try:
            yield Context(
                db=db,
                clock=clock,
                entropy=os.urandom,
                blobs=Blobs(root=settings.data_dir / "blobs"),
                carriers=load_all(),
            )
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
    finally:
        await db.close()


async def _keep(clock: DatabaseClock, db: Database) -> None:
    while True:
        await asyncio.sleep(1)
        if clock.is_due:
            try:
                async with db.read() as tx:
                    await clock.sample(tx)
            except Unavailable:
                # The monotonic clock carries on; nothing is dialed without the database anyway.
                continue
