"""The Procrastinate app: which tasks there are, over which connections.

`campana work` runs its worker in its own process:

    async with build(context).open_async() as app:
        await work(app)

Everything a task needs is in the context it was built with; nothing is global.
"""

from __future__ import annotations

import asyncio
import logging

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException

from campana.jobs import care, erasures, imports, lifting, suppressions, targets
from campana.services.context import Context
from campana.store.db import session_options

log = logging.getLogger(__name__)

_CONCURRENCY = 4
_CONNECTIONS = 4
_CONNECTION_SECONDS = 5
"""How long to wait for a connection, also for the one with which a worker says good-bye."""
_PAUSE_WITHOUT_DATABASE = 1.0


def build(context: Context) -> App:
    """An app that is not open yet, whose tasks act through `context` (of the engine's role)."""
    app = App(
        connector=PsycopgConnector(
            conninfo=context.db.conninfo,
            kwargs={"options": session_options(context.db.role)},
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=_CONNECTION_SECONDS,
        ),
        # A job that went well is of no more use; one that failed stays to be looked at.
        worker_defaults={"concurrency": _CONCURRENCY, "delete_jobs": "successful"},
    )
    care.register(app, context)
    erasures.register(app, context)
    imports.register(app, context)
    lifting.register(app, context)
    suppressions.register(app, context)
    targets.register(app, context)
    return app


async def work(app: App) -> None:
    """Do what is deferred until cancelled; a database that is away is waited for.

    Procrastinate's worker ends when it loses its connection. A task it had begun is found by the
    care for stalled ones.
    """
    while True:
        try:
            await app.run_worker_async(install_signal_handlers=False)
        except ConnectorException as error:
            log.warning("background tasks: the database does not answer: %s", error)
            await asyncio.sleep(_PAUSE_WITHOUT_DATABASE)
        else:
            return
