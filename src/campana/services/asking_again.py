"""A rule was eased: whomever it had put off is to be asked again (`services/lifting.py` does so).

Deferred in the transaction of the change, so that the one is never without the other.
"""

from __future__ import annotations

from collections.abc import Collection

from campana.domain.easing import Held
from campana.store import jobs
from campana.store.db import Tx

TASK = "ask_again"


async def note(
    tx: Tx,
    *,
    workspace_id: int,
    reasons: Collection[Held],
    campaign_id: str | None = None,
    channel_id: str | None = None,
) -> None:
    """Have those asked again who were put off for one of these reasons, if there are any.

    Of a campaign, of all that use a channel, or of all of the workspace.
    """
    if not reasons:
        return
    await jobs.defer(
        tx,
        task=TASK,
        arguments={
            "workspace_id": workspace_id,
            "campaign_id": campaign_id or "",
            "channel_id": channel_id or "",
            "reasons": ",".join(sorted(reasons)),
        },
    )
