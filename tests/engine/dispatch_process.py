"""Several workers in one process, who send and apply what comes of it; for tests that kill it.

Each has an identity and turns of its own, as if it were a process: sixteen processes leave nothing
of a small machine for the carrier that judges them.

python dispatch_process.py CONNINFO FOLDER URL WORKERS
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from campana import bootstrap
from campana.engine.accounts import Accounts
from campana.engine.applier import Applier
from campana.engine.dispatcher import Dispatcher
from campana.engine.listening import Listening
from campana.engine.runner import Loop, repeat, stop_on_signals
from campana.engine.sweeper import Sweeper
from campana.settings import Settings
from campana.store.db import Role
from tests.support.database import SECRET_KEY


async def main(conninfo: str, folder: str, url: str, workers: str) -> None:
    stop = stop_on_signals()
    settings = Settings(data_dir=Path(folder), database_url=conninfo, secret_key=SECRET_KEY)
    count = int(workers)
    async with AsyncExitStack() as stack:
        context = await stack.enter_async_context(
            bootstrap.opened(settings, conninfo, role=Role.ENGINE, max_connections=2 + 2 * count)
        )
        accounts = Accounts(context)
        stack.push_async_callback(accounts.aclose)
        several = [Dispatcher(context, accounts=accounts, public_url=url) for _ in range(count)]
        loops = [
            *(Loop(name="dispatch", step=each.step, rest=0.05) for each in several),
            Loop(name="apply", step=Applier(context).step, rest=0.05),
            Loop(name="match", step=Applier(context).match, rest=0.05),
            *Sweeper(context).loops(),
        ]
        beside = [asyncio.create_task(each.ownership.keep()) for each in several]
        beside.append(asyncio.create_task(Listening(context, accounts=accounts).run()))
        await asyncio.gather(*(repeat(loop, stop) for loop in loops))
        await asyncio.gather(*(each.drain(seconds=5) for each in several))
        for each in beside:
            each.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
