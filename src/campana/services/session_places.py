"""Where a target stands once its session has moved.

    something is queued        waiting     due now, under the key of the channel it goes out on
    nothing is, and it waits   talking     a timer, a reply or a report goes on with it
    it has ended               finished    with what the end is called, as a disposition

While an attempt keeps the target nothing is decided: whoever lets it go asks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from campana.domain.cadence import FIRST
from campana.domain.campaign import STATUS_OF, CampaignState, CampaignStatus, ChannelType
from campana.domain.disposition import Disposition
from campana.domain.event import EventName
from campana.domain.target import REACHED_BY, TargetState, window_key
from campana.flow.inputs import CallEnded, Input, MessageReported, TransferEnded
from campana.services import events, session_calls, session_effects, windows
from campana.services.context import Context
from campana.store import events as store_events
from campana.store import flow_timers, sessions, targets
from campana.store.db import Tx
from campana.store.sessions import Message, Place, StoredSession

# Ends that flows may name and that say more than that the conversation was had.
_ENDS = frozenset(
    {
        Disposition.COMPLETED,
        Disposition.TRANSFERRED,
        Disposition.NO_ANSWER,
        Disposition.BUSY,
        Disposition.VOICEMAIL,
        Disposition.DECLINED,
        Disposition.UNDELIVERED,
        Disposition.DELIVERED,
        Disposition.CALLBACK_REQUEST,
        Disposition.OPT_OUT,
        Disposition.INVALID_NUMBER,
    }
)


_MOST_TOLD = 100
"""Nodes that hear of one call that it is over; a flow that leads through more goes in a circle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The campaign a session belongs to, share-locked."""

    campaign_id: str
    state: CampaignState
    document: Mapping[str, Any]

    @property
    def is_over(self) -> bool:
        """Nobody is contacted in it any more."""
        return STATUS_OF[self.state] is CampaignStatus.COMPLETED

    @property
    def channel_type(self) -> ChannelType:
        """That of the campaign's own channel."""
        return ChannelType(self.document["channelType"])

    def has_channel(self, channel_type: ChannelType) -> bool:
        """May its flow send on this kind of channel?"""
        return channel_type is self.channel_type or channel_type in self.document.get(
            "channels", {}
        )


async def settle(
    tx: Tx,
    context: Context,
    stored: StoredSession,
    ground: Ground,
    *,
    frees: bool = False,
    due_at: datetime | None = None,
    reason: str | None = None,
) -> None:
    """Say where the target of a session (held) stands now.

    Args:
        tx: holds the campaign shared, then the session.
        context: of the engine role.
        stored: the session as it is.
        ground: its campaign.
        frees: the attempt that kept the target is over, or the carrier has its message.
        due_at: when the next message may go out at the earliest; now unless said.
        reason: why the target waits, where that is more than that it has something to say.
    """
    now = context.clock.now()
    place = await sessions.place(tx, target_id=stored.target_id)
    if place is None or place.state is TargetState.FINISHED:
        stored = await session_effects.stop(tx, stored, outcome="stopped", now=now)
        if stored.is_current:
            await sessions.save(tx, stored=replace(stored, is_current=False), now=now)
        return
    if place.state is TargetState.ATTEMPTING and not frees:
        return
    if ground.is_over:
        await _end_with_campaign(tx, stored, ground, now=now)
        return
    while (head := await _head(tx, stored)) is not None:
        channel_type = ChannelType(head.channel_type)
        address = await address_of(tx, stored, place, channel_type)
        if address is not None and ground.has_channel(channel_type):
            await _wait(
                tx,
                context,
                stored,
                ground,
                place,
                head=head,
                address=address,
                due_at=due_at or now,
                reason=reason,
            )
            break
        why = Disposition.NO_ADDRESS
        stored = await failed(tx, context, stored, head, disposition=why)
    else:
        if stored.status == "ended":
            await finish(tx, stored, now=now)
            return
        await sessions.talk(tx, target_id=stored.target_id)
    if session_effects.awaits_answer(stored):
        await flow_timers.begin(tx, session_id=stored.id, now=now)


async def failed(
    tx: Tx,
    context: Context,
    stored: StoredSession,
    message: Message,
    *,
    disposition: Disposition,
    key: str | None = None,
) -> StoredSession:
    """A message did not arrive, or may not go out: the session goes on knowing it."""
    stored = replace(stored, last_failure=str(disposition))
    now = context.clock.now()
    if message.kind == "call":
        await sessions.save(tx, stored=stored, now=now)
        end = CallEnded(disposition=disposition)
        return await call_over(tx, context, stored, message, end, key=key)
    await sessions.set_message(tx, session_id=stored.id, number=message.number, state="done")
    if session_effects.waits_for(stored, message=message.number):
        told = MessageReported(message=message.number, status="failed")
        return await session_effects.tell(tx, context, stored, told, key=key)
    await sessions.save(tx, stored=stored, now=now)
    return stored


async def call_over(
    tx: Tx,
    context: Context,
    stored: StoredSession,
    message: Message,
    end: CallEnded,
    *,
    key: str | None,
) -> StoredSession:
    """A call of a session's (held) is over, or never was: whatever waits for it hears so, once.

    Where the flow itself spoke, so do the nodes that come next and would speak as well: nobody is
    there any more. Another call is asked for only when something else was waited for.
    """
    now = context.clock.now()
    if message.state == "done":
        return stored
    if not session_calls.is_talk(message):
        await sessions.set_message(tx, session_id=stored.id, number=message.number, state="done")
        if message.wait is None or not session_effects.has_wait(stored, message.wait):
            return stored
        told = replace(end, wait=message.wait)
        return await session_effects.tell(tx, context, stored, told, key=key)
    # Until all have heard it the message stands: nobody asks for a call in its place.
    for _ in range(_MOST_TOLD):
        waiting = session_calls.waits(stored.session)
        if not waiting or stored.status == "ended":
            break
        number = waiting[0]["wait"]["number"]
        told: Input = replace(end, wait=number)
        if end.disposition is Disposition.TRANSFERRED and waiting[0]["wait"]["kind"] == "transfer":
            # The call was over before its worker could say why.
            told = TransferEnded(wait=number, is_connected=True)
        name = f"call over {message.number} {number}"
        stored = await session_effects.tell(tx, context, stored, told, key=name)
    else:
        stored = await session_effects.stop(tx, stored, outcome="failed", now=now)
    await sessions.set_message(tx, session_id=stored.id, number=message.number, state="done")
    return stored


async def address_of(
    tx: Tx, stored: StoredSession, place: Place, channel_type: ChannelType
) -> str | None:
    """Where the person is reached on a kind of channel; the target's own address where it fits."""
    known = await sessions.addresses(tx, contact_id=stored.contact_id)
    for kind in REACHED_BY[channel_type]:
        values = [value for each, value in known if each == kind]
        if values:
            return place.address if place.address in values else values[0]
    # A number that its contact does not have any more is still the one that was agreed on.
    return place.address if not known else None


async def finish(tx: Tx, stored: StoredSession, *, now: datetime) -> None:
    """The target of a session that has ended is done."""
    disposition, reason = _end_of(stored)
    await sessions.save(tx, stored=replace(stored, is_current=False), now=now)
    finished = await targets.finish(
        tx, target_id=stored.target_id, disposition=disposition, reason=reason, now=now
    )
    await store_events.add(tx, *events.of_target(EventName.TARGET_FINISHED, finished, at=now))


async def finish_as(
    tx: Tx, stored: StoredSession, *, disposition: Disposition, reason: str, now: datetime
) -> None:
    """The session goes no further, and its target is done with this."""
    stored = await session_effects.stop(tx, stored, outcome=str(disposition), now=now)
    await sessions.save(tx, stored=replace(stored, is_current=False), now=now)
    finished = await targets.finish(
        tx, target_id=stored.target_id, disposition=disposition, reason=reason, now=now
    )
    await store_events.add(tx, *events.of_target(EventName.TARGET_FINISHED, finished, at=now))


async def _end_with_campaign(
    tx: Tx, stored: StoredSession, ground: Ground, *, now: datetime
) -> None:
    if stored.status == "ended" and await _head(tx, stored) is None:
        await finish(tx, stored, now=now)
        return
    is_expired = ground.state is CampaignState.EXPIRED
    disposition = Disposition.EXPIRED if is_expired else Disposition.CANCELLED
    if stored.status == "ended":
        await sessions.withdraw_all(tx, session_id=stored.id)
    await finish_as(tx, stored, disposition=disposition, reason="the campaign is over", now=now)


async def _head(tx: Tx, stored: StoredSession) -> Message | None:
    """What the session sends next."""
    return (await sessions.heads(tx, session_ids=[stored.id])).get(stored.id)


async def _wait(
    tx: Tx,
    context: Context,
    stored: StoredSession,
    ground: Ground,
    place: Place,
    *,
    head: Message,
    address: str,
    due_at: datetime,
    reason: str | None,
) -> None:
    """Due, for its next message, on the channel that goes out on."""
    channel_type = ChannelType(head.channel_type)
    other = None if channel_type is ground.channel_type else channel_type
    key = window_key(tuple(place.zones), other)
    reach_address = None if address == place.address else address
    is_waiting = place.state is TargetState.WAITING
    if is_waiting and (place.window_key, place.reach_address) == (key, reach_address):
        return  # as it is: what the gate put off stays put off
    await sessions.wait_to_send(
        tx,
        target_id=stored.target_id,
        reach_address=reach_address,
        window_key=key,
        priority=FIRST,
        due_at=due_at,
        reason=reason,
    )
    await windows.open_key(
        tx,
        context,
        campaign_id=ground.campaign_id,
        workspace_id=stored.workspace_id,
        document=ground.document,
        window_key=key,
    )


def _end_of(stored: StoredSession) -> tuple[Disposition, str]:
    """What a target becomes when its flow is over: the flow's own word, if that is one of ours."""
    outcome = stored.outcome or "completed"
    if stored.has_opted_out:
        return Disposition.OPT_OUT, outcome
    if outcome == "failed":
        return Disposition.CANCELLED, "the flow failed"
    if outcome in _ENDS:
        return Disposition(outcome), outcome
    if not stored.was_reached and stored.last_failure is not None:
        return Disposition(stored.last_failure), outcome
    return Disposition.COMPLETED, outcome
