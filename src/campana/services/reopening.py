"""A person's explicit wish to try again, or to add people: the two ways a campaign has more to do.

Only here is a finished target brought back, `unknown` ones too, and only here does a Completed
campaign run again; who wished it is written down in the same transaction. Cancelled and Expired
campaigns never come back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from campana.domain.campaign import Campaign, CampaignState
from campana.domain.disposition import RETRYABLE, Disposition
from campana.domain.errors import FieldProblem, InvalidParameter, InvalidTransition
from campana.services import campaigns, events, windows
from campana.services.context import Context
from campana.store import campaign_actions, jobs, lists, reopening
from campana.store import campaigns as store
from campana.store import events as store_events
from campana.store.db import Tx

_OPEN = {
    CampaignState.RUNNING,
    CampaignState.PAUSED,
    CampaignState.TRIPPED,
    CampaignState.COMPLETED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    """How many targets wait again, by what they had become; and the campaign as it is now."""

    campaign: Campaign
    counts: Mapping[Disposition, int]
    finished: Mapping[str, int] = field(default_factory=dict[str, int])
    """When nobody was brought back: how many people finished with which outcome."""


async def retry(
    context: Context,
    *,
    workspace_id: int,
    campaign_id: str,
    outcomes: Sequence[Disposition],
    actor: str,
) -> Reopened:
    """Try again everybody who finished with one of `outcomes`. Repeating it finds nobody.

    The gate asks about each of them again, and the cadence counts their tries from here on. Meant
    are the outcomes of people, not those of their attempts: of a flow's message that did not
    arrive only the attempt tells, once the flow itself has ended as `completed`.

    Raises:
        NotFound
        InvalidParameter: an outcome after which nobody is tried again, not even on request.
        InvalidTransition: a draft, or a campaign that was cancelled or has expired.
    """
    final = [outcome for outcome in outcomes if outcome not in RETRYABLE]
    if final:
        raise InvalidParameter(
            problems=[
                FieldProblem(
                    pointer=f"/outcomes/{list(outcomes).index(outcome)}",
                    message=f"nobody is tried again after {outcome}",
                )
                for outcome in final
            ]
        )
    now = context.clock.now()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        campaign = await _held(tx, context, workspace_id=workspace_id, campaign_id=campaign_id)
        counts = await reopening.reopen(tx, campaign_id=campaign.id, outcomes=outcomes, now=now)
        if counts:
            await campaign_actions.add(
                tx,
                workspace_id=workspace_id,
                campaign_id=campaign.id,
                action="retry",
                actor=actor,
                now=now,
                detail={str(outcome): count for outcome, count in counts.items()},
            )
            campaign = await _running_again(tx, context, campaign)
            await windows.refresh(
                tx,
                context,
                campaign_id=campaign.id,
                workspace_id=workspace_id,
                document=campaign.document,
            )
    if counts:
        return Reopened(campaign=campaign, counts=counts)
    # Not while the campaign is held: of a large one this takes a while.
    async with context.db.read(workspace_id=workspace_id) as tx:
        finished = await store.outcomes(tx, campaign_id=campaign.id)
    return Reopened(campaign=campaign, counts={}, finished=finished)


async def add_people(
    context: Context, *, workspace_id: int, campaign_id: str, contact_list: str, actor: str
) -> Campaign:
    """Enroll the people of one more list (by id or name), or those who came into one since.

    Enrolling goes on in the background, as after a launch.

    Raises:
        NotFound
        InvalidParameter: there is no such list.
        InvalidTransition: a draft, or a campaign that was cancelled or has expired.
    """
    now = context.clock.now()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        campaign = await _held(tx, context, workspace_id=workspace_id, campaign_id=campaign_id)
        found = await lists.find(tx, workspace_id=workspace_id, wanted=contact_list)
        if found is None:
            raise InvalidParameter(
                problems=[
                    FieldProblem(pointer="/contactList", message="there is no such contact list")
                ]
            )
        await reopening.add_list(
            tx, campaign_id=campaign.id, workspace_id=workspace_id, list_id=found.id, now=now
        )
        await jobs.defer(
            tx,
            task="enroll",
            arguments={"campaign_id": campaign.id},
            queueing_lock=f"enroll:{campaign.id}",
        )
        await campaign_actions.add(
            tx,
            workspace_id=workspace_id,
            campaign_id=campaign.id,
            action="add_people",
            actor=actor,
            now=now,
            detail={"list": found.id},
        )
        return await _running_again(tx, context, campaign)


async def _held(tx: Tx, context: Context, *, workspace_id: int, campaign_id: str) -> Campaign:
    campaign = await campaigns.locked(
        tx, context, workspace_id=workspace_id, campaign_id=campaign_id
    )
    has_ended = campaign.end_date is not None and campaign.end_date < context.clock.now()
    if campaign.state not in _OPEN or has_ended:
        state = CampaignState.EXPIRED if has_ended else campaign.state
        raise InvalidTransition(f"a campaign that is {state} has nobody to try again")
    return campaign


async def _running_again(tx: Tx, context: Context, campaign: Campaign) -> Campaign:
    """A Completed campaign runs again, and is archived no more; any other stays what it is."""
    if campaign.state is not CampaignState.COMPLETED:
        return campaign
    now = context.clock.now()
    await store.set_state(tx, campaign_id=campaign.id, state=CampaignState.RUNNING, now=now)
    reopened = replace(
        campaign,
        state=CampaignState.RUNNING,
        version=campaign.version + 1,
        finished_at=None,
        archived=False,
    )
    await store_events.add(tx, events.of_state(reopened, at=now))
    return reopened
