"""The task that enrolls a campaign's list."""

from __future__ import annotations

from procrastinate import App, RetryStrategy

from campana.services import targets
from campana.services.context import Context

_RETRY_SECONDS = 5


def register(app: App, context: Context) -> None:
    """Make the enrolling task of `app`."""

    # Enrolling goes on where it stopped, so it may be tried for as long as the database is away.
    @app.task(name="enroll", retry=RetryStrategy(wait=_RETRY_SECONDS))
    async def enroll(campaign_id: str) -> None:
        await targets.enroll(context, campaign_id=campaign_id)
