"""A rule was eased: whomever it had put off is asked again now.

Without it they would wait for the time they were put off to, for a cap up to a month. They may be a
million: a background task goes through them. Nobody is let through by it: the gate judges everybody
again, and puts off again whom something holds.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from functools import partial

from campana.domain import easing
from campana.domain.easing import Held
from campana.domain.errors import InvalidParameter
from campana.services import windows
from campana.services.context import Context
from campana.store import breakers, due, messages
from campana.store.due import Running

log = logging.getLogger(__name__)

_AT_ONCE = 2_000
"""People looked at in one transaction."""
_CLAIMS_ARE_OVER_AFTER = 12.0
"""Seconds: a process reads its channels anew every second, and a claim that stands still for ten is
ended by the server."""


async def ask_again(
    context: Context,
    *,
    workspace_id: int,
    reasons: Collection[Held],
    campaign_id: str | None = None,
    channel_id: str | None = None,
) -> int:
    """Make whoever waits for one of these reasons due at once; how many they were (engine role).

    Who changes a campaign waits for its claims. Of anything else one may have read the old rule and
    put people off by it later: they are looked for once more.
    """
    if channel_id is not None:
        await _free_channel(context, channel_id=channel_id, reasons=reasons)
    if set(reasons) == {Held.CARRIER}:
        return 0
    ask = partial(
        _ask_once,
        context,
        workspace_id=workspace_id,
        reasons=reasons,
        campaign_id=campaign_id,
        channel_id=channel_id,
    )
    found = await ask()
    if campaign_id is None:
        await context.doze(_CLAIMS_ARE_OVER_AFTER)
        found += await ask()
    return found


async def _ask_once(
    context: Context,
    *,
    workspace_id: int,
    reasons: Collection[Held],
    campaign_id: str | None,
    channel_id: str | None,
) -> int:
    async with context.db.read() as tx:
        campaigns = await due.unfinished(
            tx, workspace_id=workspace_id, campaign_id=campaign_id, channel_id=channel_id
        )
    found = 0
    for campaign in campaigns:
        if channel_id is not None and not easing.HOURS.isdisjoint(reasons):
            await _open(context, campaign)
        found += await _bring_forward(context, campaign.campaign_id, reasons)
    return found


async def _free_channel(context: Context, *, channel_id: str, reasons: Collection[Held]) -> None:
    """What waits for the channel itself: its carrier, and answers that people wrote on it."""
    async with context.db.transaction() as tx:
        now = context.clock.now()
        if Held.CARRIER in reasons:
            await breakers.set_up(tx, channel_id=channel_id, now=now)
        if Held.PORTFOLIO in reasons:
            await messages.bring_forward(tx, channel_id=channel_id, now=now)


async def _open(context: Context, campaign: Running) -> None:
    """The hours of its channel are others: not only in a minute."""
    try:
        async with context.db.transaction() as tx:
            await windows.refresh(
                tx,
                context,
                campaign_id=campaign.campaign_id,
                workspace_id=campaign.workspace_id,
                document=campaign.document,
            )
    except InvalidParameter as error:
        # Whoever keeps the hours of all trips it for that.
        log.warning("campaign %s cannot be read: %s", campaign.campaign_id, error)


async def _bring_forward(context: Context, campaign_id: str, reasons: Collection[Held]) -> int:
    """From the first who waits to the last: nobody who is put off again is asked for ever."""
    found, place = 0, due.FIRST_PLACE
    while place is not None:
        async with context.db.transaction() as tx:
            moved, place = await due.bring_forward(
                tx,
                campaign_id=campaign_id,
                reasons=reasons,
                after=place,
                limit=_AT_ONCE,
                now=context.clock.now(),
            )
        found += moved
    return found
