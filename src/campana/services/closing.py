"""Campaigns come to an end: when the ledger has nothing left, or when their end date has passed."""

from __future__ import annotations

from datetime import datetime

from campana.domain.campaign import CampaignState
from campana.domain.disposition import Disposition
from campana.services import events
from campana.services.context import Context
from campana.store import campaigns, targets
from campana.store import events as store_events
from campana.store.db import Tx


async def close_finished(context: Context) -> list[str]:
    """Complete running campaigns that have nothing left to do; returns their ids (engine role)."""
    now = context.clock.now()
    async with context.db.transaction() as tx:
        completed = await campaigns.complete_finished(tx, now=now)
        for campaign_id in completed:
            await _tell(tx, campaign_id, now=now)
    return completed


async def close_expired(context: Context) -> list[str]:
    """Finish whoever waits in campaigns past their end date; returns their ids (engine role)."""
    now = context.clock.now()
    async with context.db.transaction() as tx:
        expired = await campaigns.past_end(tx, now=now)
        for campaign_id in expired:
            closed = await targets.close_waiting(
                tx, campaign_id=campaign_id, disposition=Disposition.EXPIRED, now=now
            )
            await campaigns.set_state(
                tx, campaign_id=campaign_id, state=CampaignState.EXPIRED, now=now
            )
            await _tell(tx, campaign_id, now=now, targets_closed=closed)
    return expired


async def _tell(tx: Tx, campaign_id: str, *, now: datetime, targets_closed: int = 0) -> None:
    campaign = await campaigns.get(tx, campaign_id=campaign_id, now=now)
    if campaign is not None:
        told = events.of_state(campaign, at=now, targets_closed=targets_closed)
        await store_events.add(tx, told)
