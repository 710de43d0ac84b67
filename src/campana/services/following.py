"""Campaigns that follow a list: who comes into it is enrolled, who leaves it is let be.

A stretch of people a transaction, so many stretches a round: what a round costs does not grow with
the lists. It ends where it stands and the next one goes on there; after the last list it begins
anew. Killed between any two lines it repeats nothing, and two workers never follow one campaign at
once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campana.domain.campaign import CampaignState
from campana.domain.event import EventName
from campana.services import events, segments, windows
from campana.services.context import Context
from campana.services.segments import EVERYBODY, Question
from campana.store import campaigns, enrollments, lists
from campana.store import events as store_events
from campana.store.db import Tx
from campana.store.enrollments import Followed
from campana.store.lists import Segment
from campana.store.targets import Enrollment

STRETCH = 5_000
"""People looked at in a transaction."""
STRETCHES = 20
"""Of one campaign in a round: 100,000 people a minute, and as many of its targets."""
LEFT = "left the segment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where an enrollment stands after a stretch; at the end of all its lists at nothing."""

    scan_list_id: str | None
    last_contact_id: int
    made: int
    duplicates: int

    @property
    def is_round_over(self) -> bool:
        """Have all lists been walked through?"""
        return self.scan_list_id is None


async def question_of(tx: Tx, *, workspace_id: int, list_id: str) -> Question:
    """Whom an enrollment means: the people of a list, or who fits a segment."""
    segment = await lists.segment_of(tx, list_id=list_id)
    if segment is None:
        return Question(tree=EVERYBODY, lists=[list_id], segment=Segment(where="true", lists={}))
    return await segments.question(tx, workspace_id=workspace_id, asked=segment)


async def enroll_stretch(
    tx: Tx,
    context: Context,
    *,
    campaign_id: str,
    at: Enrollment | Followed,
    asked: Question,
) -> Step:
    """Enroll those who fit of the next people of the lists; the caller notes how far that went."""
    scan, after, left = at.scan_list_id, at.last_contact_id, STRETCH
    fit = made = 0
    for list_id in asked.lists:
        if scan is not None and list_id < scan:
            continue
        begin = after if list_id == scan else 0
        while (
            looked := await enrollments.stretch(tx, list_id=list_id, after=begin, limit=left)
        ).until is not None:
            fits, new = await enrollments.enroll(
                tx,
                campaign_id=campaign_id,
                list_id=list_id,
                here=asked.here,
                after=begin,
                until=looked.until,
                now=context.clock.now(),
            )
            fit, made, begin, left = fit + fits, made + new, looked.until, left - looked.people
            if left <= 0:
                return Step(
                    scan_list_id=list_id, last_contact_id=begin, made=made, duplicates=fit - made
                )
    return Step(scan_list_id=None, last_contact_id=0, made=made, duplicates=fit - made)


async def follow(context: Context) -> None:
    """One round over every campaign that follows its lists (engine role)."""
    async with context.db.read() as tx:
        found = await enrollments.followed(tx, now=context.clock.now())
    for campaign_id in found:
        for _ in range(STRETCHES):
            if await _stretch(context, campaign_id):
                break


async def _stretch(context: Context, campaign_id: str) -> bool:
    """One transaction of work; True when the campaign needs no more in this round."""
    now = context.clock.now()
    async with context.db.transaction() as tx:
        # The campaign first, then the enrollments: the order every transaction takes its locks in.
        state, document = await campaigns.share_state(tx, campaign_id=campaign_id, now=now)
        if state is not CampaignState.RUNNING:
            return True
        held = await enrollments.hold(tx, campaign_id=campaign_id)
        if not held:
            return True
        workspace_id = held[0].workspace_id
        asked = [
            await question_of(tx, workspace_id=workspace_id, list_id=each.list_id) for each in held
        ]
        is_over, made = True, 0
        for each, whom in zip(held, asked, strict=True):
            step = await enroll_stretch(tx, context, campaign_id=campaign_id, at=each, asked=whom)
            await enrollments.advance(
                tx,
                campaign_id=campaign_id,
                list_id=each.list_id,
                scan_list_id=step.scan_list_id,
                last_contact_id=step.last_contact_id,
                made=step.made,
                is_done=False,
                now=now,
            )
            is_over = is_over and step.is_round_over
            made += step.made
        left_after = await _let_go(tx, context, campaign_id, held, asked)
        await enrollments.look_on(tx, campaign_id=campaign_id, left_after=left_after, now=now)
        if made:
            await windows.refresh(
                tx,
                context,
                campaign_id=campaign_id,
                workspace_id=workspace_id,
                document=document,
            )
    return is_over and left_after == 0


async def _let_go(
    tx: Tx,
    context: Context,
    campaign_id: str,
    held: Sequence[Followed],
    asked: Sequence[Question],
) -> int:
    """Finish those of the next targets who wait and fit none of the lists any more.

    How far that went; 0 at the end.
    """
    now = context.clock.now()
    looked = await enrollments.waiting(
        tx, campaign_id=campaign_id, after=held[0].left_after, limit=STRETCH
    )
    if looked.until is None:
        return 0
    gone = set(looked.contact_ids)
    for each in asked:
        if gone:
            gone -= await enrollments.fitting(
                tx, whom=each.members, contact_ids=sorted(gone), now=now
            )
    if gone:
        finished = await enrollments.leave(
            tx, campaign_id=campaign_id, contact_ids=sorted(gone), reason=LEFT, now=now
        )
        for target in finished:
            for event in events.of_target(EventName.TARGET_FINISHED, target, at=now):
                await store_events.add(tx, event)
    return looked.until if looked.targets == STRETCH else 0
