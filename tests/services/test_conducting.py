"""Flows that speak in a call of their own: one attempt is one call, whatever happens to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from campana.domain.answers import YesNo
from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.campaign import ChannelType
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
from campana.domain.disposition import Disposition
from campana.domain.transfer import TransferOutcome, Transferred
from campana.flow.inputs import WebhookAnswered
from campana.services import (
    conducting,
    dispatch,
    outcomes,
    reopening,
    session_calls,
    sessions,
)
from campana.services.claimed import Claimed
from campana.services.conducting import Step
from campana.services.context import Context
from campana.store import owners
from tests.services.test_sweep import OLD_ENOUGH
from tests.support.campaign import ANA, BOT, person
from tests.support.database import FixedClock
from tests.support.ownership import dead_owner
from tests.support.talking import Talk, flow, talking

TalkOf = Callable[..., Awaitable[Talk]]
VOICE = ChannelType.VOICE
NODES = {
    "a": {"type": "say", "text": "Hello.", "next": "menu", "onNoAnswer": "gone"},
    "menu": {
        "type": "gather",
        "text": "Press one or two.",
        "cases": {"1": "thanks", "2": "through"},
        "timeoutSeconds": 6,
        "onTimeout": "thanks",
        "onHangUp": "later",
        "saveAs": "key",
    },
    "thanks": {"type": "say", "text": "Thank you.", "next": "end", "onNoAnswer": "end"},
    "through": {
        "type": "voice_transfer",
        "to": "+12025550123",
        "timeoutSeconds": 30,
        "next": "end",
        "onFailure": "thanks",
    },
    "later": {"type": "delay", "delaySeconds": 3600, "next": "again"},
    "again": {"type": "say", "text": "Hello again.", "next": "end", "onNoAnswer": "gone"},
    "end": {"type": "end", "status": "told"},
    "gone": {"type": "end", "status": "no_answer"},
}


@pytest.fixture
def talk_of(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> TalkOf:
    """Launch a campaign of a flow with Ana alone."""

    async def make(nodes: Mapping[str, Any] = NODES, **changes: Any) -> Talk:
        return await talking(
            engine_context,
            context,
            clock=clock,
            workspace_id=workspace_id,
            definition=flow(nodes),
            people=[person(ANA)],
            **{"channel_types": (VOICE,), **changes},
        )

    return make


class Line:
    """The worker's side of one call."""

    def __init__(self, talk: Talk, claimed: Claimed) -> None:
        self.talk = talk
        self.claimed = claimed
        self.step: Step | None = None

    async def next(self, came: Came | None = None) -> Order | None:
        """Tell what came of the last order; the next one."""
        self.step = await conducting.follow(
            self.talk.scene.engine,
            attempt_id=self.claimed.attempt_id,
            done=self.step,
            came=came,
        )
        return self.step.order if self.step is not None else None


async def called(talk: Talk) -> Line:
    """The one call that is to be placed now."""
    [claimed] = await talk.claim(VOICE)
    assert claimed.message is not None
    assert session_calls.is_talk(claimed.message)
    return Line(talk, claimed)


async def test_it_speaks_takes_keys_and_goes_on_in_one_call(talk_of: TalkOf) -> None:
    talk = await talk_of()
    line = await called(talk)
    assert line.claimed.message is not None
    assert line.claimed.message.content["text"] == "Hello."
    assert await line.next() == Speak(step="a", text="Hello.")
    # The worker keeps the time: nothing else may end the wait while it speaks.
    assert await line.next(Spoken()) == Collect(
        step="menu", text="Press one or two.", most=1, finish_on=None, seconds=6.0
    )
    talk.clock.forward(minutes=10)
    assert await talk.timers() == 0
    assert isinstance(await line.next(Silence()), Collect)
    assert isinstance(await line.next(Pressed(keys="2")), PutThrough)
    told = Transferred(outcome=TransferOutcome.REFUSED, status=486)
    assert await line.next(told) == Speak(step="thanks", text="Thank you.")
    assert await talk.targets() == [("attempting", None)]
    assert await line.next(Spoken()) is None
    await talk.refuse(line.claimed, Disposition.COMPLETED)
    assert await talk.targets() == [("finished", "completed")]
    assert await talk.scene.rows("select count(*) from attempts") == [(1,)]
    assert await talk.scene.rows("select state from flow_messages") == [("done",)]


async def test_a_question_takes_words_and_the_node_says_what_they_mean(talk_of: TalkOf) -> None:
    asks = {"type": "gather", "timeoutSeconds": 6, "onTimeout": "gone", "onHangUp": "gone"}
    nodes = {
        "a": {
            **asks,
            "text": "Can you come?",
            "answer": {"type": "yes_no"},
            "keys": {"0": "gone"},
            "cases": {"yes": "many", "no": "end"},
            "onNotUnderstood": "gone",
        },
        "many": {**asks, "text": "How many?", "answer": {"type": "number"}, "next": "end"},
        "end": NODES["end"],
        "gone": NODES["gone"],
    }
    talk = await talk_of(nodes)
    line = await called(talk)
    assert line.claimed.message is not None
    assert session_calls.listens(line.claimed.message)
    asked = await line.next()
    assert asked == Question(
        step="a",
        text="Can you come?",
        answer=YesNo(),
        keypad="Please press 1 for yes, or 2 for no.",
        keys=frozenset("0"),
        seconds=6.0,
    )
    again = await line.next(Words(text="What?", scores={"Yes": -4.0}))
    assert isinstance(again, Question)
    assert again.text == "Sorry, I did not understand. Can you come?"
    by_keys = await line.next(Words(text="I did not hear you."))
    assert isinstance(by_keys, Question)
    assert (by_keys.text, by_keys.keypad) == ("Please press 1 for yes, or 2 for no.", None)
    many = await line.next(Pressed(keys="1"))
    assert isinstance(many, Question)
    assert await line.next(Words(text="Three.\0")) is None


async def test_who_wants_no_more_is_left_alone_by_the_flow_and_by_everybody(
    talk_of: TalkOf,
) -> None:
    nodes = {
        "a": {**NODES["menu"], "answer": {"type": "yes_no"}, "cases": {}, "next": "end"},
        **{name: NODES[name] for name in ("thanks", "later", "again", "end", "gone")},
    }
    talk = await talk_of(nodes)
    line = await called(talk)
    assert isinstance(await line.next(), Question)
    said = {"text": "Stop calling me.", "at_ms": 1000, "wish": "opt_out"}
    heard = AttemptEvent(type=EventType.HEARD, at=talk.clock.now(), detail=said)
    await outcomes.record(talk.scene.engine, attempt_id=line.claimed.attempt_id, event=heard)
    # In the midst of the call: another campaign may be about to call them.
    assert await talk.scene.rows("select address from suppressions") == [(ANA,)]
    await talk.refuse(line.claimed, Disposition.OPT_OUT)
    assert await talk.targets() == [("finished", "opt_out")]
    assert await talk.timers() == 0
    assert await talk.scene.rows("select state from flow_messages") == [("done",)]


async def test_whoever_has_the_call_has_it_also_when_its_end_is_told_first(
    talk_of: TalkOf,
) -> None:
    sorry = {**NODES["gone"], "status": "declined"}
    nodes = {"a": {**NODES["through"], "onFailure": "gone"}, "end": NODES["end"], "gone": sorry}
    talk = await talk_of(nodes)
    line = await called(talk)
    assert isinstance(await line.next(), PutThrough)
    await talk.refuse(line.claimed, Disposition.TRANSFERRED)
    assert await talk.targets() == [("finished", "completed")]


@pytest.mark.parametrize("disposition", [Disposition.NO_ANSWER, Disposition.BUSY])
async def test_nobody_answers_and_it_takes_the_nodes_way(
    talk_of: TalkOf, disposition: Disposition
) -> None:
    talk = await talk_of()
    line = await called(talk)
    await talk.refuse(line.claimed, disposition)
    assert await talk.targets() == [("finished", "no_answer")]
    assert await line.next() is None


async def test_what_was_never_sent_is_called_again(talk_of: TalkOf) -> None:
    talk = await talk_of()
    await talk.refuse((await called(talk)).claimed, Disposition.NOT_SENT)
    line = await called(talk)
    assert await line.next() == Speak(step="a", text="Hello.")


async def test_nobody_is_called_to_hear_that_they_hung_up(talk_of: TalkOf) -> None:
    menu = {key: value for key, value in NODES["menu"].items() if key != "onHangUp"}
    nodes = {
        "a": {**menu, "cases": {"1": "thanks"}},
        "thanks": NODES["thanks"],
        "end": NODES["end"],
    }
    talk = await talk_of(nodes)
    line = await called(talk)
    assert isinstance(await line.next(), Collect)
    await talk.refuse(line.claimed, Disposition.HUNG_UP)
    assert await talk.targets() == [("finished", "completed")]
    assert await talk.scene.rows("select count(*) from flow_messages") == [(1,)]


async def test_a_delay_after_a_call_may_lead_to_another(talk_of: TalkOf) -> None:
    talk = await talk_of()
    line = await called(talk)
    await line.next()
    await line.next(Spoken())
    await talk.refuse(line.claimed, Disposition.HUNG_UP)
    assert await talk.targets() == [("talking", None)]
    talk.clock.forward(hours=1)
    assert await talk.timers() == 1
    other = await called(talk)
    # Whoever still holds the first call has no say in the second.
    assert await line.next(Pressed(keys="1")) is None
    assert await other.next() == Speak(step="again", text="Hello again.")
    assert await other.next(Spoken()) is None


async def test_a_worker_that_dies_in_a_call_leaves_the_session_its_way_and_no_other_call(
    talk_of: TalkOf, engine_context: Context, clock: FixedClock
) -> None:
    talk = await talk_of()
    channel = talk.channels[VOICE]
    dead = await dead_owner(engine_context)
    [group] = await dispatch.ready(engine_context, channel_ids=[channel.id])
    async with engine_context.db.transaction() as tx:
        await owners.promise(tx, channel_id=channel.id, owner_id=dead, lines=1, trunk=None)
    [claimed] = await dispatch.claim(
        engine_context, group=group, channel_type=VOICE, owner_id=dead, limit=1
    )
    assert await dispatch.begin_sending(
        engine_context, claimed=claimed, owner_id=dead, from_number="+12025550100"
    )
    line = Line(talk, claimed)
    assert isinstance(await line.next(), Speak)
    assert isinstance(await line.next(Spoken()), Collect)
    clock.moment += OLD_ENOUGH
    assert await outcomes.sweep(engine_context) == 1
    assert await talk.scene.rows("select state, disposition from attempts") == [
        ("unknown", "unknown")
    ]
    # It went on by `onHangUp`, to a delay; a worker that was not dead after all is told nothing.
    assert await talk.targets() == [("talking", None)]
    assert await line.next(Pressed(keys="1")) is None
    clock.forward(hours=1)
    assert await talk.timers() == 1
    # What comes next would call them again: nobody knows whether they were talked to.
    assert await talk.claim(VOICE) == []
    assert await talk.targets() == [("finished", "no_answer")]
    assert await talk.scene.rows("select count(*) from attempts") == [(1,)]


async def test_whoever_declined_is_called_no_more_whatever_the_flow_says(talk_of: TalkOf) -> None:
    nodes = {
        "a": {**NODES["a"], "onNoAnswer": "later"},
        **{name: NODES[name] for name in ("menu", "thanks", "through", "later", "again", "end")},
        "gone": NODES["gone"],
    }
    talk = await talk_of(nodes)
    line = await called(talk)
    await talk.refuse(line.claimed, Disposition.DECLINED)
    assert await talk.targets() == [("talking", None)]
    talk.clock.forward(hours=1)
    assert await talk.timers() == 1
    assert await talk.claim(VOICE) == []
    # The flow calls that "no answer", after which a person may have them tried again.
    assert await talk.targets() == [("finished", "no_answer")]
    await reopening.retry(
        talk.scene.web,
        workspace_id=talk.scene.workspace_id,
        campaign_id=talk.scene.campaign_id,
        outcomes=[Disposition.NO_ANSWER],
        actor="test",
    )
    assert await talk.claim(VOICE) == []
    talk.clock.forward(hours=1)
    assert await talk.timers() == 1
    assert await talk.claim(VOICE) == []
    assert await talk.targets() == [("finished", "no_answer")]
    assert await talk.scene.rows("select count(*) from attempts") == [(1,)]


async def test_a_bots_call_that_is_lost_takes_its_failure_way_too(
    talk_of: TalkOf,
) -> None:
    nodes = {
        "a": {
            "type": "voice_call",
            "bot": "reminder",
            "cases": {"completed": "end"},
            "otherwise": "gone",
            "timeoutSeconds": 86400,
            "onTimeout": "end",
        },
        "end": NODES["end"],
        "gone": NODES["gone"],
    }
    talk = await talk_of(nodes, voiceBots={"reminder": BOT})
    [claimed] = await talk.claim(VOICE)
    await talk.refuse(claimed, Disposition.UNKNOWN)
    assert await talk.targets() == [("finished", "no_answer")]


async def test_a_call_that_nothing_needs_any_more_is_not_placed(talk_of: TalkOf) -> None:
    nodes = {
        "a": {"type": "parallel", "branches": ["call", "soon"], "join": "any", "next": "end"},
        "call": {**NODES["a"], "next": "end", "onNoAnswer": "end"},
        "soon": {"type": "delay", "delaySeconds": 60, "next": "end"},
        "end": NODES["end"],
    }
    talk = await talk_of(nodes)
    line = await called(talk)
    await talk.refuse(line.claimed, Disposition.NOT_SENT)
    talk.clock.forward(minutes=1)
    assert await talk.timers() == 1
    assert await talk.scene.rows("select state from flow_messages") == [("withdrawn",)]
    assert await talk.claim(VOICE) == []
    assert await talk.targets() == [("finished", "completed")]


async def test_the_line_is_held_while_a_program_is_asked(talk_of: TalkOf) -> None:
    ask = {"type": "webhook", "url": "https://crm.example/orders", "timeoutSeconds": 10}
    nodes = {
        "a": {**NODES["a"], "next": "ask"},
        "ask": {**ask, "next": "thanks", "onFailure": "thanks"},
        "thanks": NODES["thanks"],
        "end": NODES["end"],
        "gone": NODES["gone"],
    }
    talk = await talk_of(nodes)
    line = await called(talk)
    await line.next()
    assert isinstance(await line.next(Spoken()), Hold)
    [[session_id, wait]] = await talk.scene.rows("select session_id, wait from flow_requests")
    async with talk.scene.engine.db.transaction() as tx:
        told = WebhookAnswered(wait=wait, status=200)
        await sessions.resume(
            tx, talk.scene.engine, session_id=session_id, told=told, key="answered"
        )
    assert await line.next() == Speak(step="thanks", text="Thank you.")


async def test_a_flow_that_goes_round_after_its_call_fails(talk_of: TalkOf) -> None:
    nodes = {
        "a": {**NODES["a"], "next": "end", "onNoAnswer": "a"},
        "end": NODES["end"],
    }
    talk = await talk_of(nodes)
    await talk.refuse((await called(talk)).claimed, Disposition.NO_ANSWER)
    assert await talk.targets() == [("finished", "cancelled")]
