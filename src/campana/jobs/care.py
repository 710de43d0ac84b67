"""Periodic care: jobs of a worker that died run again; old answers and left files are forgotten."""

from __future__ import annotations

from datetime import timedelta

from procrastinate import App

from campana.services import uploads
from campana.services.context import Context
from campana.store import accounts, deliveries, events

EVENTS_KEPT = timedelta(days=30)
"""How long events can be read and replayed, and what became of their deliveries."""

_REMEMBERED = timedelta(days=1)
_SILENT_SECONDS = 30
"""A worker says every ten seconds that it lives."""


def register(app: App, context: Context) -> None:
    """Make the periodic tasks of `app`."""

    @app.periodic(cron="* * * * *")
    @app.task(name="retry_stalled_jobs", queueing_lock="retry_stalled_jobs")
    async def retry_stalled_jobs(timestamp: int) -> None:  # noqa: ARG001 - periodic tasks get it
        # Procrastinate does not do so by itself: a job whose worker was killed stays "doing".
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_SILENT_SECONDS):
            await app.job_manager.retry_job(job)

    @app.periodic(cron="7 * * * *")
    @app.task(name="forget_old_requests", queueing_lock="forget_old_requests")
    async def forget_old_requests(timestamp: int) -> None:  # noqa: ARG001 - as above
        async with context.db.transaction() as tx:
            await accounts.forget_old_requests(tx, before=context.clock.now() - _REMEMBERED)

    @app.periodic(cron="23 4 * * *")
    @app.task(name="forget_old_events", queueing_lock="forget_old_events")
    async def forget_old_events(timestamp: int) -> None:  # noqa: ARG001 - as above
        before = context.clock.now() - EVENTS_KEPT
        async with context.db.transaction() as tx:
            await deliveries.forget(tx, before=before)
            await events.forget(tx, before=before)

    @app.periodic(cron="41 * * * *")
    @app.task(name="forget_files_left_behind", queueing_lock="forget_files_left_behind")
    async def forget_files_left_behind(timestamp: int) -> None:  # noqa: ARG001 - as above
        await uploads.forget_left_behind(context, before=context.clock.now() - _REMEMBERED)
