"""Several workers in one process, who send and apply what comes of it; for tests that kill it.

Each has an identity and turns of its own, as if it were a process: sixteen processes leave nothing
of a small machine for the carrier that judges them.

python dispatch_process.py WORKERS
"""

from __future__ import annotations

import asyncio
import sys

from campana import bootstrap, settings
from campana.engine.runner import stop_on_signals
from campana.store.db import Role
from tests.support.stage import working


async def main(workers: int) -> None:
    stop = stop_on_signals()
    given = settings.read()
    assert given.database_url is not None
    async with (
        bootstrap.opened(
            given, given.database_url, role=Role.ENGINE, max_connections=2 + 2 * workers
        ) as context,
        working(context, bootstrap.public_url(given), dispatchers=workers),
    ):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
