"""The task that brings a file of suppressions to its end."""

from __future__ import annotations

from procrastinate import App, RetryStrategy

from campana.services import suppression_imports
from campana.services.context import Context
from campana.services.suppression_imports import IMPORT_TASK

_RETRY_SECONDS = 5


def register(app: App, context: Context) -> None:
    """Make the task of `app`."""

    # Without end, as with contacts: another process holds the file, or the database is away.
    @app.task(name=IMPORT_TASK, retry=RetryStrategy(wait=_RETRY_SECONDS))
    async def import_suppressions(import_id: str) -> None:
        await suppression_imports.run(context, import_id=import_id)
