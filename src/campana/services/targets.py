"""Enroll the people of a list into a campaign, a stretch at a time."""

from __future__ import annotations

from campana.domain.campaign import CampaignState
from campana.services import windows
from campana.services.context import Context
from campana.store import campaigns, targets

STRETCH = 5_000
"""Contacts a transaction; small enough that a worker in need of the campaign row never waits
long."""


async def enroll(context: Context, *, campaign_id: str) -> None:
    """Make a target of everybody (engine role).

    Safe to repeat, to interrupt, and to run twice at once.
    """
    while await _stretch(context, campaign_id):
        pass


async def _stretch(context: Context, campaign_id: str) -> bool:
    """One transaction of work; False when nothing is left."""
    now = context.clock.now()
    async with context.db.transaction() as tx:
        # The campaign first, then the enrollment: the order every transaction takes its locks in.
        state, document = await campaigns.share_state(tx, campaign_id=campaign_id, now=now)
        enrollment = await targets.lock_enrollment(tx, campaign_id=campaign_id)
        if enrollment is None:
            return False
        if state in {CampaignState.CANCELLED, CampaignState.EXPIRED, CampaignState.COMPLETED}:
            await targets.end_enrollment(
                tx, campaign_id=campaign_id, enrollment=enrollment, now=now
            )
            return True
        await targets.enroll(
            tx, campaign_id=campaign_id, enrollment=enrollment, limit=STRETCH, now=now
        )
        await windows.refresh(
            tx,
            context,
            campaign_id=campaign_id,
            workspace_id=enrollment.workspace_id,
            document=document,
        )
    return True
