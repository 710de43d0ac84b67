"""Keep `open_windows` true: which waiting groups may be contacted now, and until when.

A hint for choosing, recomputed every minute and when people are enrolled or a campaign changes; the
gate asks the window itself again for every target.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campana.domain.campaign import ChannelType
from campana.domain.target import channel_of, zones_of
from campana.domain.window import END_OF_TIME, Window, ever_opens, next_open, open_until
from campana.services import late
from campana.services.campaign_document import plan_of
from campana.services.context import Context
from campana.store import due
from campana.store.db import Tx


async def refresh_all(context: Context) -> None:
    """Look after every running campaign, one by one (engine role): its windows are recomputed.

    One nobody looked after for too long is tripped.
    """
    async with context.db.read() as tx:
        running = await due.running(tx)
    for campaign in running:
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


async def refresh(
    tx: Tx,
    context: Context,
    *,
    campaign_id: str,
    workspace_id: int,
    document: Mapping[str, Any],
) -> None:
    """Recompute every key a campaign waits under, in key order."""
    windows: dict[ChannelType | None, Window] = {}
    for key in await due.window_keys(tx, campaign_id=campaign_id):
        channel_type = channel_of(key)
        channel_id = _channel_id(document, channel_type)
        if channel_type not in windows:
            of_channel = await due.channel_window(
                tx, campaign_id=campaign_id, channel_id=channel_id
            )
            windows[channel_type] = plan_of(document, channel_window=of_channel).window
        await _open(
            tx,
            context,
            campaign_id=campaign_id,
            workspace_id=workspace_id,
            window=windows[channel_type],
            window_key=key,
            channel_id=channel_id,
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
    channel_id = _channel_id(document, channel_of(window_key))
    of_channel = await due.channel_window(tx, campaign_id=campaign_id, channel_id=channel_id)
    await _open(
        tx,
        context,
        campaign_id=campaign_id,
        workspace_id=workspace_id,
        window=plan_of(document, channel_window=of_channel).window,
        window_key=window_key,
        channel_id=channel_id,
    )


def _channel_id(document: Mapping[str, Any], channel_type: ChannelType | None) -> str | None:
    """The channel a key is served on, when it names a type that is not the campaign's own."""
    return None if channel_type is None else document.get("channels", {}).get(channel_type)


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
