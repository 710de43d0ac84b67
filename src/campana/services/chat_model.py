"""Asks an endpoint of OpenAI's chat completions for the next words of a conversation, as they come.

An endpoint that stalls, breaks off, answers with something else or goes on for ever is given up in
a bounded time; nothing is asked twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from campana.domain.model_talk import Message, Talked
from campana.domain.prompted import Prompt, description_of, name_of, parameters_of
from campana.domain.speaking import Part
from campana.services.chat_stream import ChatStream, Garbled
from campana.services.model_endpoints import Open, below
from campana.services.outbound import Refused
from campana.voice.mind import Lost

LONGEST_SECONDS = 60.0
"""Of a whole reply, however steadily it comes."""
MOST_BYTES = 1_048_576
_OK = 200


@dataclass(frozen=True, kw_only=True)
class ChatModel:
    """One model of one endpoint, for the bots that have this prompt."""

    prompt: Prompt
    name: str
    open: Open

    async def reply(self, talked: Talked) -> AsyncGenerator[Part]:
        """What it says next.

        Raises:
            Lost
        """
        stream, loop = ChatStream(), asyncio.get_running_loop()
        patience = self.prompt.model.turn_seconds
        latest = loop.time() + LONGEST_SECONDS
        deadline = loop.time() + patience
        received = 0
        async with AsyncExitStack() as stack:
            try:
                # No timeout spans a yield: it would hit whoever is being yielded to.
                async with asyncio.timeout_at(deadline):
                    opening = self.open(self._body(talked), _HEADERS, patience)
                    response = await stack.enter_async_context(opening)
                _check(response)
                pieces = response.aiter_raw()
                while not stream.is_over:
                    async with asyncio.timeout_at(min(deadline, latest)):
                        piece = await anext(pieces, None)
                    if piece is None:
                        raise Lost("the model broke off")
                    received += len(piece)
                    if received > MOST_BYTES:
                        raise Lost("the model did not come to an end")
                    for part in stream.feed(piece):
                        # Comments that keep a connection open are no sign of life.
                        deadline = loop.time() + patience
                        yield part
                for part in await _count(pieces, stream):
                    yield part
            except TimeoutError:
                raise Lost(f"the model said nothing for {patience:g} seconds") from None
            except Refused as refused:
                raise Lost(f"the model's endpoint: {refused}") from None
            except Garbled as garbled:
                raise Lost(f"the model's endpoint: {garbled}") from None
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                raise Lost(f"the model could not be asked: {type(error).__name__}") from None

    def _body(self, talked: Talked) -> bytes:
        model = self.prompt.model
        return msgspec.json.encode(
            {
                "model": self.name,
                "messages": [_message(each) for each in talked.messages],
                "stream": True,
                "stream_options": {"include_usage": True},
                "temperature": model.temperature,
                "max_tokens": model.max_tokens,
                "tools": [
                    {
                        "type": "function",
                        "function": {
                            "name": name_of(tool),
                            "description": description_of(tool),
                            "parameters": parameters_of(tool, self.prompt),
                        },
                    }
                    for tool in self.prompt.tools
                ],
            }
        )


def completions(url: str) -> str:
    """Where an endpoint's chat completions are."""
    return below(url, "chat/completions")


async def _count(pieces: AsyncIterator[bytes], stream: ChatStream) -> list[Part]:
    """The count comes after the end, in an event of its own; it is not waited for long."""
    found: list[Part] = []
    try:
        async with asyncio.timeout(_COUNT_SECONDS):
            while not stream.is_closed and (piece := await anext(pieces, None)) is not None:
                found += stream.feed(piece)
    except (TimeoutError, Garbled, httpx.HTTPError):
        pass
    return found


def _check(response: httpx.Response) -> None:
    if response.status_code != _OK:
        raise Lost(f"the model's endpoint answered {response.status_code}")
    kind = response.headers.get("content-type", "")
    if not kind.lower().startswith("text/event-stream"):
        raise Lost("the model's endpoint did not answer with a stream of events")


def _message(message: Message) -> dict[str, Any]:
    shown: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.calls:
        shown["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.calls
        ]
    if message.answers is not None:
        shown["tool_call_id"] = message.answers
    return shown


_COUNT_SECONDS = 0.2
_HEADERS = {
    "accept": "text/event-stream",
    "accept-encoding": "identity",
    "content-type": "application/json",
}
