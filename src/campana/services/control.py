"""Launch, pause, resume, cancel: the actions that decide whether people are contacted.

Pause means pause: the state is committed first, then the answer waits until no intent of the
campaign that was already written can still be sent.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from campana.domain.campaign import TRANSITIONS, Action, Campaign, CampaignState, CampaignType, Plan
from campana.domain.disposition import Disposition
from campana.domain.errors import FieldProblem, InvalidTransition, PreflightBlocked
from campana.domain.script_problems import problems as script_problems
from campana.services import campaign_document, campaigns
from campana.services.context import Context
from campana.services.dispatch import SEND_DEADLINE
from campana.store import accounts, attempts, channels, jobs, targets
from campana.store import campaigns as store
from campana.store.channels import Channel
from campana.store.db import Tx

SHORTEST_DELAY = timedelta(seconds=60)
"""Below this a retry is only for channels that cannot leave the machine."""

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
                tx, campaign_id=campaign.id, disposition=Disposition.CANCELLED, now=now
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


async def _blocking(tx: Tx, context: Context, campaign: Campaign) -> list[FieldProblem]:
    """Every reason the campaign cannot be launched."""
    plan = campaign_document.plan_of(campaign.document)
    found = _incomplete(campaign, plan, now=context.clock.now())
    workspace = await accounts.workspace(tx, workspace_id=campaign.workspace_id)
    if workspace is None or not workspace.allowed_countries:
        found.append(_problem("", "this workspace may not call any country yet: allow some first"))
    channel = None
    if campaign.channel_id is not None:
        channel = await channels.find(
            tx, workspace_id=campaign.workspace_id, wanted=campaign.channel_id
        )
    if channel is None:
        found.append(_problem("/channel", "how to contact them is not chosen"))
    else:
        found += _unfit(context, plan, channel)
    return found


def _incomplete(campaign: Campaign, plan: Plan, *, now: datetime) -> list[FieldProblem]:
    """What the campaign itself lacks."""
    found: list[FieldProblem] = []
    if campaign.end_date is not None and campaign.end_date <= now:
        found.append(_problem("/endDate", "has passed"))
    if campaign.list_id is None:
        found.append(_problem("/contactList", "whom to contact is not chosen"))
    if campaign.type is not CampaignType.VOICE_BOT:
        found.append(_problem("/type", "only VoiceBot campaigns can be launched so far"))
    elif plan.script is None:
        found.append(_problem("/voiceBot", "a VoiceBot campaign needs one"))
    else:
        found += [
            _problem(f"/voiceBot{wrong.pointer}", wrong.message)
            for wrong in script_problems(plan.script)
        ]
    return found


def _unfit(context: Context, plan: Plan, channel: Channel) -> list[FieldProblem]:
    """What the campaign asks of its channel that the channel does not allow."""
    found: list[FieldProblem] = []
    kind = context.carriers[channel.kind]
    senders = kind.senders(msgspec.convert(channel.config, kind.config))
    if plan.caller_id is not None and plan.caller_id not in senders:
        found.append(_problem("/callerId", f"is not one of the channel's: {', '.join(senders)}"))
    if channel.is_loopback:
        return found
    if plan.window.always:
        found.append(_problem("/window/always", "only for channels that cannot leave this machine"))
    if any(rule.delay < SHORTEST_DELAY for rule in plan.cadence.rules.values()):
        found.append(
            _problem("/cadence", "retries within a minute are only for channels on this machine")
        )
    return found


def _problem(pointer: str, message: str) -> FieldProblem:
    return FieldProblem(pointer=pointer, message=message)
