"""A language model's endpoint over real sockets: one that streams, stalls, breaks and lies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campana.domain.model_talk import Message, Talked
from campana.domain.prompted import EndTool, Model, Prompt
from campana.domain.speaking import Call, CallPart, Counted, Part, Words
from campana.services import chat_model
from campana.services.chat_model import ChatModel, completions
from campana.services.chat_stream import ChatStream, Garbled
from campana.services.model_endpoints import directly
from campana.voice.mind import Lost
from tests.support.chat_endpoint import (
    HEAD,
    base,
    chat_endpoint,
    chunk,
    finish,
    says,
    streams,
    tool,
)
from tests.support.receiver import (
    Behavior,
    Receiver,
    answers,
    floods,
    hangs,
    hangs_up,
    talks_nonsense,
    trickles,
)

PROMPT = Prompt(goal="Talk.", tools=(EndTool(),), model=Model(turn_seconds=1.0))
TALKED = Talked(
    messages=(
        Message(role="system", text="Be brief."),
        Message(role="assistant", text="", calls=(Call(id="a", name="end", arguments="{}"),)),
        Message(role="tool", text='{"ok": true}', answers="a"),
    ),
    fields={},
)


def model_at(listening: Receiver, *, seconds: float = 1.0) -> ChatModel:
    prompt = replace(PROMPT, model=replace(PROMPT.model, turn_seconds=seconds))
    return ChatModel(prompt=prompt, name="m", open=directly(completions(base(listening)), "secret"))


async def heard(model: ChatModel) -> list[Part]:
    return [part async for part in model.reply(TALKED)]


async def test_what_is_streamed_comes_in_parts_with_the_count_last() -> None:
    async with chat_endpoint(says("Hello there.", tool("end"))) as listening:
        parts = await heard(model_at(listening, seconds=10.0))
    assert "".join(part.text for part in parts if isinstance(part, Words)) == "Hello there."
    assert CallPart(index=0, id="call_0", name="end", arguments="{}") in parts
    assert parts[-1] == Counted(tokens=50)
    [message] = listening.came
    assert message.target == "/v1/chat/completions"
    assert message.headers["authorization"] == "Bearer secret"
    body = json.loads(message.body)
    assert (body["model"], body["stream"], body["max_tokens"]) == ("m", True, 300)
    assert [each["function"]["name"] for each in body["tools"]] == ["end"]
    assert body["messages"][1]["tool_calls"][0]["function"] == {"name": "end", "arguments": "{}"}
    assert body["messages"][2]["tool_call_id"] == "a"


async def test_the_first_part_is_there_while_the_rest_is_not() -> None:
    gate = asyncio.Event()

    async def answer(_: object, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(content="First. "))
        await writer.drain()
        await gate.wait()
        writer.write(chunk(content="Second.") + finish(None))

    async with chat_endpoint(answer) as listening, asyncio.timeout(20):
        found: list[Part] = []
        async for part in model_at(listening, seconds=15.0).reply(TALKED):
            found.append(part)
            gate.set()
    assert found == [Words(text="First. "), Words(text="Second.")]


KEEPS_OPEN = [piece for _ in range(100) for piece in (b": still here\n\n", 0.05)]


@pytest.mark.parametrize(
    ("behavior", "why"),
    [
        (hangs, "said nothing for 1 seconds"),
        (trickles, "said nothing for 1 seconds"),
        (streams(chunk(content="One moment. "), 30.0), "said nothing for 1 seconds"),
        (streams(*KEEPS_OPEN), "said nothing for 1 seconds"),
        (hangs_up, "could not be asked"),
        (talks_nonsense, "could not be asked"),
        (streams(chunk(content="I will")), "broke off"),
        (answers(500), "answered 500"),
        (answers(429), "answered 429"),
        (answers(302, location="http://127.0.0.1:1/"), "answered 302"),
        (answers(200, b"<html>Sign in</html>", content_type="text/html"), "stream of events"),
        (answers(200, b"{}", content_type="application/json"), "stream of events"),
        (floods, "stream of events"),
        (streams(b"<html>Sign in</html>\n"), "does not stream events"),
        (streams(b"data: {not json}\n\n"), "no part of a chat"),
        (streams(b'data: {"choices": 7}\n\n'), "no part of a chat"),
        (streams(b'data: {"error": {"message": "no"}}\n\n'), "reports an error"),
        (streams(finish(reason="content_filter")), "its own filter"),
        (streams(b"data: " + b"x" * 400_000, 30.0), "a line has no end"),
    ],
)
async def test_an_endpoint_that_fails_is_given_up_with_a_reason(
    behavior: Behavior, why: str
) -> None:
    async with chat_endpoint(behavior) as listening, asyncio.timeout(20):
        with pytest.raises(Lost, match=why):
            await heard(model_at(listening))
    assert len(listening.came) == 1, "nothing is asked twice"


async def test_one_that_goes_on_and_on_is_not_listened_to_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chat_model, "MOST_BYTES", 10_000)
    on = [chunk(content="on and on ") for _ in range(2_000)]
    async with chat_endpoint(streams(*on)) as listening, asyncio.timeout(20):
        with pytest.raises(Lost, match="did not come to an end"):
            await heard(model_at(listening))


async def test_where_nobody_listens_it_could_not_be_asked() -> None:
    async with chat_endpoint(hangs) as listening:
        gone = model_at(listening)
    with pytest.raises(Lost, match="could not be asked"):
        await heard(gone)


WHOLE = (
    b": hello\n\n"
    + chunk(content="Hello")
    + tool("end", '{"result": ')
    + chunk(tool_calls=[{"index": 0, "function": {"arguments": '"x"}'}}])
    + b"event: x\r\nid: 7\r\n\r\n"
    + finish()
)


@given(st.lists(st.integers(0, len(WHOLE))))
def test_events_are_read_wherever_the_network_cuts_them(cuts: Sequence[int]) -> None:
    stream = ChatStream()
    edges = [0, *sorted(cuts), len(WHOLE)]
    pieces = [WHOLE[begin:end] for begin, end in pairwise(edges)]
    parts = [part for piece in pieces for part in stream.feed(piece)]
    assert parts == [
        Words(text="Hello"),
        CallPart(index=0, id="call_0", name="end", arguments='{"result": '),
        CallPart(index=0, id=None, name=None, arguments='"x"}'),
        Counted(tokens=50),
    ]
    assert stream.is_closed


@pytest.mark.parametrize(
    ("texts", "spoken"),
    [
        (["<think>They may ", "say no.</think>", "\n\nHello", "."], "Hello."),
        (["<", "thi", "nk>hm</th", "ink> Yes."], "Yes."),
        (["  ", "Hello <think>."], "Hello <think>."),
        (["<b>Hello"], "<b>Hello"),
        (["<think>for ever"], ""),
    ],
)
def test_what_a_model_thinks_before_it_speaks_is_not_spoken(texts: list[str], spoken: str) -> None:
    stream = ChatStream()
    parts = [part for text in texts for part in stream.feed(chunk(content=text))]
    assert "".join(part.text for part in parts if isinstance(part, Words)) == spoken


@given(st.binary(max_size=300))
def test_any_bytes_are_parts_or_garbled(received: bytes) -> None:
    stream = ChatStream()
    try:
        parts = stream.feed(b"data: " + received + b"\n")
    except Garbled:
        return
    assert all(isinstance(part, Words | CallPart | Counted) for part in parts)
