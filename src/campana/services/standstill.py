"""A stop is answered when nothing it forbids can begin any more: within the send deadline.

Whoever calls has committed what forbids it: no claim that begins later goes against that, and a
claim that was under way was waited for by the commit. What such a claim wrote may be sent until it
is too old: then an intent is never sent. That is what is waited for here, and nothing else: what
begins meanwhile, within the rules as they are now, is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from campana.services.context import Context
from campana.services.dispatch import SEND_DEADLINE
from campana.store import attempts
from campana.store.db import Tx

_POLL_SECONDS = 0.02
_MARGIN = timedelta(milliseconds=100)
"""From a worker's last look at its deadline to the packet leaving it."""


async def of_campaign(context: Context, *, workspace_id: int, campaign_id: str) -> None:
    """Return when no intent of the campaign that was written before can still be sent."""
    before = context.clock.now()
    await _until_too_old(
        context,
        workspace_id=workspace_id,
        newest=lambda tx: attempts.newest_unsent(tx, campaign_id=campaign_id, before=before),
    )


async def of_channel(context: Context, *, workspace_id: int, channel_id: str) -> None:
    """Return when nothing that was claimed on the channel before can still be sent."""
    before = context.clock.now()
    await _until_too_old(
        context,
        workspace_id=workspace_id,
        newest=lambda tx: attempts.newest_unsent_on(tx, channel_id=channel_id, before=before),
    )


async def _until_too_old(
    context: Context,
    *,
    workspace_id: int,
    newest: Callable[[Tx], Awaitable[datetime | None]],
) -> None:
    longest = SEND_DEADLINE + _MARGIN
    # Whatever the clock says: what was claimed before this moment is too old by then.
    given_up = context.monotonic() + longest.total_seconds()
    while context.monotonic() < given_up:
        async with context.db.read(workspace_id=workspace_id) as tx:
            latest = await newest(tx)
        if latest is None or latest + longest < context.clock.now():
            return
        await asyncio.sleep(_POLL_SECONDS)
