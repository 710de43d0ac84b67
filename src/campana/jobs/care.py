"""Periodic care: jobs of a worker that died run again; what is too old is forgotten."""

from __future__ import annotations

from datetime import timedelta

from procrastinate import App

from campana.services import auditing, erasure_keys, retention, template_sync, uploads
from campana.services.context import Context
from campana.store import accounts, caller_ids

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
            before = context.clock.now() - _REMEMBERED
            await accounts.forget_old_requests(tx, before=before)
            await caller_ids.forget(tx, before=before.date())

    @app.periodic(cron="23 * * * *")
    @app.task(name="keep_to_retention", queueing_lock="keep_to_retention")
    async def keep_to_retention(timestamp: int) -> None:  # noqa: ARG001 - as above
        await retention.keep_to(context)

    @app.periodic(cron="31 * * * *")
    @app.task(name="seal_erasure_keys", queueing_lock="seal_erasure_keys")
    async def seal_erasure_keys(timestamp: int) -> None:  # noqa: ARG001 - as above
        await erasure_keys.seal_anew(context)

    @app.periodic(cron="41 * * * *")
    @app.task(name="forget_files_left_behind", queueing_lock="forget_files_left_behind")
    async def forget_files_left_behind(timestamp: int) -> None:  # noqa: ARG001 - as above
        await uploads.forget_left_behind(context, before=context.clock.now() - _REMEMBERED)

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="seal_audit_log", queueing_lock="seal_audit_log")
    async def seal_audit_log(timestamp: int) -> None:  # noqa: ARG001 - as above
        await auditing.seal(context)

    @app.periodic(cron="*/15 * * * *")
    @app.task(name="sync_templates", queueing_lock="sync_templates")
    async def sync_templates(timestamp: int) -> None:  # noqa: ARG001 - as above
        await template_sync.sync_all(context)
