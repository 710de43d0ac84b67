"""A process that does one import and nothing else, for tests that kill it.

python import_process.py CONNINFO BLOBS IMPORT
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from campana.blobs import Blobs
from campana.services import imports
from campana.services.context import Context
from campana.services.imports import ImportHeld
from campana.store.db import Database, DatabaseClock, Role


async def main(conninfo: str, blobs: str, import_id: str) -> None:
    db = Database(conninfo, role=Role.ENGINE, max_connections=2)
    await db.open()
    clock = DatabaseClock()
    async with db.read() as tx:
        await clock.sample(tx)
    context = Context(
        db=db, clock=clock, entropy=os.urandom, blobs=Blobs(root=Path(blobs)), carriers={}
    )
    try:
        while True:
            try:
                await imports.run(context, import_id=import_id)
            except ImportHeld:
                continue  # The server has not noticed yet that the one before was killed.
            return
    finally:
        await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
