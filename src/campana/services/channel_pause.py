"""A channel out of use, and in use again: whatever is sent over it stops at one place.

Pause means pause, as of a campaign: it is committed first, then the answer waits until nothing that
was claimed before can still be sent. Nothing is lost by it: whoever waits goes on waiting, what is
under way goes on to its own end, what comes in is heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from campana.domain.campaign import Plan
from campana.domain.errors import NotFound
from campana.domain.event import EventName
from campana.services import events, standstill
from campana.services.context import Context
from campana.services.warned import warned
from campana.store import channels, owners
from campana.store import events as store_events
from campana.store.channels import Channel
from campana.store.db import Tx

LONGEST_REASON = 300
_PAUSE, _RESUME = "pause", "resume"


class PauseDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Why a channel is paused, for whoever wonders later."""

    reason: Annotated[str, Meta(min_length=1, max_length=LONGEST_REASON)] | None = None


async def pause(
    context: Context, *, workspace_id: int, wanted: str, actor: str, reason: str | None = None
) -> Channel:
    """Begin nothing more on the channel: no attempt of a campaign and no answer to anybody.

    Asked again, who paused it first and why stays, and the answer waits as the first did.

    Args:
        context: the web role's.
        workspace_id: whose channel it is.
        wanted: its id or its name.
        actor: the id of a key, or who it is in words.
        reason: up to LONGEST_REASON characters.

    Raises:
        NotFound: there is no channel of that id or name.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        channel = await _held(tx, workspace_id=workspace_id, wanted=wanted)
        now = context.clock.now()
        is_new = await channels.pause(
            tx, channel_id=channel.id, actor=actor, reason=reason, now=now
        )
        # A claim that is under way is waited for; what was granted before claims nothing.
        await owners.revoke_promises(tx, channel_id=channel.id)
        paused = await _held(tx, workspace_id=workspace_id, wanted=channel.id)
        if is_new:
            await channels.note(
                tx, channel=channel, action=_PAUSE, actor=actor, reason=reason, now=now
            )
            await store_events.add(
                tx, events.of_channel(EventName.CHANNEL_PAUSED, paused, actor=actor, at=now)
            )
    await standstill.of_channel(context, workspace_id=workspace_id, channel_id=channel.id)
    return paused


async def resume(context: Context, *, workspace_id: int, wanted: str, actor: str) -> Channel:
    """Use the channel again, from the next grant on; of one that is in use nothing changes.

    Raises:
        NotFound: there is no channel of that id or name.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        channel = await _held(tx, workspace_id=workspace_id, wanted=wanted)
        now = context.clock.now()
        is_new = await channels.resume(tx, channel_id=channel.id)
        resumed = await _held(tx, workspace_id=workspace_id, wanted=channel.id)
        if is_new:
            await channels.note(
                tx, channel=channel, action=_RESUME, actor=actor, reason=None, now=now
            )
            await store_events.add(
                tx, events.of_channel(EventName.CHANNEL_RESUMED, resumed, actor=actor, at=now)
            )
        return resumed


async def warnings(
    tx: Tx, *, workspace_id: int, plan: Plan, channel: Channel | None
) -> Sequence[str]:
    """What somebody should know who launches a campaign on channels of which one is paused."""
    used = [channel] if channel is not None else []
    for other in plan.channels.values():
        found = await channels.find(tx, workspace_id=workspace_id, wanted=other)
        used += [found] if found is not None else []
    paused = {each.id: each for each in used if each.paused_at is not None}
    return [
        warned(
            f"The channel {each.name} is paused ({_said(each)}): nobody is contacted on it until it"
            " is resumed."
        )
        for each in paused.values()
    ]


def _said(channel: Channel) -> str:
    by = f"by {channel.paused_by}"
    return f"{by}: {channel.pause_reason}" if channel.pause_reason else by


async def _held(tx: Tx, *, workspace_id: int, wanted: str) -> Channel:
    found = await channels.lock(tx, workspace_id=workspace_id, wanted=wanted)
    if found is None:
        raise NotFound
    return found
