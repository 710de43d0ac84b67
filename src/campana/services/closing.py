"""Campaigns come to an end: when the ledger has nothing left, or when their end date has passed."""

from __future__ import annotations

from campana.domain.campaign import CampaignState
from campana.domain.disposition import Disposition
from campana.services.context import Context
from campana.store import campaigns, targets


async def close_finished(context: Context) -> list[str]:
    """Complete running campaigns that have nothing left to do; returns their ids (engine role)."""
    async with context.db.transaction() as tx:
        return await campaigns.complete_finished(tx, now=context.clock.now())


async def close_expired(context: Context) -> list[str]:
    """Finish whoever waits in campaigns past their end date; returns their ids (engine role)."""
    now = context.clock.now()
    async with context.db.transaction() as tx:
        expired = await campaigns.past_end(tx, now=now)
        for campaign_id in expired:
            await targets.close_waiting(
                tx, campaign_id=campaign_id, disposition=Disposition.EXPIRED, now=now
            )
            await campaigns.set_state(
                tx, campaign_id=campaign_id, state=CampaignState.EXPIRED, now=now
            )
    return expired
