"""The tasks that enroll a campaign's list, once or for as long as it follows it."""

from __future__ import annotations

from procrastinate import App, RetryStrategy

from campana.services import following, targets
from campana.services.context import Context

_RETRY_SECONDS = 5


def register(app: App, context: Context) -> None:
    """Make the enrolling tasks of `app`."""

    # Enrolling goes on where it stopped, so it may be tried for as long as the database is away.
    @app.task(name="enroll", retry=RetryStrategy(wait=_RETRY_SECONDS))
    async def enroll(campaign_id: str) -> None:
        await targets.enroll(context, campaign_id=campaign_id)

    @app.periodic(cron="* * * * *")
    @app.task(name="follow_lists", queueing_lock="follow_lists", lock="follow_lists")
    async def follow_lists(timestamp: int) -> None:  # noqa: ARG001 - periodic tasks get it
        await following.follow(context)
