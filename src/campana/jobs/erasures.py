"""The tasks that take away what is left of an erased person."""

from __future__ import annotations

from uuid import UUID

from procrastinate import App, RetryStrategy

from campana.services import erasures
from campana.services.context import Context
from campana.services.recordings import REMOVE_TASK, remove_recordings

_RETRY_SECONDS = 5


def register(app: App, context: Context) -> None:
    """Make the erasing tasks of `app`."""

    # Without end: what is under way must be over first, or the database or the disk is away.
    @app.task(name=erasures.TASK, retry=RetryStrategy(wait=_RETRY_SECONDS))
    async def erase(erasure_id: str) -> None:
        await erasures.run(context, erasure_id=erasure_id)

    @app.task(name=REMOVE_TASK, retry=RetryStrategy(wait=_RETRY_SECONDS))
    async def remove_recording(attempt_id: str) -> None:
        await remove_recordings(context, attempt_ids=[UUID(attempt_id)])
