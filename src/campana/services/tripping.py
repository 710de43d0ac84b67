"""Stopping a campaign by rule: it is `tripped` until a person resumes it."""

from __future__ import annotations

import logging

from campana.domain.campaign import CampaignState
from campana.services.context import Context
from campana.store import campaigns

log = logging.getLogger(__name__)


async def trip(context: Context, *, campaign_id: str, reason: str) -> bool:
    """Stop a running campaign, with a machine-readable reason; False when it does not run."""
    now = context.clock.now()
    async with context.db.transaction() as tx:
        campaign = await campaigns.lock(tx, campaign_id=campaign_id, now=now)
        if campaign is None or campaign.state is not CampaignState.RUNNING:
            return False
        await campaigns.set_state(tx, campaign_id=campaign_id, state=CampaignState.TRIPPED, now=now)
        await campaigns.note_trip(
            tx,
            workspace_id=campaign.workspace_id,
            campaign_id=campaign_id,
            reason=reason,
            now=now,
        )
    log.warning("campaign %s is tripped: %s", campaign_id, reason)
    return True
