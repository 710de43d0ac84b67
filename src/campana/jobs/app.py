"""The Procrastinate app: which tasks there are, over which connections.

`campana work` runs its worker in its own process:

    async with build(context).open_async() as app:
        await app.run_worker_async(install_signal_handlers=False)

Everything a task needs is in the context it was built with; nothing is global.
"""

from __future__ import annotations

from procrastinate import App, PsycopgConnector

from campana.jobs import care, imports, suppressions, targets
from campana.services.context import Context
from campana.store.db import session_options

_CONCURRENCY = 4
_CONNECTIONS = 4


def build(context: Context) -> App:
    """An app that is not open yet, whose tasks act through `context` (of the engine's role)."""
    app = App(
        connector=PsycopgConnector(
            conninfo=context.db.conninfo,
            kwargs={"options": session_options(context.db.role)},
            min_size=1,
            max_size=_CONNECTIONS,
        ),
        # A job that went well is of no more use; one that failed stays to be looked at.
        worker_defaults={"concurrency": _CONCURRENCY, "delete_jobs": "successful"},
    )
    care.register(app, context)
    imports.register(app, context)
    suppressions.register(app, context)
    targets.register(app, context)
    return app
