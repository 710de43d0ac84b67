"""A contact calls: the session that waits for it takes the call, or the reason why nobody does.

Who calls is told by their number. Whether the call is taken is decided in one transaction under the
session's lock: of a call and a time-out, or of two calls, whoever has the lock first wins. The
attempt and the line are committed before the call is answered, as with calls that we place.

Not asked are the hours, the caps and the suppressions: those say whom we may call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

from campana.domain.campaign import STATUS_OF, CampaignStatus
from campana.domain.ids import uuid7
from campana.domain.target import TargetState
from campana.flow.inputs import CallReceived
from campana.services import channel_secrets, events, session_calls, session_effects
from campana.services.context import Context
from campana.services.session_places import Ground
from campana.store import attempts, campaigns, owners, session_waits, sessions, trunks
from campana.store import events as store_events
from campana.store.db import Tx
from campana.store.sessions import Carried, StoredSession

WAIT = "inbound_call"
"""The kind of wait that a call ends."""


class Refusal(IntEnum):
    """Why a call is not taken, as the final code of SIP that says so."""

    STRANGER = 403
    """It does not come from where a trunk is."""
    NO_SUCH_NUMBER = 404
    """None of our channels has the number that was called."""
    WITHHELD = 433
    """Nobody can tell who calls."""
    PAUSED = 480
    """The campaign whose flow waits for it, or the channel, is paused."""
    BUSY = 486
    """No line is free, or we are in contact with them already."""
    NOBODY_WAITS = 603
    """No flow waits for a call of theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """A call that came in."""

    workspace_id: int
    channels: Mapping[str, str | None]
    """The workspace's channels that have the number called, each with the trunk it came by."""
    numbers: tuple[str, ...]
    """Whom the trunk may mean with the caller, in E.164, likeliest first."""
    called: str
    """The number of ours, in E.164."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A call that belongs to a session: its attempt is committed, and is the caller's to answer."""

    attempt_id: UUID
    workspace_id: int
    campaign_id: str
    session_id: int
    channel_id: str
    address: str
    opening: str | None
    """What is said first, where that is known."""
    listens: bool
    """May words be asked for?"""


async def take(context: Context, ringing: Ringing, *, owner_id: int) -> Taken | Refusal:
    """Give the call to the session that waits for it.

    Raises:
        Unavailable: the database is away; nothing was taken.
    """
    refusal = Refusal.NOBODY_WAITS
    for number in ringing.numbers:
        async with context.db.read() as tx:
            waiting = await session_waits.for_call(
                tx,
                workspace_id=ringing.workspace_id,
                channel_ids=list(ringing.channels),
                numbers=[number],
            )
        for session_id, campaign_id, channel_id in waiting:
            async with context.db.transaction() as tx:
                taken = await take_for(
                    tx,
                    context,
                    session_id=session_id,
                    campaign_id=campaign_id,
                    channel_id=channel_id,
                    trunk=ringing.channels[channel_id],
                    number=number,
                    called=ringing.called,
                    owner_id=owner_id,
                )
            if isinstance(taken, Taken):
                return taken
            if taken is not Refusal.NOBODY_WAITS:
                refusal = taken
    async with context.db.transaction() as tx:
        if refusal is Refusal.NOBODY_WAITS and await attempts.is_in_contact(
            tx, workspace_id=ringing.workspace_id, addresses=ringing.numbers
        ):
            refusal = Refusal.BUSY
        await owners.refused_call(tx, channel_ids=list(ringing.channels))
    return refusal


async def take_for(
    tx: Tx,
    context: Context,
    *,
    session_id: int,
    campaign_id: str,
    channel_id: str,
    trunk: str | None,
    number: str,
    called: str,
    owner_id: int,
) -> Taken | Refusal:
    """Give it to this session if that waits for a call now, in the caller's transaction."""
    now = context.clock.now()
    state, document = await campaigns.share_state(tx, campaign_id=campaign_id, now=now)
    ground = Ground(campaign_id=campaign_id, state=state, document=document)
    stored = await sessions.lock(tx, session_id=session_id)
    wait = _wait_of(stored) if stored is not None and stored.status != "ended" else None
    if stored is None or wait is None or ground.is_over:
        return Refusal.NOBODY_WAITS
    if STATUS_OF[state] is not CampaignStatus.RUNNING:
        return Refusal.PAUSED
    place = await sessions.place(tx, target_id=stored.target_id)
    if place is None or place.state is TargetState.FINISHED:
        return Refusal.NOBODY_WAITS
    if place.state is TargetState.ATTEMPTING:
        # What we are saying to them at this moment comes first: one attempt a target.
        return Refusal.BUSY
    refusal = await _without_line(tx, context, channel_id=channel_id, trunk=trunk)
    if refusal is not None:
        return refusal
    attempt_id = uuid7(int(now.timestamp() * 1000), context.entropy(10))
    attempt_no = await attempts.receive(
        tx,
        attempt_id=attempt_id,
        target_id=stored.target_id,
        channel_id=channel_id,
        trunk=trunk,
        address=number,
        to_number=called,
        owner_id=owner_id,
        now=now,
    )
    if attempt_no is None:
        return Refusal.BUSY
    listens = await _begin_call(tx, stored, wait=wait, attempt_id=attempt_id, context=context)
    stored = await session_effects.tell(
        tx,
        context,
        stored,
        CallReceived(wait=wait, number=number),
        key=f"call {attempt_id.hex} {wait}",
    )
    await store_events.add(
        tx,
        events.of_sending(
            workspace_id=stored.workspace_id,
            campaign_id=campaign_id,
            target_id=stored.target_id,
            attempt_id=attempt_id,
            channel_id=channel_id,
            number=attempt_no,
            address=number,
            direction="inbound",
            at=now,
        ),
    )
    said = session_calls.waits(stored.session)
    return Taken(
        attempt_id=attempt_id,
        workspace_id=stored.workspace_id,
        campaign_id=campaign_id,
        session_id=stored.id,
        channel_id=channel_id,
        address=number,
        opening=said[0]["wait"]["kept"].get("text") if said else None,
        listens=listens,
    )


async def refuse(context: Context, *, channel_ids: Sequence[str]) -> None:
    """Count a call that was not taken."""
    async with context.db.transaction() as tx:
        await owners.refused_call(tx, channel_ids=channel_ids)


def _wait_of(stored: StoredSession) -> int | None:
    """The first of its waits that a call ends."""
    numbers = [
        int(wait["number"]) for wait in session_effects.waits_of(stored) if wait["kind"] == WAIT
    ]
    return min(numbers, default=None)


async def _begin_call(
    tx: Tx, stored: StoredSession, *, wait: int, attempt_id: UUID, context: Context
) -> bool:
    """The one call of the session that is on from now: it is not to ask for another.

    One that it had asked for is not placed any more: what it would say is said in this one. Returns
    whether words may be asked for in it.
    """
    asked = await sessions.talk_call(tx, session_id=stored.id)
    if asked is not None:
        await sessions.set_message(tx, session_id=stored.id, number=asked.number, state="withdrawn")
    listens = await session_calls.ask(tx, stored, number=wait, text=None, now=context.clock.now())
    carried = Carried(attempt_id=attempt_id, session_id=stored.id, number=wait)
    await sessions.carry(tx, carried=[carried])
    return listens


async def _without_line(
    tx: Tx, context: Context, *, channel_id: str, trunk: str | None
) -> Refusal | None:
    """Why the channel has no line for it; the pacing row is held until the line is taken."""
    pace = await owners.lock_pace(tx, channel_id=channel_id)
    if pace is None or pace.is_paused:
        return Refusal.PAUSED
    # Of owners, 0 is nobody: what this worker was promised for calls it places counts as well.
    if await owners.lines_in_use(tx, channel_id=channel_id, owner_id=0) >= pace.limits.lines:
        return Refusal.BUSY
    kind = context.carriers[pace.kind]
    if trunk is None or kind.trunks is None:
        return None
    config = channel_secrets.config_of(context, kind=kind, stored=pace.config)
    for limits in kind.trunks(config):
        if limits.name == trunk and limits.lines is not None:
            used = await trunks.lines_in_use(tx, channel_id=channel_id, trunk=trunk)
            return Refusal.BUSY if used >= limits.lines else None
    return None
