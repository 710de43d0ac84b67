"""The task that asks people again whom a rule had put off, once it was eased."""

from __future__ import annotations

from procrastinate import App, RetryStrategy

from campana.domain.easing import Held
from campana.services import asking_again, lifting
from campana.services.context import Context

_RETRY_SECONDS = 5


def register(app: App, context: Context) -> None:
    """Make the task of `app`; done again it changes nothing."""

    # Without reasons it was deferred by a version of the program that had but one.
    @app.task(name=asking_again.TASK, retry=RetryStrategy(wait=_RETRY_SECONDS))
    async def ask_again(
        workspace_id: int,
        campaign_id: str = "",
        channel_id: str = "",
        reasons: str = Held.BUDGET,
    ) -> None:
        await lifting.ask_again(
            context,
            workspace_id=workspace_id,
            campaign_id=campaign_id or None,
            channel_id=channel_id or None,
            reasons=[Held(reason) for reason in reasons.split(",")],
        )
