"""Conversations go on: a reply, a time that is up, a report or an answer resumes one session.

Each is one transaction under the session's lock: read it, run the sprint, write it with everything
its events ask. Told under the same name twice, it counts once; of a reply and a time-out at the
same moment whoever takes the lock first wins, and the other finds its wait over.

Locks are taken in one order: attempts, the campaign (shared), the session, its target and due row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.flow import session as flow_sessions
from campana.flow.inputs import HandedBack, Input, Reply, TimedOut
from campana.flow.inputs import read as inputs_read
from campana.flow.session import Contact, Trigger
from campana.services import flow_engine, flow_plans, session_effects, session_places
from campana.services.context import Context
from campana.services.session_places import Ground
from campana.services.values import text_of
from campana.store import campaigns, flow_timers, sessions
from campana.store.db import Tx
from campana.store.sessions import Known, StoredSession

if TYPE_CHECKING:
    from campana.flow.interpreter import Sprint

TIMERS_AT_ONCE = 50
"""Of one look; each is a transaction of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """The session that took something."""

    session_id: int
    campaign_id: str
    target_id: int
    contact_id: int


async def begin(
    tx: Tx,
    context: Context,
    *,
    workspace_id: int,
    ground: Ground,
    target_id: int,
    contact_id: int,
    flow_id: str,
    version: int,
    params: dict[str, str],
    begins_on: ChannelType | None = None,
) -> StoredSession | None:
    """Begin the conversation with a target (its due row is held); None when it has no contact.

    It speaks on the campaign's own channel first, unless `begins_on` says another. Where the target
    stands afterwards the caller says (`session_places.settle`).
    """
    now = context.clock.now()
    known = await sessions.contact(tx, target_id=target_id)
    if known is None:
        return None
    flow = await flow_plans.pinned(tx, flow_id=flow_id, version=version)
    addresses = await sessions.addresses(tx, contact_id=contact_id)
    contact = _contact(known, phone=next((v for kind, v in addresses if kind == "phone"), None))
    sprint = flow_engine.start(flow, contact, Trigger(params=params), now)
    started = {
        "fields": dict(contact.fields),
        "zones": list(contact.zones),
        "params": params,
        "at": now.isoformat(),
    }
    session_id = await sessions.insert(
        tx,
        workspace_id=workspace_id,
        campaign_id=ground.campaign_id,
        target_id=target_id,
        contact_id=contact_id,
        flow_id=flow_id,
        flow_version=version,
        session=flow_sessions.as_json(sprint.session),
        channel_type=begins_on or ground.channel_type,
        started=started,
        now=now,
    )
    stored = await sessions.lock(tx, session_id=session_id)
    if stored is None:
        return None
    return await session_effects.carry_out(tx, context, stored, sprint, now=now)


async def resume_by_reply(
    tx: Tx,
    context: Context,
    *,
    workspace_id: int,
    channel_id: str,
    channel_type: ChannelType,
    address: str,
    key: str,
    text: str,
    choice: str | None = None,
    at: datetime,
) -> Resumed | None:
    """Tell the session that spoke last with this address what the person wrote, once per `key`.

    Nothing waiting for a reply keeps it for whatever waits for one next. None: there is no session.
    """
    del at  # a session goes by its own clock: what it was told when
    for session_id, campaign_id in await sessions.with_address(
        tx, workspace_id=workspace_id, address=address, channel_id=channel_id
    ):
        told = Reply(text=text, choice=choice, channel=channel_type)
        done = await _resume(tx, context, session_id, campaign_id, told, key=f"reply {key}")
        if done is not None:
            return done
    return None


async def end_by_opt_out(tx: Tx, context: Context, *, workspace_id: int, address: str) -> int:
    """The person asked for it: every conversation with this address ends, its target as `opt_out`.

    The suppression is the caller's. Returns how many there were.
    """
    ended = 0
    for session_id, campaign_id in sorted(
        await sessions.with_address(tx, workspace_id=workspace_id, address=address),
        key=lambda each: (each[1], each[0]),
    ):
        ground = await _ground(tx, context, campaign_id)
        stored = await sessions.lock(tx, session_id=session_id)
        if stored is None or stored.status == "ended":
            continue
        stored = replace(stored, has_opted_out=True)
        stored = await session_effects.stop(
            tx, stored, outcome=Disposition.OPT_OUT, now=context.clock.now()
        )
        # What is on its way at this moment keeps the target until it is known what became of it.
        await session_places.settle(tx, context, stored, ground)
        ended += 1
    return ended


async def hand_back(
    tx: Tx, context: Context, *, workspace_id: int, address: str, channel_id: str
) -> bool:
    """The person who had the conversation gives it back to its flow; False when none was given."""
    for session_id, campaign_id in await sessions.with_address(
        tx, workspace_id=workspace_id, address=address, channel_id=channel_id
    ):
        ground = await _ground(tx, context, campaign_id)
        stored = await sessions.lock(tx, session_id=session_id)
        if stored is None or stored.handed_off_at is None:
            continue
        waits = [
            wait["number"] for wait in session_effects.waits_of(stored) if wait["kind"] == "handoff"
        ]
        stored = replace(stored, handed_off_at=None)
        for wait in waits[:1]:
            stored = await session_effects.tell(
                tx, context, stored, HandedBack(wait=wait), key=f"handed back {wait}"
            )
            await session_places.settle(tx, context, stored, ground)
        if waits:
            return True
    return False


async def resume_due(context: Context) -> int:
    """Resume sessions with a wait whose time is up; how many that were (engine role)."""
    async with context.db.read() as tx:
        due = await flow_timers.due(tx, limit=TIMERS_AT_ONCE, now=context.clock.now())
    for session_id, wait, has_begun in due:
        if has_begun:
            await time_out(context, session_id=session_id, wait=wait)
        else:
            await _begin_late(context, session_id=session_id, wait=wait)
    return len(due)


async def _begin_late(context: Context, *, session_id: int, wait: int) -> None:
    """A wait that has waited long for its beginning: it begins now, unless it still has to."""
    now = context.clock.now()
    async with context.db.transaction() as tx:
        if await sessions.lock(tx, session_id=session_id) is not None:
            await flow_timers.begin(tx, session_id=session_id, now=now)
            await flow_timers.look_again(tx, session_id=session_id, wait=wait, now=now)


async def time_out(context: Context, *, session_id: int, wait: int) -> None:
    """A wait's time is up. Where it is over already only its timer goes."""
    async with context.db.transaction() as tx:
        await resume(
            tx, context, session_id=session_id, told=TimedOut(wait=wait), key=f"time {wait}"
        )
        await flow_timers.clear(tx, session_id=session_id, waits=[wait])


async def resume(
    tx: Tx, context: Context, *, session_id: int, told: Input, key: str | None
) -> Resumed | None:
    """Tell one session something; None when it is over."""
    for campaign_id in await sessions.campaigns_of(tx, session_ids=[session_id]):
        return await _resume(tx, context, session_id, campaign_id, told, key=key)
    return None


async def replayed(tx: Tx, *, session_id: int) -> list[Sprint]:
    """Every sprint of a session, run again from what it began with and was told.

    Raises:
        LookupError: there is no such session.
    """
    began = await sessions.began(tx, session_id=session_id)
    if began is None:
        raise LookupError(f"there is no session {session_id}")
    flow_id, version, started, _ = began
    flow = await flow_plans.pinned(tx, flow_id=flow_id, version=version)
    contact = Contact(fields=started["fields"], zones=tuple(started["zones"]))
    trigger = Trigger(params=started["params"])
    at = datetime.fromisoformat(started["at"])
    sprints = [flow_engine.start(flow, contact, trigger, at)]
    for moment, told in await sessions.inputs(tx, session_id=session_id):
        last = sprints[-1].session
        sprints.append(flow_engine.resume(flow, last, inputs_read(told), moment))
    return sprints


async def _resume(
    tx: Tx,
    context: Context,
    session_id: int,
    campaign_id: str,
    told: Input,
    *,
    key: str | None,
) -> Resumed | None:
    ground = await _ground(tx, context, campaign_id)
    stored = await sessions.lock(tx, session_id=session_id)
    if stored is None or stored.status == "ended":
        return None
    if not ground.is_over:
        stored = await session_effects.tell(tx, context, stored, told, key=key)
    await session_places.settle(tx, context, stored, ground)
    return Resumed(
        session_id=stored.id,
        campaign_id=campaign_id,
        target_id=stored.target_id,
        contact_id=stored.contact_id,
    )


async def _ground(tx: Tx, context: Context, campaign_id: str) -> Ground:
    now = context.clock.now()
    state, document = await campaigns.share_state(tx, campaign_id=campaign_id, now=now)
    return Ground(campaign_id=campaign_id, state=state, document=document)


def _contact(known: Known, *, phone: str | None) -> Contact:
    fields = {name: text_of(value) for name, value in known.attributes.items()}
    own_zone = known.time_zone or (known.zones[0] if len(known.zones) == 1 else None)
    named = {
        "first_name": known.first_name,
        "last_name": known.last_name,
        "language": known.language,
        "time_zone": own_zone,
        "phone": phone,
        "external_id": known.external_id,
    }
    fields |= {name: value for name, value in named.items() if value}
    return Contact(fields=fields, zones=tuple(known.zones))
