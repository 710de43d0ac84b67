"""Stopping a campaign by rule: it is `tripped` until a person resumes it, or its time has come."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from campana.domain.campaign import CampaignState
from campana.services import events
from campana.services.context import Context
from campana.store import campaign_actions, campaigns
from campana.store import events as store_events
from campana.store.db import Tx

ACTOR = "a breaker"

log = logging.getLogger(__name__)


async def trip(
    context: Context, *, campaign_id: str, reason: str, resume_at: datetime | None = None
) -> bool:
    """Stop a running campaign unless somebody was quicker; a claim in progress commits first.

    `reason` is for people, a few words that go on from "a breaker stopped it:".
    """
    now = context.clock.now()
    async with context.db.transaction() as tx:
        campaign = await campaigns.lock(tx, campaign_id=campaign_id, now=now)
        if campaign is None or campaign.state is not CampaignState.RUNNING:
            return False
        await campaigns.set_state(
            tx,
            campaign_id=campaign_id,
            state=CampaignState.TRIPPED,
            now=now,
            reason=reason,
            resume_at=resume_at,
        )
        tripped = replace(campaign, state=CampaignState.TRIPPED)
        told = events.of_trip(tripped, at=now, reason=reason, resume_at=resume_at)
        await store_events.add(tx, told)
        await note(
            tx,
            campaign_id=campaign_id,
            workspace_id=campaign.workspace_id,
            action="trip",
            now=now,
            reason=reason,
        )
    log.warning("campaign %s is tripped: %s", campaign_id, reason)
    return True


async def note(
    tx: Tx,
    *,
    campaign_id: str,
    workspace_id: int,
    action: str,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Keep what was done by rule among what people did."""
    await campaign_actions.add(
        tx,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        action=action,
        actor=ACTOR,
        now=now,
        detail=None if reason is None else {"reason": reason},
    )
