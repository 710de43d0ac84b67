"""Keep `open_windows` true: which waiting groups may be contacted now, and until when.

A hint for choosing, recomputed every minute and when people are enrolled or a campaign changes; the
gate asks the window itself again for every target.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campana.domain.errors import InvalidParameter
from campana.domain.target import zones_of
from campana.domain.window import END_OF_TIME, Window, ever_opens, next_open, open_until
from campana.services import key_hours, late, tripping
from campana.services.context import Context
from campana.store import due
from campana.store.db import Tx

UNREADABLE = "what it was launched with cannot be read"


async def refresh_all(context: Context) -> None:
    """Look after every running campaign, one by one (engine role): its windows are recomputed.

    One nobody looked after for too long is tripped, and so is one whose document cannot be read.
    """
    async with context.db.read() as tx:
        running = await due.running(tx)
    for campaign in running:
        try:
            if not await late.look(context, campaign_id=campaign.campaign_id):
                continue
            async with context.db.transaction() as tx:
                await refresh(
                    tx,
                    context,
                    campaign_id=campaign.campaign_id,
                    workspace_id=campaign.workspace_id,
                    document=campaign.document,
                )
        except InvalidParameter as error:
            # Of another version: nobody guesses what it allowed, and no other waits for it.
            await tripping.trip(
                context, campaign_id=campaign.campaign_id, reason=f"{UNREADABLE}: {error}"
            )


async def refresh(
    tx: Tx,
    context: Context,
    *,
    campaign_id: str,
    workspace_id: int,
    document: Mapping[str, Any],
) -> None:
    """Recompute every key a campaign waits under, in key order."""
    keys = await due.window_keys(tx, campaign_id=campaign_id)
    hours = await key_hours.hours_under(tx, campaign_id=campaign_id, document=document, keys=keys)
    for key in keys:
        await _open(
            tx,
            context,
            campaign_id=campaign_id,
            workspace_id=workspace_id,
            window=hours[key],
            window_key=key,
            channel_id=key_hours.channel_of_key(document, key),
        )


async def open_key(
    tx: Tx,
    context: Context,
    *,
    campaign_id: str,
    workspace_id: int,
    document: Mapping[str, Any],
    window_key: str,
) -> None:
    """Somebody waits under `window_key` now: see that it is open if it may be."""
    hours = await key_hours.hours_under(
        tx, campaign_id=campaign_id, document=document, keys=[window_key]
    )
    await _open(
        tx,
        context,
        campaign_id=campaign_id,
        workspace_id=workspace_id,
        window=hours[window_key],
        window_key=window_key,
        channel_id=key_hours.channel_of_key(document, window_key),
    )


async def _open(
    tx: Tx,
    context: Context,
    *,
    campaign_id: str,
    workspace_id: int,
    window: Window,
    window_key: str,
    channel_id: str | None,
) -> None:
    zones, now = zones_of(window_key), context.clock.now()
    until = open_until(window, zones, now)
    is_never = until is None and next_open(window, zones, now) is None
    if is_never and ever_opens(window, now):
        # Nobody waits for what never comes: claimed, they are dropped by the gate with its reason.
        until = END_OF_TIME
    await due.set_window(
        tx,
        campaign_id=campaign_id,
        workspace_id=workspace_id,
        window_key=window_key,
        open_until=until,
        channel_id=channel_id,
    )
