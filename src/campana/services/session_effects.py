"""What a session's events come to in the ledger, in the transaction of the sprint that asked.

Nothing here touches the network: a message is queued for the engine's own attempts, a webhook for
whoever makes requests. `session_places` then says where the target stands.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from campana.domain.campaign import ChannelType
from campana.flow import events as flow_events
from campana.flow import inputs
from campana.flow import session as flow_sessions
from campana.flow.events import (
    ANSWERS,
    IN_CALL,
    CallWebhook,
    FindIntent,
    HandOff,
    LookUp,
    Noted,
    OptOut,
    SendMessage,
    SendTemplate,
    StartCall,
    TagContact,
    WaitOver,
    WaitStarted,
)
from campana.flow.inputs import Input, LookedUp, Reply
from campana.services import (
    flow_engine,
    flow_plans,
    reference_tables,
    session_calls,
    suppressing,
    threads,
)
from campana.services.context import Context
from campana.store import events as store_events
from campana.store import flow_requests, flow_timers, sessions
from campana.store.db import Tx
from campana.store.sessions import Message, StoredSession
from campana.store.suppressions import Scope

if TYPE_CHECKING:
    from campana.flow.interpreter import Sprint

log = logging.getLogger(__name__)


async def tell(
    tx: Tx,
    context: Context,
    stored: StoredSession,
    told: Input,
    *,
    key: str | None = None,
) -> StoredSession:
    """Tell a session (held) something, once; the session as it is then.

    `key` is the world's own name for it: told again under that name, nothing changes.
    """
    now = context.clock.now()
    heard = await _hear(tx, stored, told, key=key, now=now)
    return stored if heard is None else await carry_out(tx, context, *heard, now=now)


async def _hear(
    tx: Tx, stored: StoredSession, told: Input, *, key: str | None, now: datetime
) -> tuple[StoredSession, Sprint] | None:
    """The sprint that comes of it; None when it changes nothing."""
    answered: int | None = getattr(told, "wait", None)
    if stored.status == "ended" or (answered is not None and not has_wait(stored, answered)):
        return None
    if not await sessions.add_input(tx, stored=stored, told=inputs.as_json(told), key=key, at=now):
        return None
    stored = replace(stored, inputs=stored.inputs + 1)
    if isinstance(told, Reply) and told.channel is not None:
        stored = replace(stored, channel_type=told.channel)
    flow = await flow_plans.pinned(
        tx,
        flow_id=stored.flow_id,
        version=stored.flow_version,
        content_hash=stored.session["flow"],
    )
    return stored, flow_engine.resume(flow, flow_sessions.from_json(stored.session), told, now)


async def carry_out(
    tx: Tx, context: Context, stored: StoredSession, sprint: Sprint, *, now: datetime
) -> StoredSession:
    """Do what the sprint's events ask, and store where it left the session.

    What it looks up is there, so it goes on with the row at once.
    """
    stored = await _carry_out(tx, context, stored, sprint, now=now)
    asked = deque(_lookups(sprint))
    while asked:
        wanted = asked.popleft()
        row = await reference_tables.looked_up(
            tx, workspace_id=stored.workspace_id, name=wanted.table, key=wanted.key
        )
        found = LookedUp(wait=wanted.wait, row=row)
        heard = await _hear(tx, stored, found, key=f"lookup {wanted.wait}", now=now)
        if heard is not None:
            stored = await _carry_out(tx, context, *heard, now=now)
            asked.extend(_lookups(heard[1]))
    return stored


def _lookups(sprint: Sprint) -> list[LookUp]:
    return [event for event in sprint.events if isinstance(event, LookUp)]


async def _carry_out(
    tx: Tx, context: Context, stored: StoredSession, sprint: Sprint, *, now: datetime
) -> StoredSession:
    over = [event.wait for event in sprint.events if isinstance(event, WaitOver)]
    before = stored.session
    for number, event in enumerate(sprint.events, sprint.first):
        match event:
            case SendMessage() | SendTemplate() | StartCall():
                stored = await _queue(tx, stored, event, number=number, now=now)
            case WaitStarted() | CallWebhook() | FindIntent():
                await _begin_wait(tx, stored, event, number=number, now=now)
            case HandOff() | OptOut() | TagContact():
                stored = await _mark(tx, context, stored, event, now=now)
            case Noted(node=node, message=message):
                log.info("session %d at %s: %s", stored.id, node, message)
            case _:
                pass
    session = sprint.session
    if over:
        await _end_waits(tx, stored, over)
    for wait in session.waits:
        if wait.message is not None and wait.message >= sprint.first:
            await sessions.set_wait(tx, session_id=stored.id, number=wait.message, wait=wait.number)
    stored = replace(
        stored,
        session=flow_sessions.as_json(session),
        status=session.status,
        outcome=session.outcome,
    )
    await sessions.save(tx, stored=stored, now=now)
    await session_calls.keep(tx, stored, before=before, now=now)
    if stored.status == "ended":
        await flow_timers.clear_all(tx, session_id=stored.id)
    return stored


async def _begin_wait(
    tx: Tx,
    stored: StoredSession,
    event: WaitStarted | CallWebhook | FindIntent,
    *,
    number: int,
    now: datetime,
) -> None:
    if isinstance(event, CallWebhook | FindIntent):
        await flow_requests.add(
            tx,
            session_id=stored.id,
            wait=event.wait,
            workspace_id=stored.workspace_id,
            request=flow_events.as_json(event, number=number),
            now=now,
        )
    elif event.until is not None and event.kind not in IN_CALL:
        await flow_timers.start(
            tx,
            session_id=stored.id,
            wait=event.wait,
            workspace_id=stored.workspace_id,
            due_at=event.until,
            lasts=event.until - now if event.kind in ANSWERS else None,
            now=now,
        )


async def _mark(
    tx: Tx,
    context: Context,
    stored: StoredSession,
    event: HandOff | OptOut | TagContact,
    *,
    now: datetime,
) -> StoredSession:
    """What is from now on known of the person or of the conversation."""
    match event:
        case HandOff(queue=queue, note=note):
            await threads.hand_off_session(
                tx,
                context,
                session_id=stored.id,
                workspace_id=stored.workspace_id,
                campaign_id=stored.campaign_id,
                contact_id=stored.contact_id,
                queue=queue,
                note=note,
                now=now,
            )
            return replace(stored, handed_off_at=now)
        case OptOut():
            return await _opt_out(tx, context, stored, event, now=now)
        case TagContact(add=add, remove=remove):
            await sessions.tag(tx, contact_id=stored.contact_id, add=add, remove=remove, now=now)
            return stored


def waits_of(stored: StoredSession) -> Iterator[Mapping[str, Any]]:
    """What a session as stored waits for (`flow.session.Wait`, as JSON)."""
    return (thread["wait"] for thread in stored.session["threads"] if thread.get("wait"))


def waits_for(stored: StoredSession, *, message: int) -> bool:
    """Does the session want to hear what becomes of that message?"""
    return any(wait["message"] == message for wait in waits_of(stored))


def awaits_answer(stored: StoredSession) -> bool:
    """Does the session wait for something that the contact writes?"""
    return any(wait["kind"] in ANSWERS for wait in waits_of(stored))


def has_wait(stored: StoredSession, number: int) -> bool:
    """Is that wait still on?"""
    return any(wait["number"] == number for wait in waits_of(stored))


async def stop(tx: Tx, stored: StoredSession, *, outcome: str, now: datetime) -> StoredSession:
    """End a session (held) from outside: nothing of it goes on."""
    if stored.status == "ended":
        return stored
    stored = replace(stored, status="ended", outcome=outcome)
    await sessions.save(tx, stored=stored, now=now)
    await sessions.withdraw_all(tx, session_id=stored.id)
    await flow_timers.clear_all(tx, session_id=stored.id)
    await flow_requests.drop_all(tx, session_id=stored.id)
    return stored


async def _end_waits(tx: Tx, stored: StoredSession, waits: list[int]) -> None:
    """Their timers go, nobody is asked for them, and what they wanted word of stays if it can."""
    await flow_timers.clear(tx, session_id=stored.id, waits=waits)
    await sessions.withdraw(tx, session_id=stored.id, waits=waits)
    await flow_requests.drop(tx, session_id=stored.id, waits=waits)


async def _queue(
    tx: Tx,
    stored: StoredSession,
    event: SendMessage | SendTemplate | StartCall,
    *,
    number: int,
    now: datetime,
) -> StoredSession:
    content: Mapping[str, Any] = flow_events.as_json(event, number=number)
    wait = None
    if isinstance(event, StartCall):
        kind, channel_type, wait = "call", str(ChannelType.VOICE), event.wait
    else:
        kind = "message" if isinstance(event, SendMessage) else "template"
        channel_type = str(event.channel or stored.channel_type)
        stored = replace(stored, channel_type=channel_type)
    await sessions.queue(
        tx,
        message=Message(
            session_id=stored.id,
            number=number,
            kind=kind,
            channel_type=channel_type,
            content=content,
            wait=wait,
        ),
        workspace_id=stored.workspace_id,
        now=now,
    )
    return stored


async def _opt_out(
    tx: Tx, context: Context, stored: StoredSession, event: OptOut, *, now: datetime
) -> StoredSession:
    """Every address of the person, as far as it goes: from this very commit on, by nobody."""
    scope = Scope(event.scope)
    channel_type = ChannelType(event.channel or stored.channel_type)
    known = await sessions.addresses(tx, contact_id=stored.contact_id)
    place = await sessions.place(tx, target_id=stored.target_id)
    values = [value for _, value in known] + ([place.address] if place and place.address else [])
    for address in dict.fromkeys(values):
        _, told = await suppressing.suppress(
            tx,
            context,
            workspace_id=stored.workspace_id,
            address=address,
            reason=event.reason or "asked for it in a conversation",
            source="flow",
            now=now,
            scope=scope,
            campaign_id=stored.campaign_id if scope is Scope.CAMPAIGN else None,
            channel_type=channel_type if scope is Scope.CHANNEL else None,
        )
        await store_events.add(tx, *told)
    return replace(stored, has_opted_out=True)
