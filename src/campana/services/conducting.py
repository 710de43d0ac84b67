"""A call that a session conducts: what it wants done next, told what came of what it wanted before.

Each step is one transaction, so a worker that dies between any two of them leaves a session that
waits for that call, which hears that it is over when the attempt is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from campana.domain.dictation import (
    Came,
    Collect,
    Hold,
    Order,
    Pressed,
    PutThrough,
    Question,
    Silence,
    Speak,
    Spoken,
    Words,
)
from campana.domain.transfer import TransferOutcome, Transferred
from campana.flow.inputs import (
    MAX_REPLY,
    Digits,
    Heard,
    Input,
    Said,
    TimedOut,
    TransferEnded,
)
from campana.services import flow_plans, session_calls, session_effects, session_places
from campana.services.context import Context
from campana.services.session_places import Ground
from campana.store import attempts, campaigns, sessions

if TYPE_CHECKING:
    from campana.flow.definition import Flow

_AWAITED = frozenset({"webhook", "intent"})
"""Kinds of waits for which the line is held: a program answers them within seconds."""
_HOLD_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is to be done, and the wait that what comes of it answers; None where nothing does."""

    order: Order
    wait: int | None


async def follow(
    context: Context, *, attempt_id: UUID, done: Step | None, came: Came | None
) -> Step | None:
    """Tell the session of an attempt what came of a step; what it wants next, None to hang up.

    Repeating it changes nothing: a wait is answered once. An attempt that is not in the caller's
    hands any more, or whose session is over, has nothing more to say. What the session sends
    meanwhile goes out when the call is over.

    Raises:
        Unavailable: the database is away; ask again.
    """
    now = context.clock.now()
    async with context.db.transaction() as tx:
        attempt = await attempts.lock(tx, attempt_id=attempt_id)
        if attempt is None or not attempt.state.is_open:
            return None
        if attempt.session_id is None or attempt.campaign_id is None:
            return None
        state, document = await campaigns.share_state(tx, campaign_id=attempt.campaign_id, now=now)
        stored = await sessions.lock(tx, session_id=attempt.session_id)
        if stored is None:
            return None
        if done is not None and done.wait is not None and came is not None:
            told = input_of(done.wait, came)
            key = f"call {attempt.id.hex} {done.wait}"
            stored = await session_effects.tell(tx, context, stored, told, key=key)
        ground = Ground(campaign_id=attempt.campaign_id, state=state, document=document)
        await session_places.settle(tx, context, stored, ground)
        flow = await flow_plans.pinned(
            tx,
            flow_id=stored.flow_id,
            version=stored.flow_version,
            content_hash=stored.session["flow"],
        )
    if stored.status == "ended":
        return None
    waiting = session_calls.waits(stored.session)
    if waiting:
        return Step(order=order_of(waiting[0], flow), wait=waiting[0]["wait"]["number"])
    if any(wait["kind"] in _AWAITED for wait in session_effects.waits_of(stored)):
        return Step(order=Hold(seconds=_HOLD_SECONDS), wait=None)
    return None


def input_of(wait: int, came: Came) -> Input:
    """What came of a step, in the words of flows."""
    match came:
        case Spoken():
            return Said(wait=wait)
        case Pressed(keys=keys):
            return Digits(wait=wait, digits=keys)
        case Words(text=text, scores=scores):
            return Heard(wait=wait, text=text[:MAX_REPLY].replace("\0", ""), scores=scores)
        case Silence():
            return TimedOut(wait=wait)
        case Transferred(outcome=outcome):
            return TransferEnded(wait=wait, is_connected=outcome is TransferOutcome.ANSWERED)


def order_of(thread: Mapping[str, Any], flow: Flow) -> Order:
    """What a thread waits for, as its node wrote it down."""
    kept, step = thread["wait"]["kept"], str(thread["node"])
    match thread["wait"]["kind"]:
        case "digits":
            return Collect(
                step=step,
                text=kept["text"],
                most=kept["maxDigits"],
                finish_on=kept["finishOn"],
                seconds=kept["seconds"],
            )
        case "answer":
            return _question(thread, flow)
        case "transfer":
            return PutThrough(step=step, to=kept["to"], seconds=kept["seconds"])
        case _:
            return Speak(step=step, text=kept["text"])


def _question(thread: Mapping[str, Any], flow: Flow) -> Question:
    kept, step = thread["wait"]["kept"], str(thread["node"])
    asked = flow.graphs[thread["graph"]].nodes[step].asks()
    assert asked is not None, f"{step} waits for an answer and asks nothing"  # noqa: S101
    return Question(
        step=step,
        text=kept["text"],
        answer=asked.answer,
        keypad=kept.get("keypad"),
        keys=asked.keys,
        seconds=kept["seconds"],
    )
