"""Conversations on the engine's attempts: what is said, heard, waited for, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from psycopg.errors import InsufficientPrivilege

from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.flow.session import as_json
from campana.services import control, flows, sessions, windows
from campana.services.context import Context
from tests.support.campaign import ANA, person
from tests.support.database import FixedClock
from tests.support.talking import Talk, flow, talking, words

ASK = {
    "a": {"type": "send_message", "text": "Can you come, {{ contact.first_name }}?", "next": "w"},
    "w": {"type": "wait_for_response", "timeoutSeconds": 3600, "next": "b", "onTimeout": "gone"},
    "b": {"type": "send_message", "text": "You said {{ reply }}.", "next": "end"},
    "end": {"type": "end", "status": "answered"},
    "gone": {"type": "end", "status": "no_answer"},
}


TalkOf = Callable[..., Awaitable[Talk]]


@pytest.fixture
def talk_of(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> TalkOf:
    """Launch a campaign of a flow with Ana alone."""

    async def make(nodes: Mapping[str, Any], **changes: Any) -> Talk:
        return await talking(
            engine_context,
            context,
            clock=clock,
            workspace_id=workspace_id,
            definition=flow(nodes),
            people=[person(ANA)],
            **changes,
        )

    return make


async def test_a_reply_is_answered_and_ends_the_conversation(talk_of: TalkOf) -> None:
    talk = await talk_of(ASK)
    assert await talk.send() == ["Can you come, Ana?"]
    assert await talk.targets() == [("talking", None)]
    assert await talk.reply("yes", address=ANA, key="m1")
    assert await talk.targets() == [("waiting", None)]
    assert await talk.send() == ["You said yes."]
    assert await talk.targets() == [("finished", "completed")]
    assert await talk.send() == []


async def test_nobody_answering_is_noticed_when_the_time_is_up(
    talk_of: TalkOf, clock: FixedClock
) -> None:
    talk = await talk_of(ASK)
    await talk.send()
    clock.forward(minutes=59)
    assert await talk.timers() == 0
    clock.forward(minutes=1)
    assert await talk.timers() == 1
    assert await talk.targets() == [("finished", "no_answer")]
    assert not await talk.reply("yes", address=ANA, key="m1")


ASK_AGAIN = ASK | {
    "b": {"type": "send_message", "text": "At what time?", "next": "v"},
    "v": {"type": "wait_for_response", "timeoutSeconds": 3600, "next": "end", "onTimeout": "gone"},
}


async def test_the_time_of_an_answer_begins_when_the_question_has_left(
    talk_of: TalkOf, clock: FixedClock
) -> None:
    talk = await talk_of(ASK_AGAIN)
    await talk.send()
    await talk.reply("yes", address=ANA, key="m1")
    clock.forward(hours=7)  # the channel is slow, or it is night
    assert await talk.timers() == 1  # looked at, and left
    assert await talk.targets() == [("waiting", None)]
    assert await talk.send() == ["At what time?"]
    clock.forward(minutes=59)
    assert await talk.timers() == 0
    clock.forward(minutes=1)
    assert await talk.timers() == 1
    assert await talk.targets() == [("finished", "no_answer")]


async def test_the_time_of_an_answer_begins_when_the_question_cannot_leave(
    talk_of: TalkOf, clock: FixedClock
) -> None:
    talk = await talk_of(ASK_AGAIN)
    await talk.send()
    await talk.reply("yes", address=ANA, key="m1")
    clock.forward(hours=2)
    [question] = await talk.claim()
    assert await talk.timers() == 0
    await talk.refuse(question, Disposition.BLOCKED)
    clock.forward(minutes=59)
    assert await talk.timers() == 0
    clock.forward(minutes=1)
    assert await talk.timers() == 1
    assert await talk.targets() == [("finished", "no_answer")]


async def test_an_answer_may_come_before_its_question_has_left(talk_of: TalkOf) -> None:
    talk = await talk_of(ASK_AGAIN)
    await talk.send()
    await talk.reply("yes", address=ANA, key="m1")
    assert await talk.reply("at nine", address=ANA, key="m2")
    assert await talk.send() == ["At what time?"]
    assert await talk.timers() == 0
    assert await talk.targets() == [("finished", "completed")]


async def test_a_beginning_that_was_missed_is_made_up_for(
    talk_of: TalkOf, engine_context: Context, clock: FixedClock
) -> None:
    talk = await talk_of(ASK)
    [question] = await talk.claim()
    await talk.accept([question])
    async with engine_context.db.transaction() as tx:  # as a program would that knows nothing of it
        await tx.execute("update flow_timers set lasts = '1 hour', due_at = due_at + '5 hours'")
    clock.forward(hours=6)
    assert await talk.timers() == 1
    assert await talk.targets() == [("talking", None)]
    clock.forward(hours=1)
    assert await talk.timers() == 1
    assert await talk.targets() == [("finished", "no_answer")]


async def test_a_reply_told_twice_is_heard_once(talk_of: TalkOf) -> None:
    nodes = {
        "a": {"type": "send_message", "text": "One or more?", "next": "w"},
        "w": {"type": "wait_for_response", "timeoutSeconds": 60, "next": "v", "onTimeout": "end"},
        "v": {"type": "wait_for_response", "timeoutSeconds": 60, "next": "b", "onTimeout": "end"},
        "b": {"type": "send_message", "text": "Then {{ reply }}.", "next": "end"},
        "end": {"type": "end", "status": "answered"},
    }
    talk = await talk_of(nodes)
    await talk.send()
    for _ in range(3):
        assert await talk.reply("one", address=ANA, key="m1")
    assert await talk.send() == []
    assert await talk.reply("more", address=ANA, key="m2")
    assert await talk.send() == ["Then more."]


async def test_a_reply_while_something_else_is_waited_for_is_kept(
    talk_of: TalkOf, clock: FixedClock
) -> None:
    nodes = {
        "a": {"type": "send_message", "text": "More in an hour.", "next": "d"},
        "d": {"type": "delay", "delaySeconds": 3600, "next": "w"},
        "w": {"type": "wait_for_response", "timeoutSeconds": 60, "next": "b", "onTimeout": "end"},
        "b": {"type": "send_message", "text": "You said {{ reply }}.", "next": "end"},
        "end": {"type": "end", "status": "answered"},
    }
    talk = await talk_of(nodes)
    await talk.send()
    assert await talk.reply("hm", address=ANA, key="m1")
    assert await talk.targets() == [("talking", None)]
    clock.forward(hours=1)
    await talk.timers()
    assert await talk.send() == ["You said hm."]


async def test_messages_go_out_one_after_another_each_when_the_last_was_taken(
    talk_of: TalkOf,
) -> None:
    nodes = {
        "a": {"type": "send_message", "text": "First.", "next": "b"},
        "b": {"type": "send_message", "text": "Second.", "next": "end"},
        "end": {"type": "end", "status": "told"},
    }
    talk = await talk_of(nodes)
    first = await talk.claim()
    assert [words(each) for each in first] == ["First."]
    assert await talk.claim() == []
    await talk.accept(first)
    assert await talk.send() == ["Second."]
    assert await talk.targets() == [("finished", "completed")]


async def test_what_was_never_sent_is_sent_again_and_only_that(talk_of: TalkOf) -> None:
    talk = await talk_of(ASK)
    [first] = await talk.claim()
    await talk.refuse(first, Disposition.NOT_SENT)
    assert await talk.targets() == [("waiting", None)]
    assert await talk.send() == ["Can you come, Ana?"]
    # A carrier that has it is not asked to send it again, whatever becomes of it.
    assert await talk.send() == []


async def test_a_congested_carrier_gets_the_same_message_later(
    talk_of: TalkOf, clock: FixedClock
) -> None:
    talk = await talk_of(ASK)
    [first] = await talk.claim()
    await talk.refuse(first, Disposition.CONGESTION)
    assert await talk.send() == []
    clock.forward(minutes=5)
    assert await talk.send() == ["Can you come, Ana?"]
    assert await talk.targets() == [("talking", None)]


async def test_an_unknown_message_is_never_sent_again(talk_of: TalkOf) -> None:
    talk = await talk_of(ASK)
    [first] = await talk.claim()
    await talk.refuse(first, Disposition.UNKNOWN)
    assert await talk.targets() == [("finished", "unknown")]
    assert await talk.send() == []


async def test_whoever_opts_out_hears_nothing_more_on_any_channel(talk_of: TalkOf) -> None:
    nodes = {
        "a": {"type": "send_message", "text": "Hello.", "next": "w"},
        "w": {"type": "wait_for_response", "timeoutSeconds": 60, "next": "o", "onTimeout": "end"},
        "o": {"type": "opt_out", "next": "b"},
        "b": {"type": "send_message", "text": "Still here?", "next": "end"},
        "end": {"type": "end", "status": "done"},
    }
    talk = await talk_of(nodes)
    await talk.send()
    await talk.reply("stop", address=ANA, key="m1")
    assert await talk.send() == []
    assert await talk.targets() == [("finished", "opt_out")]
    [row] = await talk.scene.rows("select address, scope, source from suppressions")
    assert row == (ANA, "workspace", "flow")


async def test_an_opt_out_word_ends_the_conversation(
    talk_of: TalkOf, engine_context: Context, workspace_id: int
) -> None:
    talk = await talk_of(ASK)
    await talk.send()
    async with engine_context.db.transaction() as tx:
        ended = await sessions.end_by_opt_out(
            tx, engine_context, workspace_id=workspace_id, address=ANA
        )
    assert ended == 1
    assert await talk.targets() == [("finished", "opt_out")]


async def test_quiet_hours_hold_for_each_message(talk_of: TalkOf, clock: FixedClock) -> None:
    hours = [{"from": "09:00", "to": "18:00"}]
    window = {"tue": hours, "wed": hours}
    talk = await talk_of(ASK, window=window)
    assert await talk.send() == ["Can you come, Ana?"]  # 11:00 in New York
    clock.forward(minutes=30)
    await talk.reply("yes", address=ANA, key="m1")
    clock.forward(hours=8)  # 19:30
    assert await talk.send() == []
    assert await talk.targets() == [("waiting", None)]
    clock.forward(hours=13, minutes=45)  # 09:15
    await windows.refresh_all(talk.scene.engine)
    assert await talk.send() == ["You said yes."]


async def test_a_cancelled_campaign_says_nothing_more(
    talk_of: TalkOf, context: Context, workspace_id: int
) -> None:
    talk = await talk_of(ASK)
    await talk.send()
    await control.cancel(context, workspace_id=workspace_id, campaign_id=talk.scene.campaign_id)
    assert await talk.targets() == [("finished", "cancelled")]
    await talk.reply("yes", address=ANA, key="m1")
    assert await talk.send() == []
    assert await talk.targets() == [("finished", "cancelled")]


async def test_a_running_session_stays_on_its_version(
    talk_of: TalkOf, context: Context, workspace_id: int
) -> None:
    talk = await talk_of(ASK)
    await talk.send()
    changed = flow(ASK | {"b": ASK["b"] | {"text": "Changed."}})
    await flows.write(
        context, workspace_id=workspace_id, flow_id=talk.flow_id, raw={"definition": changed}
    )
    second = await flows.publish(context, workspace_id=workspace_id, flow_id=talk.flow_id)
    assert second.number == 2
    await talk.reply("yes", address=ANA, key="m1")
    assert await talk.send() == ["You said yes."]


async def test_no_role_may_change_a_version(talk_of: TalkOf, engine_context: Context) -> None:
    await talk_of(ASK)
    for statement in ("update flow_versions set hash = 'sha256:'", "delete from flow_versions"):
        with pytest.raises(InsufficientPrivilege):
            async with engine_context.db.transaction() as tx:
                await tx.execute(statement)


async def test_a_session_told_the_same_again_does_the_same(
    talk_of: TalkOf, clock: FixedClock, engine_context: Context
) -> None:
    talk = await talk_of(ASK)
    await talk.send()
    clock.forward(minutes=7)
    await talk.reply("yes", address=ANA, key="m1")
    await talk.send()
    async with engine_context.db.read() as tx:
        sprints = await sessions.replayed(tx, session_id=1)
    [[stored]] = await talk.scene.rows("select session from flow_sessions")
    queued = await talk.scene.rows("select number, content from flow_messages order by number")
    assert as_json(sprints[-1].session) == stored
    asked = [each for sprint in sprints for each in sprint.as_json() if "text" in each]
    assert [(each["number"], each) for each in asked] == queued


async def test_of_a_reply_and_the_end_of_its_time_at_once_one_wins(
    talk_of: TalkOf, clock: FixedClock
) -> None:
    talk = await talk_of(ASK)
    await talk.send()
    clock.forward(hours=1)
    await asyncio.gather(
        talk.reply("yes", address=ANA, key="m1"),
        talk.timers(),
        *(talk.reply("yes", address=ANA, key="m1") for _ in range(4)),
        *(talk.timers() for _ in range(4)),
    )
    [[outcome]] = await talk.scene.rows("select outcome from flow_sessions")
    in_vain = outcome == "no_answer"
    assert await talk.send() == ([] if in_vain else ["You said yes."])
    final = "no_answer" if in_vain else "completed"
    assert await talk.targets() == [("finished", final)]
    [[inputs]] = await talk.scene.rows("select count(*) from flow_inputs")
    assert inputs == 1


async def test_a_conversation_given_to_a_person_waits_until_it_is_given_back(
    talk_of: TalkOf, engine_context: Context, workspace_id: int
) -> None:
    nodes = {
        "a": {"type": "send_message", "text": "One moment.", "next": "h"},
        "h": {"type": "handoff", "next": "b", "timeoutSeconds": 86400, "onTimeout": "end"},
        "b": {"type": "send_message", "text": "I am back.", "next": "end"},
        "end": {"type": "end", "status": "told"},
    }
    talk = await talk_of(nodes)
    await talk.send()
    await talk.reply("hello?", address=ANA, key="m1")
    assert await talk.send() == []
    values = {
        "workspace_id": workspace_id,
        "address": ANA,
        "channel_id": talk.channels[ChannelType.SMS].id,
    }
    for is_given in (True, False):
        async with engine_context.db.transaction() as tx:
            assert await sessions.hand_back(tx, engine_context, **values) is is_given
    assert await talk.send() == ["I am back."]


async def test_a_mark_is_put_on_the_contact(talk_of: TalkOf) -> None:
    nodes = {
        "a": {"type": "tag", "add": ["gold", "asked"], "remove": ["new"], "next": "end"},
        "end": {"type": "end", "status": "done"},
    }
    talk = await talk_of(nodes)
    assert await talk.send() == []
    assert await talk.targets() == [("finished", "completed")]
    assert await talk.scene.rows("select tags from contacts") == [(["asked", "gold"],)]
