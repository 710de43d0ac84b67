"""The task that asks people again whom a limit had put off, once it was raised."""

from __future__ import annotations

from procrastinate import App, RetryStrategy

from campana.services import raised_limits
from campana.services.context import Context

_RETRY_SECONDS = 5


def register(app: App, context: Context) -> None:
    """Make the task of `app`; done again it changes nothing."""

    @app.task(name=raised_limits.TASK, retry=RetryStrategy(wait=_RETRY_SECONDS))
    async def ask_again(workspace_id: int, campaign_id: str) -> None:
        await raised_limits.ask_again(
            context, workspace_id=workspace_id, campaign_id=campaign_id or None
        )
