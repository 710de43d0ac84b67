"""An endpoint of chat completions on loopback: it streams, stalls, breaks and lies as told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.support.receiver import Behavior, Message, Receiver, receiver

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"connection: close\r\n\r\n"
)


def chunk(**delta: Any) -> bytes:
    """An event with this change."""
    return _event({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})


def tool(name: str, arguments: str = "{}", *, index: int = 0) -> bytes:
    """An event with a whole call of a tool."""
    function = {"name": name, "arguments": arguments}
    call = {"index": index, "id": f"call_{index}", "type": "function", "function": function}
    return chunk(content=None, tool_calls=[call])


def finish(tokens: int | None = 50, reason: str = "stop") -> bytes:
    """The events at the end of an answer."""
    ended = _event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    usage = _event({"choices": [], "usage": {"total_tokens": tokens}})
    return ended + (usage if tokens is not None else b"") + b"data: [DONE]\n\n"


def streams(*pieces: bytes | float) -> Behavior:
    """Answers with these events, and waits where a number says so."""

    async def answer(_: Message, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        for piece in pieces:
            if isinstance(piece, bytes):
                writer.write(piece)
            else:
                await writer.drain()
                await asyncio.sleep(piece)

    return answer


def says(text: str, *calls: bytes) -> Behavior:
    """Answers as a good endpoint does, a few letters at a time."""
    letters = [chunk(content=text[at : at + 5]) for at in range(0, len(text), 5)]
    return streams(chunk(role="assistant"), *letters, *calls, finish())


def asked(message: Message) -> list[dict[str, Any]]:
    """The conversation that an endpoint was given."""
    return json.loads(message.body)["messages"]


@asynccontextmanager
async def chat_endpoint(*replies: Behavior) -> AsyncIterator[Receiver]:
    """Answers each request with the next of these; the last one over and over."""
    left = list(replies)

    async def answer(message: Message, writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(message, writer)

    async with receiver(answer) as listening:
        yield listening


def base(listening: Receiver) -> str:
    """Its address, as a setting has it."""
    return f"http://127.0.0.1:{listening.port}/v1"


def _event(content: Any) -> bytes:
    return b"data: " + json.dumps(content).encode() + b"\n\n"
