"""Launch, pause, resume, cancel: the actions that decide whether people are contacted.

Pause means pause: the state is committed first, then the answer waits until no intent of the campaign
that was already written can still be sent.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from campana.domain.campaign import TRANSITIONS, Action, Campaign, CampaignState, CampaignType
from campana.domain.errors import FieldProblem, InvalidTransition, PreflightBlocked
from campana.domain.script import problems as script_problems
from campana.domain.window import ALWAYS
from campana.services import campaign_document, campaigns
from campana.services.context import Context
from campana.services.dispatch import SEND_DEADLINE
from campana.store import accounts, attempts, channels, jobs, targets
from campana.store import campaigns as store
from campana.store.db import Tx

SHORTEST_DELAY = timedelta(seconds=60)
"""Below this a retry is only for channels that cannot leave the machine."""

_POLL_SECONDS = 0.02


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
        problems = await _blocking(tx, context, campaign)
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
                tx, campaign_id=campaign.id, disposition="cancelled", now=now
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

    A claim that was in progress when the state changed held a share lock, so it had committed; what it
    wrote is visible here. Its worker sends an intent within the deadline or never.
    """
    async with asyncio.timeout(2 * SEND_DEADLINE.total_seconds()):
        while True:
            async with context.db.read(workspace_id=workspace_id) as tx:
                latest = await attempts.newest_unsent(tx, campaign_id=campaign_id)
            if latest is None or latest + SEND_DEADLINE < context.clock.now():
                return
            await asyncio.sleep(_POLL_SECONDS)


async def _blocking(tx: Tx, context: Context, campaign: Campaign) -> list[FieldProblem]:
    """Every reason the campaign cannot be launched."""
    found: list[FieldProblem] = []

    def problem(pointer: str, message: str) -> None:
        found.append(FieldProblem(pointer=pointer, message=message))

    plan = campaign_document.plan_of(campaign.document)
    now = context.clock.now()
    if campaign.end_date is not None and campaign.end_date <= now:
        problem("/endDate", "has passed")
    if campaign.type is not CampaignType.VOICE_BOT:
        problem("/type", "only VoiceBot campaigns can be launched in this version")
    if plan.script is None:
        problem("/voiceBot", "a VoiceBot campaign needs one")
    else:
        for pointer, message in script_problems(plan.script):
            problem(f"/voiceBot{pointer}", message)
    if campaign.list_id is None:
        problem("/contactList", "whom to contact is not chosen")
    workspace = await accounts.workspace(tx, workspace_id=campaign.workspace_id)
    if workspace is None or not workspace.allowed_countries:
        problem("", "this workspace may not call any country yet: allow some first")
    if campaign.channel_id is None:
        problem("/channel", "how to contact them is not chosen")
        return found
    channel = await channels.find(
        tx, workspace_id=campaign.workspace_id, wanted=campaign.channel_id
    )
    if channel is None:
        problem("/channel", "is gone")
        return found
    kind = context.carriers[channel.kind]
    senders = kind.senders(campaign_document.convert(channel.config, kind.config))
    if plan.caller_id is not None and plan.caller_id not in senders:
        problem("/callerId", f"is not one of the channel's: {', '.join(senders)}")
    if not channel.is_loopback:
        if plan.window == ALWAYS:
            problem("/window/always", "only for channels that cannot leave this machine")
        if any(rule.delay < SHORTEST_DELAY for rule in plan.cadence.rules.values()):
            problem("/cadence", "retries within a minute are only for channels on this machine")
    return found
