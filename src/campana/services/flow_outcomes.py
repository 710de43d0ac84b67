"""What comes of the attempts of a flow: told to its session instead of the cadence.

A message that its carrier has lets its target go on; how it ended, whenever that is known, the
session hears under a name of its own, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from campana.domain import cadence
from campana.domain.attempt import AttemptState
from campana.domain.campaign import Plan
from campana.domain.disposition import FINALITY, Disposition, Finality
from campana.flow.inputs import CallEnded, MessageReported
from campana.services import session_calls, session_effects, session_places
from campana.services.context import Context
from campana.services.session_places import Ground
from campana.store import campaigns, targets
from campana.store import sessions as store
from campana.store.attempts import Attempt
from campana.store.db import Tx
from campana.store.sessions import Message, StoredSession

_ARRIVED = frozenset({
    Disposition.DELIVERED,
    Disposition.COMPLETED,
    Disposition.TRANSFERRED,
    Disposition.HUNG_UP,
})  # fmt: skip


async def hold(tx: Tx, context: Context, attempts: Sequence[Attempt]) -> None:
    """Before several attempts (held) are told about: hold campaigns, then sessions, in order."""
    session_ids = [each.session_id for each in attempts if each.session_id is not None]
    if len(session_ids) < 2:
        return
    now = context.clock.now()
    for campaign_id in await store.campaigns_of(tx, session_ids=session_ids):
        await campaigns.share_state(tx, campaign_id=campaign_id, now=now)
    await store.hold(tx, session_ids=session_ids)


async def accepted(tx: Tx, context: Context, attempt_ids: Sequence[UUID]) -> None:
    """Carriers have these attempts' messages: each target goes on to what comes next.

    A call keeps its target to its end. Repeating it changes nothing.
    """
    if not attempt_ids:
        return
    now = context.clock.now()
    taken = await store.taken_messages(tx, attempt_ids=attempt_ids)
    for attempt_id, session_id, number in taken:
        stored, ground = await _stored(tx, session_id, now=now)
        if not await store.let_go(tx, attempt_ids=[attempt_id], now=now):
            continue
        if stored is None or ground is None:
            continue
        await store.set_message(tx, session_id=session_id, number=number, state="done")
        stored = await _reached(tx, stored, now=now)
        if session_effects.waits_for(stored, message=number):
            told = MessageReported(message=number, status="sent")
            stored = await session_effects.tell(
                tx, context, stored, told, key=f"sent {number} {attempt_id.hex}"
            )
        await session_places.settle(tx, context, stored, ground, frees=True)


async def ended(
    tx: Tx,
    context: Context,
    attempt: Attempt,
    *,
    disposition: Disposition,
    reason: str,
    plan: Plan,
    ground: Ground,
    result: str | None = None,
    answers: dict[str, str] | None = None,
) -> None:
    """An attempt of a flow's is over (closed, in this transaction): its session is told.

    Args:
        tx: holds the attempt and its campaign.
        context: of the engine role.
        attempt: as it was before.
        disposition: how it ended.
        reason: why, for people.
        plan: the campaign's.
        ground: the campaign.
        result: what the bot of a call found out.
        answers: what it saved.
    """
    if attempt.session_id is None or attempt.message_no is None or attempt.target_id is None:
        return
    now = context.clock.now()
    stored = await store.lock(tx, session_id=attempt.session_id)
    message = await store.message(tx, session_id=attempt.session_id, number=attempt.message_no)
    if stored is None or message is None:
        # The person was erased meanwhile, with all that was said.
        await targets.finish(
            tx, target_id=attempt.target_id, disposition=disposition, reason=reason, now=now
        )
        return
    frees = attempt.let_go_at is None and attempt.state is not AttemptState.UNKNOWN
    key = f"ended {attempt.id.hex}"
    again = None
    if frees and message.state == "attempting" and not stored.has_opted_out:
        again = await _again(tx, stored, message, disposition, plan=plan, now=now)
    if again is not None:
        await store.set_message(tx, session_id=stored.id, number=message.number, state="queued")
        if session_calls.is_talk(message) and not session_calls.waits(stored.session):
            await store.set_message(
                tx, session_id=stored.id, number=message.number, state="withdrawn"
            )
        if message.wait is not None and not session_effects.has_wait(stored, message.wait):
            # Nobody wants to hear of it any more, and it has not gone out: it never does.
            await store.withdraw(tx, session_id=stored.id, waits=[message.wait])
        await session_places.settle(
            tx, context, stored, ground, frees=True, due_at=again, reason=str(disposition)
        )
        return
    if disposition is Disposition.UNKNOWN:
        # Of a message that its carrier has, nobody was told the end: there is nothing to tell.
        if frees and message.state == "attempting":
            await _unknown(tx, context, stored, message, ground, reason=reason, key=key, now=now)
        return
    if disposition is Disposition.OPT_OUT and session_calls.is_talk(message):
        # They said so to the flow itself, which has nothing more to say to anybody.
        stored = await _reached(tx, replace(stored, has_opted_out=True), now=now)
        stored = await session_effects.stop(tx, stored, outcome=str(disposition), now=now)
    told = CallEnded(disposition=disposition, result=result, answers=answers or {})
    stored = await _tell_end(tx, context, stored, message, told, key=key, now=now)
    await session_places.settle(tx, context, stored, ground, frees=frees)


async def _tell_end(
    tx: Tx,
    context: Context,
    stored: StoredSession,
    message: Message,
    end: CallEnded,
    *,
    key: str,
    now: datetime,
) -> StoredSession:
    """The end of a message's last attempt, in the words its node waits for."""
    disposition = end.disposition
    if message.kind == "call":
        if _talked(disposition):
            stored = await _reached(tx, stored, now=now)
        return await session_places.call_over(tx, context, stored, message, end, key=key)
    await store.set_message(tx, session_id=stored.id, number=message.number, state="done")
    if disposition not in _ARRIVED:
        return await session_places.failed(
            tx, context, stored, message, disposition=disposition, key=key
        )
    stored = await _reached(tx, stored, now=now)
    if not session_effects.waits_for(stored, message=message.number):
        return stored
    heard = MessageReported(message=message.number, status="delivered")
    return await session_effects.tell(tx, context, stored, heard, key=key)


async def read(tx: Tx, context: Context, attempt: Attempt) -> None:
    """The person has read an attempt's message (held); the word may come after the end."""
    if attempt.session_id is None or attempt.message_no is None:
        return
    now = context.clock.now()
    stored, ground = await _stored(tx, attempt.session_id, now=now)
    if stored is None or ground is None:
        return
    if session_effects.waits_for(stored, message=attempt.message_no):
        told = MessageReported(message=attempt.message_no, status="read")
        stored = await session_effects.tell(tx, context, stored, told, key=f"read {attempt.id.hex}")
        await session_places.settle(tx, context, stored, ground)


async def _stored(
    tx: Tx, session_id: int, *, now: datetime
) -> tuple[StoredSession | None, Ground | None]:
    """A session and its campaign, held in the order everybody takes them."""
    for campaign_id in await store.campaigns_of(tx, session_ids=[session_id]):
        state, document = await campaigns.share_state(tx, campaign_id=campaign_id, now=now)
        ground = Ground(campaign_id=campaign_id, state=state, document=document)
        return await store.lock(tx, session_id=session_id), ground
    return None, None


async def _reached(tx: Tx, stored: StoredSession, *, now: datetime) -> StoredSession:
    if stored.was_reached:
        return stored
    stored = replace(stored, was_reached=True)
    await store.save(tx, stored=stored, now=now)
    return stored


async def _again(
    tx: Tx,
    stored: StoredSession,
    message: Message,
    disposition: Disposition,
    *,
    plan: Plan,
    now: datetime,
) -> datetime | None:
    """When the same message is tried again; None when it is not.

    What was never sent is; a message that a carrier could not take is, by the campaign's rule for
    that. What becomes of a call is the flow's to decide.
    """
    if disposition is Disposition.NOT_SENT:
        return now
    if message.kind == "call" or FINALITY[disposition] is not Finality.RETRY:
        return None
    rule = plan.cadence.rules.get(disposition)
    tries = await store.tries(tx, session_id=stored.id, number=message.number)
    made = sum(n for each, n in tries.items() if each is not Disposition.NOT_SENT)
    count = tries.get(disposition, 0)
    if rule is None or count >= rule.attempts or made >= plan.cadence.max_attempts:
        return None
    return now + rule.delay_after(count)


async def _unknown(
    tx: Tx,
    context: Context,
    stored: StoredSession,
    message: Message,
    ground: Ground,
    *,
    reason: str,
    key: str,
    now: datetime,
) -> None:
    """It may have arrived: it is never sent again.

    Nothing more will be told of a call, so whatever waits for it goes on: its own failure way, and
    to no other call. A session that waits for word of a message waits on, for as long as it said.
    Where nothing waits only a person may go on with the target.
    """
    if message.kind == "call":
        is_awaited = _is_call_awaited(stored, message)
        end = CallEnded(disposition=Disposition.UNKNOWN)
        stored = await session_places.call_over(tx, context, stored, message, end, key=key)
    else:
        is_awaited = session_effects.waits_for(stored, message=message.number)
        await store.set_message(tx, session_id=stored.id, number=message.number, state="done")
    if is_awaited:
        await session_places.settle(tx, context, stored, ground, frees=True)
        return
    await session_places.finish_as(
        tx, stored, disposition=Disposition.UNKNOWN, reason=reason, now=now
    )


def _is_call_awaited(stored: StoredSession, message: Message) -> bool:
    if session_calls.is_talk(message):
        return bool(session_calls.waits(stored.session))
    return message.wait is not None and session_effects.has_wait(stored, message.wait)


def _talked(disposition: Disposition) -> bool:
    return cadence.is_last(disposition) or disposition is Disposition.CALLBACK_REQUEST
