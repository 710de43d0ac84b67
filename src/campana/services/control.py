"""Launch, pause, resume, cancel: the actions that decide whether people are contacted.

Pause means pause: the state is committed first, then the answer waits until no intent of the
campaign that was already written can still be sent.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from campana.domain.campaign import TRANSITIONS, Action, Campaign, CampaignState
from campana.domain.disposition import Disposition
from campana.domain.errors import InvalidTransition, PreflightBlocked
from campana.services import campaigns, preflight, windows
from campana.services.context import Context
from campana.services.dispatch import SEND_DEADLINE
from campana.store import attempts, jobs, targets, watches
from campana.store import campaigns as store

_POLL_SECONDS = 0.02
_MARGIN = timedelta(milliseconds=100)
"""From a worker's last look at its deadline to the packet leaving it."""


async def launch(context: Context, *, workspace_id: int, campaign_id: str) -> Campaign:
    """Start contacting people; enrolling goes on in the background.

    Raises:
        NotFound
        InvalidTransition: it is not a draft.
        PreflightBlocked: with every reason it is not ready.
    """
    now = context.clock.now()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        campaign = await campaigns.locked(
            tx, context, workspace_id=workspace_id, campaign_id=campaign_id
        )
        _next_state(campaign, Action.LAUNCH)
        problems = await preflight.blocking(tx, context, campaign)
        if problems or campaign.list_id is None:
            raise PreflightBlocked(problems=problems)
        await store.set_state(tx, campaign_id=campaign.id, state=CampaignState.RUNNING, now=now)
        await targets.begin_enrollment(
            tx,
            workspace_id=workspace_id,
            campaign_id=campaign.id,
            list_id=campaign.list_id,
            now=now,
        )
        await jobs.defer(
            tx,
            task="enroll",
            arguments={"campaign_id": campaign.id},
            queueing_lock=f"enroll:{campaign.id}",
        )
    return _changed(campaign, CampaignState.RUNNING, launched_at=campaign.launched_at or now)


async def pause(context: Context, *, workspace_id: int, campaign_id: str) -> Campaign:
    """Stop: after the answer no attempt begins. Calls in progress go on to their end.

    Raises:
        NotFound
        InvalidTransition: there is nothing to pause.
    """
    paused = await _act(
        context, workspace_id=workspace_id, campaign_id=campaign_id, action=Action.PAUSE
    )
    await _until_quiet(context, workspace_id=workspace_id, campaign_id=campaign_id)
    return paused


async def resume(context: Context, *, workspace_id: int, campaign_id: str) -> Campaign:
    """Go on where the pause left off.

    Raises:
        NotFound
        InvalidTransition: it is not paused.
    """
    return await _act(
        context, workspace_id=workspace_id, campaign_id=campaign_id, action=Action.RESUME
    )


async def cancel(context: Context, *, workspace_id: int, campaign_id: str) -> Campaign:
    """End for good: waiting targets finish as `cancelled`, calls in progress go on to their end.

    Raises:
        NotFound
        InvalidTransition: it is over already.
    """
    cancelled = await _act(
        context, workspace_id=workspace_id, campaign_id=campaign_id, action=Action.CANCEL
    )
    await _until_quiet(context, workspace_id=workspace_id, campaign_id=campaign_id)
    return cancelled


async def _act(
    context: Context, *, workspace_id: int, campaign_id: str, action: Action
) -> Campaign:
    now = context.clock.now()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        campaign = await campaigns.locked(
            tx, context, workspace_id=workspace_id, campaign_id=campaign_id
        )
        state = _next_state(campaign, action)
        if state is campaign.state:
            return campaign
        await store.set_state(tx, campaign_id=campaign.id, state=state, now=now)
        if state is CampaignState.CANCELLED:
            await targets.close_waiting(
                tx, campaign_id=campaign.id, disposition=Disposition.CANCELLED, now=now
            )
        if state is CampaignState.RUNNING:
            # A person is here now; and nobody kept its windows while it was paused.
            await watches.set_watched(
                tx, campaign_id=campaign.id, workspace_id=workspace_id, now=now
            )
            await windows.refresh(
                tx,
                context,
                campaign_id=campaign.id,
                workspace_id=workspace_id,
                document=campaign.document,
            )
    return _changed(campaign, state)


def _next_state(campaign: Campaign, action: Action) -> CampaignState:
    state = TRANSITIONS.get((campaign.state, action))
    if state is None:
        raise InvalidTransition(f"a campaign that is {campaign.state} cannot {action}")
    return state


def _changed(campaign: Campaign, state: CampaignState, **fields: object) -> Campaign:
    return replace(campaign, state=state, version=campaign.version + 1, **fields)  # pyright: ignore[reportArgumentType]


async def _until_quiet(context: Context, *, workspace_id: int, campaign_id: str) -> None:
    """Wait until no intent of the campaign can still be sent: at most the send deadline.

    A claim that was in progress when the state changed held a share lock, so it had committed;
    what it wrote is visible here. Its worker sends an intent within the deadline or never.
    """
    while True:
        async with context.db.read(workspace_id=workspace_id) as tx:
            latest = await attempts.newest_unsent(tx, campaign_id=campaign_id)
        if latest is None or latest + SEND_DEADLINE + _MARGIN < context.clock.now():
            return
        await asyncio.sleep(_POLL_SECONDS)
