"""What waits in a conversation is sent once, if it may go, and told as far as it has come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from campana.domain.campaign import ChannelType
from campana.engine.accounts import Accounts
from campana.engine.answerer import Answerer
from campana.engine.applier import Applier
from campana.engine.runner import Loop, repeat
from campana.services import channel_tests, conversations
from campana.store.channels import Channel
from tests.support.campaign import add_channel
from tests.support.ledger import broken
from tests.support.people import ANA, BRUNO
from tests.support.sandbox import SECRET
from tests.support.stage import Stage
from tests.support.waiting import eventually


@asynccontextmanager
async def talking(stage: Stage) -> AsyncIterator[Answerer]:
    """The loops of a work process that have to do with conversations."""
    stop = asyncio.Event()
    accounts = Accounts(stage.engine)
    answerer = Answerer(stage.engine, accounts=accounts, public_url=stage.url)
    loops = [
        Loop(name="answer", step=answerer.step, rest=0.05),
        *Applier(stage.engine).loops(),
    ]
    keeping = asyncio.create_task(answerer.ownership.keep())
    running = [asyncio.create_task(repeat(loop, stop)) for loop in loops]
    try:
        yield answerer
    finally:
        stop.set()
        await asyncio.gather(*running)
        await answerer.drain(seconds=5)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await accounts.aclose()


async def a_channel(stage: Stage, channel_type: ChannelType) -> Channel:
    return await add_channel(
        stage.web,
        workspace_id=stage.workspace_id,
        kind="sandbox",
        channel_type=channel_type,
        config=stage.sandboxed.config(),
    )


async def say(stage: Stage, channel: Channel, text: str, **more: Any) -> None:
    """A person writes to the channel, by way of the sandbox."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        answer = await client.post(
            f"{stage.sandboxed.url}/says",
            headers={"authorization": f"Bearer {SECRET}"},
            json={
                "callbackUrl": f"{stage.url}/callbacks/{channel.id}",
                "from": ANA,
                "text": text,
                **more,
            },
        )
    assert answer.status_code == 202, answer.text


async def rows(stage: Stage, query: str) -> list[Any]:
    async with stage.engine.db.read() as tx:
        return await (await tx.execute(query)).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]


async def conversation(stage: Stage) -> str:
    await eventually(lambda: rows(stage, "select 1 from messages where direction = 'inbound'"))
    [(found,)] = await rows(stage, "select id from conversations")
    return found


async def answer(stage: Stage, conversation_id: str, text: str) -> None:
    await conversations.answer(
        stage.web,
        workspace_id=stage.workspace_id,
        conversation_id=conversation_id,
        author="Bruno",
        text=text,
        values={},
    )


@pytest.mark.timeout(180)
async def test_an_answer_goes_out_once_and_is_told_delivered(stage: Stage) -> None:
    channel = await a_channel(stage, ChannelType.SMS)
    async with talking(stage):
        await say(stage, channel, "hello?")
        thread = await conversation(stage)
        await answer(stage, thread, "Good morning.")
        await eventually(
            lambda: rows(stage, "select 1 from attempts where disposition = 'delivered'")
        )
    sent = stage.sandboxed.lines("send")
    assert [(line["to"], line["accepted"]) for line in sent] == [(ANA, True)]
    found = await conversations.thread(
        stage.web, workspace_id=stage.workspace_id, conversation_id=thread, limit=10
    )
    assert [(each.text, each.disposition) for each in found.messages] == [
        ("hello?", None),
        ("Good morning.", "delivered"),
    ]
    assert await rows(stage, "select day_sends from pacing") == [(1,)]
    assert await broken(stage.engine) == []


@pytest.mark.timeout(180)
async def test_stop_is_confirmed_though_they_are_suppressed_and_no_answer_goes_out(
    stage: Stage,
) -> None:
    channel = await a_channel(stage, ChannelType.SMS)
    async with talking(stage):
        await say(stage, channel, "hi")
        thread = await conversation(stage)
        async with stage.engine.db.transaction() as tx:
            # Written before, and not due before they have said stop.
            await tx.execute(
                "insert into messages (workspace_id, conversation_id, direction, origin, kind,"
                " text, state, due_at, at) select workspace_id, id, 'outbound', 'person', 'text',"
                " 'an offer', 'queued', created_at + interval '1 day', created_at"
                " from conversations"
            )
        await say(stage, channel, "STOP", id="once")
        await say(stage, channel, "STOP", id="once")
        await say(stage, channel, "stop")
        await eventually(lambda: rows(stage, "select 1 from suppressions"))
        async with stage.engine.db.transaction() as tx:
            await tx.execute("update messages set due_at = at where text = 'an offer'")
        await eventually(lambda: rows(stage, "select 1 from messages where problem = 'suppressed'"))
        await eventually(
            lambda: rows(stage, "select 1 from attempts where disposition = 'delivered'")
        )
    assert len(stage.sandboxed.lines("send")) == 1
    confirmed = "select permission, state from messages where permission is not null"
    assert await rows(stage, confirmed) == [("stop", "sending")]
    assert thread


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_what_certainly_reached_nobody_is_sent_again(stage: Stage) -> None:
    channel = await a_channel(stage, ChannelType.SMS)
    stage.sandboxed.change(faults={"refuse": 1}, refusal="congestion")
    async with talking(stage):
        await say(stage, channel, "hello?")
        await answer(stage, await conversation(stage), "Good morning.")
        await eventually(lambda: rows(stage, "select 1 from messages where tries > 0"))
        stage.sandboxed.change(faults={})
        await eventually(
            lambda: rows(stage, "select 1 from attempts where disposition = 'delivered'")
        )
    assert len(stage.sandboxed.accepted()) == 1


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_outside_the_window_whatsapp_gets_nothing_but_templates(stage: Stage) -> None:
    channel = await a_channel(stage, ChannelType.WHATSAPP)
    async with talking(stage):
        await say(stage, channel, "hello?", **{"from": BRUNO})
        thread = await conversation(stage)
    await answer(stage, thread, "Good morning.")
    async with stage.engine.db.transaction() as tx:
        await tx.execute(
            "update conversations set last_inbound_at = last_inbound_at - %s", [timedelta(days=1)]
        )
    async with talking(stage):
        await eventually(lambda: rows(stage, "select 1 from messages where state = 'refused'"))
    assert await rows(stage, "select problem from messages where state = 'refused'") == [
        ("window_closed",)
    ]
    assert stage.sandboxed.lines("send") == []


@pytest.mark.timeout(180)
async def test_a_test_message_goes_out_once_and_its_outcome_is_told(stage: Stage) -> None:
    channel = await a_channel(stage, ChannelType.SMS)
    where = {"workspace_id": stage.workspace_id, "channel_id": channel.id}

    async def outcome() -> str | None:
        [made] = await channel_tests.latest(stage.web, **where)
        return made.outcome

    async with talking(stage):
        await channel_tests.send(
            stage.web, **where, raw={"to": ANA, "text": "Can you read this?"}, asked_by="Bruno"
        )
        await eventually(outcome)
    assert await outcome() == "delivered"
    assert [(line["to"], line["accepted"]) for line in stage.sandboxed.lines("send")] == [
        (ANA, True)
    ]
