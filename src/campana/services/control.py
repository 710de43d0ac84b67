"""Launch, pause, resume, cancel: the actions that decide whether people are contacted; and archive.

Pause means pause: the state is committed first, then the answer waits until no intent of the
campaign that was already written can still be sent. Who acted is written down in the same
transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from campana.domain.campaign import TRANSITIONS, Action, Campaign, CampaignState
from campana.domain.disposition import Disposition
from campana.domain.errors import InvalidTransition, PreflightBlocked, VersionMismatch
from campana.domain.event import EventName
from campana.services import campaigns, events, preflight, standstill, windows
from campana.services.context import Context
from campana.store import attempts, campaign_actions, campaign_pacing, jobs, targets, watches
from campana.store import campaigns as store
from campana.store import events as store_events
from campana.store.db import Tx

NOBODY_NAMED = "somebody"
_ARCHIVES: Mapping[Action, bool] = {Action.ARCHIVE: True, Action.UNARCHIVE: False}
"""Whether a campaign is archived after it."""


class InFlight(StrEnum):
    """What becomes of the attempts in progress when a campaign stops."""

    DRAIN = "drain"
    """They go on to their own end."""
    HANGUP = "hangup"
    """Calls are hung up within a second; what was sent as a message cannot be taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """A campaign before and after; the same one twice when it was so already."""

    before: Campaign
    after: Campaign


async def launch(
    context: Context, *, workspace_id: int, campaign_id: str, actor: str = NOBODY_NAMED
) -> Campaign:
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
        await _note(tx, context, campaign, Action.LAUNCH, actor)
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
        launched = _changed(
            campaign, CampaignState.RUNNING, launched_at=campaign.launched_at or now
        )
        await store_events.add(
            tx, events.of_campaign(EventName.CAMPAIGN_LAUNCHED, launched, at=now)
        )
    return launched


async def pause(
    context: Context,
    *,
    workspace_id: int,
    campaign_id: str,
    actor: str = NOBODY_NAMED,
    in_flight: InFlight = InFlight.DRAIN,
) -> Campaign:
    """Stop: after the answer no attempt begins.

    Raises:
        NotFound
        InvalidTransition: there is nothing to pause.
    """
    return await _stop(
        context,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        action=Action.PAUSE,
        actor=actor,
        in_flight=in_flight,
    )


async def resume(
    context: Context, *, workspace_id: int, campaign_id: str, actor: str = NOBODY_NAMED
) -> Campaign:
    """Go on where the pause left off; after a canary that failed, with everybody.

    Raises:
        NotFound
        InvalidTransition: it is not paused.
    """
    acted = await take(
        context,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        action=Action.RESUME,
        actor=actor,
    )
    return acted.after


async def cancel(
    context: Context,
    *,
    workspace_id: int,
    campaign_id: str,
    actor: str = NOBODY_NAMED,
    in_flight: InFlight = InFlight.DRAIN,
) -> Campaign:
    """End for good: waiting targets finish as `cancelled`.

    Raises:
        NotFound
        InvalidTransition: it is over already.
    """
    return await _stop(
        context,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        action=Action.CANCEL,
        actor=actor,
        in_flight=in_flight,
    )


async def archive(
    context: Context, *, workspace_id: int, campaign_id: str, actor: str = NOBODY_NAMED
) -> Campaign:
    """Out of the list people look at; nothing else of it changes.

    Raises:
        NotFound
        InvalidTransition: it has not ended.
    """
    acted = await take(
        context,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        action=Action.ARCHIVE,
        actor=actor,
    )
    return acted.after


async def unarchive(
    context: Context, *, workspace_id: int, campaign_id: str, actor: str = NOBODY_NAMED
) -> Campaign:
    """Back into the list; what is in it stays there.

    Raises:
        NotFound
    """
    acted = await take(
        context,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        action=Action.UNARCHIVE,
        actor=actor,
    )
    return acted.after


async def _stop(
    context: Context,
    *,
    workspace_id: int,
    campaign_id: str,
    action: Action,
    actor: str,
    in_flight: InFlight,
) -> Campaign:
    acted = await take(
        context,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        action=action,
        actor=actor,
        in_flight=in_flight,
    )
    await standstill.of_campaign(context, workspace_id=workspace_id, campaign_id=campaign_id)
    return acted.after


async def take(
    context: Context,
    *,
    workspace_id: int,
    campaign_id: str,
    action: Action,
    actor: str,
    in_flight: InFlight = InFlight.DRAIN,
) -> Acted:
    """Commit the state and order the calls to end if asked; the caller waits for the standstill.

    Each may be asked again: whoever got no answer asks again, and the order is given then.

    Raises:
        NotFound
        InvalidTransition: its state does not allow it.
    """
    in_progress: list[UUID] = []
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        acted = await act(
            tx,
            context,
            workspace_id=workspace_id,
            campaign_id=campaign_id,
            action=action,
            actor=actor,
        )
        if in_flight is InFlight.HANGUP:
            # Claims hold a share lock: every intent they wrote is to be seen by now. Who resumes
            # the campaign after this commit gets none of the calls of then ended.
            in_progress = await attempts.open_of_campaign(tx, campaign_id=campaign_id)
    if in_progress:
        # Not with the campaign locked: an outcome holds its attempt while it waits for it.
        async with context.db.transaction(workspace_id=workspace_id) as tx:
            await attempts.order_hang_up(tx, attempt_ids=in_progress, now=context.clock.now())
    return acted


async def act(
    tx: Tx,
    context: Context,
    *,
    workspace_id: int,
    campaign_id: str,
    action: Action,
    actor: str,
    version: int | None = None,
) -> Acted:
    """Do it in a transaction of the caller's, who waits for the standstill.

    `version` is the one the caller has seen; None skips the comparison.

    Raises:
        NotFound
        InvalidTransition: its state does not allow it.
        VersionMismatch: it has changed since.
    """
    now = context.clock.now()
    campaign = await campaigns.locked(
        tx, context, workspace_id=workspace_id, campaign_id=campaign_id
    )
    if version is not None and version != campaign.version:
        raise VersionMismatch
    state = _next_state(campaign, action)
    if action in _ARCHIVES:
        return await _put(tx, context, campaign, action, actor)
    if state is campaign.state:
        return Acted(before=campaign, after=campaign)
    await store.set_state(tx, campaign_id=campaign.id, state=state, now=now)
    closed = 0
    await _note(tx, context, campaign, action, actor)
    if state is CampaignState.CANCELLED:
        closed = await targets.close_waiting(
            tx, campaign_id=campaign.id, disposition=Disposition.CANCELLED, now=now
        )
    if state is CampaignState.RUNNING:
        await _begin_anew(tx, campaign)
        # A person is here now; and nobody kept its windows while it was paused.
        await watches.set_watched(tx, campaign_id=campaign.id, workspace_id=workspace_id, now=now)
        await windows.refresh(
            tx,
            context,
            campaign_id=campaign.id,
            workspace_id=workspace_id,
            document=campaign.document,
        )
    changed = _changed(campaign, state)
    await store_events.add(tx, events.of_state(changed, at=now, targets_closed=closed))
    return Acted(before=campaign, after=changed)


async def _put(tx: Tx, context: Context, campaign: Campaign, action: Action, actor: str) -> Acted:
    """Into the archive or out of it."""
    archived, now = _ARCHIVES[action], context.clock.now()
    if campaign.archived == archived:
        return Acted(before=campaign, after=campaign)
    await store.set_archived(tx, campaign_id=campaign.id, archived=archived, now=now)
    await _note(tx, context, campaign, action, actor)
    changed = _changed(campaign, campaign.state, archived=archived)
    told = events.of_campaign(EventName.CAMPAIGN_CHANGED, changed, at=now, archived=archived)
    await store_events.add(tx, told)
    return Acted(before=campaign, after=changed)


async def _begin_anew(tx: Tx, campaign: Campaign) -> None:
    """Its own limits are asked again; a person who resumes a tripped canary lets the rest go."""
    if campaign.state is CampaignState.TRIPPED:
        await campaign_pacing.judge(tx, campaign_id=campaign.id, canary="overridden")
    await campaign_pacing.release(tx, campaign_id=campaign.id)


async def _note(tx: Tx, context: Context, campaign: Campaign, action: Action, actor: str) -> None:
    await campaign_actions.add(
        tx,
        workspace_id=campaign.workspace_id,
        campaign_id=campaign.id,
        action=action,
        actor=actor,
        now=context.clock.now(),
    )


def _next_state(campaign: Campaign, action: Action) -> CampaignState:
    state = TRANSITIONS.get((campaign.state, action))
    if state is None:
        if action is Action.ARCHIVE and campaign.state is CampaignState.DRAFT:
            raise InvalidTransition("a draft cannot be archived: delete it instead")
        if action is Action.ARCHIVE:
            raise InvalidTransition(
                f"a campaign that is {campaign.state} cannot be archived: cancel it first"
            )
        raise InvalidTransition(f"a campaign that is {campaign.state} cannot {action}")
    return state


def _changed(campaign: Campaign, state: CampaignState, **fields: object) -> Campaign:
    return replace(campaign, state=state, version=campaign.version + 1, **fields)  # pyright: ignore[reportArgumentType]
