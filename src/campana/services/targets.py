"""Enroll the people of a list, or of a segment, into a campaign, a stretch at a time."""

from __future__ import annotations

from campana.domain.campaign import CampaignState
from campana.services import following, windows
from campana.services.context import Context
from campana.store import campaigns, enrollments, lists, targets
from campana.store.db import Tx
from campana.store.targets import Enrollment

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
        if await lists.segment_of(tx, list_id=enrollment.list_id) is None:
            await targets.enroll(
                tx, campaign_id=campaign_id, enrollment=enrollment, limit=STRETCH, now=now
            )
        else:
            await _segment(tx, context, campaign_id=campaign_id, enrollment=enrollment)
        await windows.refresh(
            tx,
            context,
            campaign_id=campaign_id,
            workspace_id=enrollment.workspace_id,
            document=document,
        )
    return True


async def _segment(tx: Tx, context: Context, *, campaign_id: str, enrollment: Enrollment) -> None:
    """A stretch of the lists a segment may have people of."""
    asked = await following.question_of(
        tx, workspace_id=enrollment.workspace_id, list_id=enrollment.list_id
    )
    step = await following.enroll_stretch(
        tx, context, campaign_id=campaign_id, at=enrollment, asked=asked
    )
    await enrollments.advance(
        tx,
        campaign_id=campaign_id,
        list_id=enrollment.list_id,
        scan_list_id=step.scan_list_id,
        last_contact_id=step.last_contact_id,
        made=step.made,
        is_done=step.is_round_over,
        now=context.clock.now(),
    )
    await enrollments.count_duplicates(
        tx,
        campaign_id=campaign_id,
        list_id=enrollment.list_id,
        duplicates=step.duplicates,
    )
