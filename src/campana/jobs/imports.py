"""The task that brings an import to its end."""

from __future__ import annotations

from procrastinate import App, RetryStrategy

from campana.services import imports
from campana.services.context import Context
from campana.services.lists import IMPORT_TASK

_RETRY_SECONDS = 5


def register(app: App, context: Context) -> None:
    """Make the import task of `app`."""

    # Without end: another process holds the import, or the database is away. An import that cannot
    # succeed is closed by `imports.run` itself, and the next try finds nothing to do.
    @app.task(name=IMPORT_TASK, retry=RetryStrategy(wait=_RETRY_SECONDS))
    async def import_contacts(import_id: str) -> None:
        await imports.run(context, import_id=import_id)
