"""Contacts who call: one session takes one call, and of two that want it one has it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from campana.domain.campaign import ChannelType
from campana.domain.dictation import Came, Collect, Order, Pressed, Speak, Spoken
from campana.domain.disposition import Disposition
from campana.services import conducting, control, outcomes, receiving, sessions, suppressing
from campana.services.conducting import Step
from campana.services.context import Context
from campana.services.receiving import Refusal, Ringing, Taken
from tests.services.test_conducting import NODES, VOICE, TalkOf, talk_of
from tests.services.test_sweep import OLD_ENOUGH
from tests.support.campaign import ANA, BRUNO, person
from tests.support.database import FixedClock
from tests.support.ownership import dead_owner
from tests.support.talking import OWNER, Talk, flow, talking

__all__ = ["talk_of"]

OURS = "+12025550100"
WAITS: dict[str, Any] = {
    "a": {
        "type": "wait_inbound_call",
        "timeoutSeconds": 3600,
        "onTimeout": "silent",
        "next": "hello",
        "saveAs": "caller",
    },
    "hello": {"type": "say", "text": "You called.", "next": "menu", "onNoAnswer": "gone"},
    "menu": {**NODES["menu"], "cases": {"1": "end", "2": "again"}, "onHangUp": "gone"},
    "thanks": NODES["thanks"],
    # After the call they may call once more.
    "again": {"type": "delay", "delaySeconds": 60, "next": "a"},
    "silent": {"type": "end", "status": "no_answer"},
    "gone": {"type": "end", "status": "declined"},
    "end": {"type": "end", "status": "completed"},
}


def ringing(talk: Talk, number: str = ANA) -> Ringing:
    return Ringing(
        workspace_id=talk.scene.workspace_id,
        channels={talk.channels[VOICE].id: None},
        numbers=(number,),
        called=OURS,
    )


async def rings(talk: Talk, number: str = ANA, *, owner_id: int = OWNER) -> Taken | Refusal:
    return await receiving.take(talk.scene.engine, ringing(talk, number), owner_id=owner_id)


async def waiting(talk_of: TalkOf, nodes: Mapping[str, Any] = WAITS, **changes: Any) -> Talk:
    """A campaign whose turn with Ana has come: it waits for her call."""
    talk = await talk_of(nodes, **changes)
    assert await talk.claim(VOICE) == []
    assert await talk.targets() == [("talking", None)]
    return talk


class Line:
    """The worker's side of a call that came in."""

    def __init__(self, talk: Talk, taken: Taken | Refusal) -> None:
        assert isinstance(taken, Taken)
        self.talk = talk
        self.taken = taken
        self.step: Step | None = None

    async def next(self, came: Came | None = None) -> Order | None:
        self.step = await conducting.follow(
            self.talk.scene.engine, attempt_id=self.taken.attempt_id, done=self.step, came=came
        )
        return self.step.order if self.step is not None else None

    async def ends(self, disposition: Disposition) -> None:
        await outcomes.settle(
            self.talk.scene.engine,
            attempt_id=self.taken.attempt_id,
            disposition=disposition,
            reason=str(disposition),
        )


async def test_a_call_belongs_to_the_session_that_waits_for_it(talk_of: TalkOf) -> None:
    talk = await waiting(talk_of)
    line = Line(talk, await rings(talk))
    assert (line.taken.address, line.taken.opening) == (ANA, "You called.")
    assert await talk.targets() == [("attempting", None)]
    assert await line.next() == Speak(step="hello", text="You called.")
    # Its time is over with the call, and nobody asks for another one.
    talk.clock.forward(hours=2)
    assert await talk.timers() == 0
    assert await talk.claim(VOICE) == []
    assert isinstance(await line.next(Spoken()), Collect)
    assert await line.next(Pressed(keys="1")) is None
    await line.ends(Disposition.COMPLETED)
    assert await talk.targets() == [("finished", "completed")]
    [row] = await talk.scene.rows(
        "select direction, attempt_no, state, disposition, from_number, to_number"
        " from attempts join voice_calls on attempt_id = id"
    )
    assert row == ("inbound", 1, "ended", "completed", ANA, OURS)
    told = await talk.scene.rows("select told from flow_inputs order by number limit 1")
    assert told == [({"type": "callReceived", "wait": 0, "number": ANA},)]
    started = await talk.scene.rows(
        "select data->>'direction' from told_events where type = 'attempt.started'"
    )
    assert started == [("inbound",)]


async def test_who_is_not_waited_for_is_refused_and_only_counted(talk_of: TalkOf) -> None:
    talk = await waiting(talk_of)
    assert await rings(talk, BRUNO) is Refusal.NOBODY_WAITS
    line = Line(talk, await rings(talk))
    await line.next()
    await line.ends(Disposition.HUNG_UP)
    assert await talk.targets() == [("finished", "declined")]
    assert await rings(talk) is Refusal.NOBODY_WAITS
    assert await talk.scene.rows("select count(*) from attempts") == [(1,)]
    assert await talk.scene.rows("select refused_calls from pacing") == [(2,)]


async def test_of_two_calls_at_once_one_is_taken_and_the_other_hears_that_we_are_busy(
    talk_of: TalkOf,
) -> None:
    talk = await waiting(talk_of)
    both = await asyncio.gather(rings(talk), rings(talk))
    assert sorted(isinstance(each, Taken) for each in both) == [False, True]
    assert Refusal.BUSY in both
    assert await rings(talk) is Refusal.BUSY
    assert await talk.targets() == [("attempting", None)]
    assert await talk.scene.rows("select count(*) from attempts") == [(1,)]


async def test_of_a_call_and_the_end_of_its_time_one_counts(talk_of: TalkOf) -> None:
    talk = await waiting(talk_of)
    talk.clock.forward(hours=1)
    taken, _ = await asyncio.gather(rings(talk), talk.timers())
    if isinstance(taken, Taken):
        assert await talk.targets() == [("attempting", None)]
        assert await talk.timers() == 0
        await Line(talk, taken).ends(Disposition.HUNG_UP)
        assert await talk.targets() == [("finished", "declined")]
    else:
        assert taken is Refusal.NOBODY_WAITS
        assert await talk.targets() == [("finished", "no_answer")]
    assert await talk.scene.rows("select count(*) from flow_inputs where told->>'wait' = '0'") == [
        (1,)
    ]


@pytest.mark.parametrize("is_call_first", [True, False])
async def test_whichever_is_first_the_other_changes_nothing(
    is_call_first: bool, talk_of: TalkOf
) -> None:
    talk = await waiting(talk_of)
    [[session_id]] = await talk.scene.rows("select id from flow_sessions")

    async def times_out() -> None:
        await sessions.time_out(talk.scene.engine, session_id=session_id, wait=0)

    if is_call_first:
        line = Line(talk, await rings(talk))
        await times_out()
        assert await line.next() == Speak(step="hello", text="You called.")
    else:
        await times_out()
        assert await rings(talk) is Refusal.NOBODY_WAITS
        assert await talk.targets() == [("finished", "no_answer")]


async def test_a_pause_refuses_calls_until_it_is_over(talk_of: TalkOf, context: Context) -> None:
    talk = await waiting(talk_of)
    named = {"workspace_id": talk.scene.workspace_id, "campaign_id": talk.scene.campaign_id}
    await control.pause(context, **named)
    assert await rings(talk) is Refusal.PAUSED
    assert await talk.targets() == [("talking", None)]
    await control.resume(context, **named)
    assert isinstance(await rings(talk), Taken)


async def test_a_suppression_does_not_forbid_to_answer(talk_of: TalkOf) -> None:
    talk = await waiting(talk_of)
    async with talk.scene.engine.db.transaction() as tx:
        await suppressing.suppress(
            tx,
            talk.scene.engine,
            workspace_id=talk.scene.workspace_id,
            address=ANA,
            reason="asked for it",
            source="api",
            now=talk.clock.now(),
        )
    line = Line(talk, await rings(talk))
    assert isinstance(await line.next(), Speak)


async def test_a_call_takes_a_line_of_the_channel_and_none_is_taken_beyond(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    talk = await talking(
        engine_context,
        context,
        clock=clock,
        workspace_id=workspace_id,
        definition=flow(WAITS),
        people=[person(ANA), person(BRUNO)],
        channel_types=(VOICE,),
    )
    await talk.claim(VOICE)
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await tx.execute("update channels set lines = 1")
    line = Line(talk, await rings(talk))
    assert await rings(talk, BRUNO) is Refusal.BUSY
    await line.next()
    await line.ends(Disposition.HUNG_UP)
    assert isinstance(await rings(talk, BRUNO), Taken)


async def test_a_worker_that_dies_with_the_call_frees_its_line_and_the_flow_goes_on(
    talk_of: TalkOf, engine_context: Context, clock: FixedClock
) -> None:
    nodes = {**WAITS, "gone": {**WAITS["again"], "type": "delay"}}
    talk = await waiting(talk_of, nodes)
    line = Line(talk, await rings(talk, owner_id=await dead_owner(engine_context)))
    assert isinstance(await line.next(), Speak)
    clock.moment += OLD_ENOUGH
    assert await outcomes.sweep(engine_context) == 1
    assert await talk.scene.rows("select disposition, reason from attempts") == [
        ("unknown", "its worker died during it")
    ]
    assert await talk.targets() == [("talking", None)]
    assert await line.next(Spoken()) is None
    # They may call again: nothing of ours rang anywhere.
    clock.forward(minutes=1)
    assert await talk.timers() == 1
    again = Line(talk, await rings(talk))
    assert isinstance(await again.next(), Speak)


async def test_what_we_are_saying_to_them_now_comes_first(talk_of: TalkOf) -> None:
    nodes = {
        **WAITS,
        "call": WAITS["a"],
        "a": {"type": "parallel", "branches": ["call", "text"], "join": "any", "next": "end"},
        "text": {"type": "send_message", "text": "Call us.", "next": "wait"},
        "wait": {"type": "delay", "delaySeconds": 7200, "next": "end"},
    }
    sms = ChannelType.SMS
    talk = await talk_of(nodes, channel_types=(sms, VOICE))
    [claimed] = await talk.claim(sms)
    assert await rings(talk) is Refusal.BUSY
    await talk.accept([claimed])
    line = Line(talk, await rings(talk))
    assert isinstance(await line.next(), Speak)
    await talk.report(claimed, Disposition.DELIVERED)
    assert await talk.targets() == [("attempting", None)]


async def test_a_call_that_was_to_be_placed_is_not_when_they_call_themselves(
    talk_of: TalkOf,
) -> None:
    nodes = {
        **WAITS,
        "call": WAITS["a"],
        "a": {"type": "parallel", "branches": ["call", "tell"], "join": "any", "next": "end"},
        "tell": {"type": "say", "text": "News.", "next": "wait", "onNoAnswer": "wait"},
        "wait": {"type": "delay", "delaySeconds": 7200, "next": "end"},
    }
    talk = await talk_of(nodes)
    [claimed] = await talk.claim(VOICE)
    await talk.refuse(claimed, Disposition.NOT_SENT)
    assert await talk.targets() == [("waiting", None)]
    line = Line(talk, await rings(talk))
    assert await line.next() == Speak(step="tell", text="News.")
    assert await line.next(Spoken()) == Speak(step="hello", text="You called.")
    assert await talk.claim(VOICE) == []
    states = await talk.scene.rows("select state from flow_messages order by state")
    assert states == [("attempting",), ("withdrawn",)]
