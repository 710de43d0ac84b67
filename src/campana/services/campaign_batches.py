"""The same asked of several campaigns at once, and taken back.

Each campaign is a transaction of its own: one that cannot be paused keeps no other from being
paused. All are asked before anything is waited for, so that many take no longer to stop than one.
What was done can be taken back for as long as nothing else has happened to a campaign: its version
says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from campana.domain.campaign import Action, Campaign, CampaignState
from campana.domain.errors import (
    CampanaError,
    FieldProblem,
    InvalidParameter,
    InvalidTransition,
    NotFound,
    VersionMismatch,
)
from campana.services import campaigns, control, standstill
from campana.services.context import Context
from campana.services.control import Acted, InFlight
from campana.store import campaign_actions
from campana.store.campaign_actions import CampaignAction

MOST = 50
"""Campaigns of one request."""
_BACK = {CampaignState.PAUSED: Action.RESUME, CampaignState.RUNNING: Action.PAUSE}
"""How a campaign that is left so is taken back to what it was."""
_PUT_BACK = {"archive": Action.UNARCHIVE, "unarchive": Action.ARCHIVE}
"""How one that has ended is, by what was asked of it last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of one campaign: it was acted upon, or `problem` says why not."""

    campaign_id: str
    acted: Acted | None = None
    problem: CampanaError | None = None

    @property
    def is_changed(self) -> bool:
        """It is no longer what it was."""
        return bool(self.acted and self.acted.before.version != self.acted.after.version)

    @property
    def undo(self) -> int | None:
        """The version by which it can be taken back; a breaker's stop is not made anew."""
        if self.acted is None:
            return None
        before, after = self.acted.before, self.acted.after
        can_be = {before.state, after.state} == set(_BACK) or before.archived != after.archived
        return after.version if can_be else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """Whether one campaign is as it was; if not, what somebody asked of it last."""

    campaign: Campaign
    is_undone: bool
    last: CampaignAction | None = None


async def act(
    context: Context,
    *,
    workspace_id: int,
    campaign_ids: Sequence[str],
    action: Action,
    actor: str,
    in_flight: InFlight = InFlight.DRAIN,
) -> list[Done]:
    """Do it to each, in this order; what is so already is left as it is.

    `in_flight` says what becomes of the attempts in progress of those that stop.

    Raises:
        InvalidParameter: there are more than MOST.
    """
    ids = _checked(campaign_ids)
    done = [
        await _act(
            context,
            workspace_id=workspace_id,
            campaign_id=each,
            action=action,
            actor=actor,
            in_flight=in_flight,
        )
        for each in ids
    ]
    stops = action in (Action.PAUSE, Action.CANCEL)
    stopped = [each.campaign_id for each in done if each.acted and stops]
    await _at_rest(context, workspace_id, stopped)
    return done


async def undo(
    context: Context, *, workspace_id: int, versions: Mapping[str, int], actor: str
) -> list[Undone]:
    """Take back what was done to each campaign, which left it with this version.

    Raises:
        InvalidParameter: there are more than MOST.
    """
    found: list[Undone] = []
    for campaign_id in _checked(list(versions)):
        try:
            found.append(
                await _undo(
                    context,
                    workspace_id=workspace_id,
                    campaign_id=campaign_id,
                    version=versions[campaign_id],
                    actor=actor,
                )
            )
        except NotFound:
            continue
    stopped = [
        each.campaign.id
        for each in found
        if each.is_undone and each.campaign.state is CampaignState.PAUSED
    ]
    await _at_rest(context, workspace_id, stopped)
    return found


async def _act(
    context: Context,
    *,
    workspace_id: int,
    campaign_id: str,
    action: Action,
    actor: str,
    in_flight: InFlight,
) -> Done:
    try:
        acted = await control.take(
            context,
            workspace_id=workspace_id,
            campaign_id=campaign_id,
            action=action,
            actor=actor,
            in_flight=in_flight,
        )
    except (NotFound, InvalidTransition) as error:
        return Done(campaign_id=campaign_id, problem=error)
    return Done(campaign_id=campaign_id, acted=acted)


async def _undo(
    context: Context, *, workspace_id: int, campaign_id: str, version: int, actor: str
) -> Undone:
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        before = await campaigns.locked(
            tx, context, workspace_id=workspace_id, campaign_id=campaign_id
        )
        last = await campaign_actions.of_campaign(tx, campaign_id=campaign_id, limit=1)
        action = _BACK.get(before.state)
        if action is None and last:
            action = _PUT_BACK.get(last[0].action)
        if action is not None:
            try:
                acted = await control.act(
                    tx,
                    context,
                    workspace_id=workspace_id,
                    campaign_id=campaign_id,
                    action=action,
                    actor=actor,
                    version=version,
                )
            except VersionMismatch:
                pass
            else:
                return Undone(campaign=acted.after, is_undone=True)
    return Undone(campaign=before, is_undone=False, last=last[0] if last else None)


async def _at_rest(context: Context, workspace_id: int, campaign_ids: Sequence[str]) -> None:
    """Return when nothing of them begins any more."""
    for campaign_id in campaign_ids:
        await standstill.of_campaign(context, workspace_id=workspace_id, campaign_id=campaign_id)


def _checked(campaign_ids: Sequence[str]) -> list[str]:
    """Each once."""
    ids = list(dict.fromkeys(campaign_ids))
    if len(ids) > MOST:
        problem = FieldProblem(pointer="/campaign", message=f"choose {MOST} at the most")
        raise InvalidParameter(problems=[problem])
    return ids
