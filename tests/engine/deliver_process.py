"""A process that delivers webhooks and does nothing else, for tests that kill it.

python deliver_process.py CONNINFO SECONDS_AHEAD
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path

from campana.blobs import Blobs
from campana.engine.duty import Duty
from campana.engine.ownership import Ownership
from campana.engine.runner import stop_on_signals
from campana.engine.webhooks import Deliverer
from campana.services.context import Context
from campana.services.outbound import Outbound
from campana.services.secrets import Secrets
from campana.store.db import Database, DatabaseClock, Role
from tests.support.database import SECRET_KEY


async def main(conninfo: str, ahead: str) -> None:
    db = Database(conninfo, role=Role.ENGINE, max_connections=3)
    await db.open()
    clock = DatabaseClock(shift=timedelta(seconds=float(ahead)))
    async with db.read() as tx:
        await clock.sample(tx)
    context = Context(
        db=db,
        clock=clock,
        entropy=os.urandom,
        blobs=Blobs(root=Path("none")),
        carriers={},
        secrets=Secrets.of([SECRET_KEY]),
        outbound=Outbound(allow_loopback=True),
    )
    duty = Duty()
    ownership = asyncio.create_task(Ownership(context, in_hand=list, duty=duty).keep())
    try:
        await Deliverer(context, duty=duty).run(stop_on_signals())
    finally:
        ownership.cancel()
        await asyncio.gather(ownership, return_exceptions=True)
        await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
