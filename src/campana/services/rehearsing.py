"""A call that a flow conducts on a carrier that reaches nobody: played when it is over.

The sandbox tells at its end what the callee did; each step of the session is said to them, and
answered with that. What was said and answered is the call's transcript, as of any other. A program
that is asked in the midst of such a call is not waited for: the call ends there.

The script of a bot is not played; whether somebody took its call over is what the carrier says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from campana.domain.dialog import asks_for_no_more
from campana.domain.dictation import (
    Came,
    Collect,
    Hold,
    Pressed,
    PutThrough,
    Question,
    Silence,
    Speak,
    Words,
)
from campana.domain.dictation import Spoken as Finished
from campana.domain.disposition import Disposition
from campana.domain.script import OPT_OUT_TEXT, Script, Spoken, Transfer
from campana.domain.transfer import TransferOutcome, Transferred
from campana.services import (
    bot_trials,
    conducting,
    end_events,
    flow_plans,
    session_calls,
    session_effects,
)
from campana.services.campaign_document import plan_of
from campana.services.context import Context
from campana.store import attempts, campaigns, sessions
from campana.store import events as store_events
from campana.store.attempts import Attempt, CallFacts
from campana.store.db import Tx

_ANSWERED = frozenset({Disposition.COMPLETED, Disposition.TRANSFERRED, Disposition.HUNG_UP})
_MOST_STEPS = 200
"""Of one call; a flow that takes more goes in a circle."""
_KEYS = frozenset("0123456789*#")


@dataclass(slots=True, kw_only=True)
class _Callee:
    """Whoever is called: what they still do, and what was said so far."""

    does: deque[str]
    listens: bool
    """Are words understood in this call?"""
    hangs_up: bool
    """Once they have nothing more to do."""
    takes_over: TransferOutcome
    """What comes of handing the call over to somebody else."""
    keys: str = ""
    wants_no_more: bool = False
    transcript: list[Mapping[str, str | int]] = field(default_factory=list[Mapping[str, str | int]])
    transfers: list[Mapping[str, str | int | None]] = field(
        default_factory=list[Mapping[str, str | int | None]]
    )

    def meet(self, order: Speak | Collect | Question | PutThrough) -> Came | None:
        """What comes of a step; None when the call ends there."""
        match order:
            case Speak(text=text):
                self._note("bot", text)
                return Finished()
            case PutThrough(step=step, to=to):
                if self.hangs_up and not self.does:
                    return None
                self.transfers.append(_transfer(step, to, self.takes_over))
                return Transferred(outcome=self.takes_over)
            case Collect() | Question():
                return self._answer(order)

    def _answer(self, order: Collect | Question) -> Came | None:
        self._note("bot", order.text)
        if not self.does:
            return None if self.hangs_up else Silence()
        done = self.does.popleft()
        if not done:
            return Silence()
        self._note("callee", done)
        if set(done) <= _KEYS:
            self.keys += done
            return Pressed(keys=_pressed(done, order))
        if self.listens and asks_for_no_more(Spoken(text=done)):
            self.wants_no_more = True
            self._note("bot", OPT_OUT_TEXT)
            return None
        return Words(text=done) if isinstance(order, Question) else Silence()

    def _note(self, role: str, text: str) -> None:
        self.transcript.append({"role": role, "text": text, "atMs": 0})


def _transfer(step: str, to: str, outcome: TransferOutcome) -> Mapping[str, str | int | None]:
    return {"step": step, "to": to, "outcome": str(outcome), "status": None, "atMs": 0}


def _pressed(keys: str, order: Collect | Question) -> str:
    if isinstance(order, Question):
        return keys
    return keys.partition(order.finish_on)[0] if order.finish_on else keys[: order.most]


async def play(
    tx: Tx,
    context: Context,
    attempt: Attempt,
    *,
    disposition: Disposition,
    does: str,
    transfers: TransferOutcome = TransferOutcome.ANSWERED,
    now: datetime,
) -> Disposition:
    """Say to a callee who `does` this, line by line, what the attempt's (held) session says.

    Where it hands the call over, `transfers` comes of it. Returns how the call ended: what the
    carrier said, unless the flow made more of it. Nothing is played of a call that was not
    answered.
    """
    if disposition not in _ANSWERED or attempt.session_id is None or attempt.message_no is None:
        return disposition
    if attempt.campaign_id is None or not attempt.state.is_open:
        return disposition
    await campaigns.share_state(tx, campaign_id=attempt.campaign_id, now=now)
    stored = await sessions.lock(tx, session_id=attempt.session_id)
    message = await sessions.message(tx, session_id=attempt.session_id, number=attempt.message_no)
    if stored is None or message is None or not session_calls.is_talk(message):
        return disposition
    flow = await flow_plans.pinned(
        tx,
        flow_id=stored.flow_id,
        version=stored.flow_version,
        content_hash=stored.session["flow"],
    )
    callee = _Callee(
        does=deque(does.split("\n") if does else ()),
        listens=session_calls.listens(message),
        hangs_up=disposition is Disposition.HUNG_UP,
        takes_over=transfers,
    )
    for _ in range(_MOST_STEPS):
        waiting = session_calls.waits(stored.session)
        if not waiting or stored.status == "ended":
            break
        order = conducting.order_of(waiting[0], flow)
        came = None if isinstance(order, Hold) else callee.meet(order)
        if came is None:
            break
        wait: int = waiting[0]["wait"]["number"]
        told = conducting.input_of(wait, came)
        stored = await session_effects.tell(
            tx, context, stored, told, key=f"call {attempt.id.hex} {wait}"
        )
        if isinstance(came, Transferred) and came.outcome is TransferOutcome.ANSWERED:
            disposition = Disposition.TRANSFERRED
            break
    await attempts.describe_call(tx, attempt_id=attempt.id, facts=_facts(callee, attempt))
    if callee.wants_no_more:
        added = await end_events.suppress(
            tx, context, attempt, reason="asked for it in", source="call", now=now
        )
        await store_events.add(tx, *added)
        return Disposition.OPT_OUT
    return disposition


async def hand_over(tx: Tx, attempt: Attempt, *, outcome: TransferOutcome, now: datetime) -> None:
    """Note of an attempt (held) whose bot hands calls over what came of that.

    Nothing of one whose bot does not, or in which a flow speaks.
    """
    if attempt.campaign_id is None or not attempt.state.is_open:
        return
    if attempt.session_id is not None and attempt.message_no is not None:
        message = await sessions.message(
            tx, session_id=attempt.session_id, number=attempt.message_no
        )
        if message is not None and session_calls.is_talk(message):
            return
    _, document = await campaigns.share_state(tx, campaign_id=attempt.campaign_id, now=now)
    scripts = bot_trials.scripts(plan_of(document)).values() if document else ()
    handed = next((each for script in scripts for each in _hands_over(script)), None)
    if handed is not None:
        facts = _nothing_said(transfers=[_transfer(*handed, outcome)])
        await attempts.describe_call(tx, attempt_id=attempt.id, facts=facts)


def _hands_over(script: Script) -> list[tuple[str, str]]:
    """The steps at which a bot hands its call over, and to whom."""
    steps = [each for each in script.steps if isinstance(each, Transfer)]
    named = [(each.id, to) for each in steps if (to := each.to or script.transfer_to)]
    return named or [("transfer", to) for to in script.transfers_to]


def _facts(callee: _Callee, attempt: Attempt) -> CallFacts:
    facts = replace(
        _nothing_said(transfers=callee.transfers), keys=callee.keys, transcript=callee.transcript
    )
    return facts.bare() if attempt.is_erased else facts


def _nothing_said(*, transfers: Sequence[Mapping[str, str | int | None]]) -> CallFacts:
    return CallFacts(
        sip_status=None,
        talk_seconds=None,
        keys="",
        saved={},
        result=None,
        transcript=(),
        recording_key=None,
        transfers=transfers,
    )
