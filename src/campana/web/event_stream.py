"""A stream as an answer: `text/event-stream`, kept alive, and let go of when nobody reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import cast

import msgspec
from litestar.types import Receive, Scope, Send

from campana.domain.event import Event, envelope, shown_id
from campana.web.streams import Stream, Streams

MEDIA_TYPE = "text/event-stream"

ABORT = "abort"
"""Where `web/server.py` keeps, in the scope's state, what breaks the connection at once."""

HEARTBEAT_SECONDS = 15.0
WRITE_SECONDS = 30.0
"""A client that has not taken what was sent for so long is let go."""

_HELLO = b"retry: 2000\n\n"
_HEARTBEAT = b":\n\n"
_HEADERS = [
    (b"content-type", MEDIA_TYPE.encode()),
    (b"cache-control", b"no-store"),
    # Proxies that gather an answer before they pass it on are asked not to.
    (b"x-accel-buffering", b"no"),
]


class EventStream:
    """The answer that sends messages until one of the two sides ends it: an ASGI application.

    `messages` are whole messages in the words of the stream; `ended` is called once it is over.
    """

    def __init__(self, messages: AsyncGenerator[bytes], *, ended: Callable[[], None]) -> None:
        self._messages = messages
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        writing = asyncio.create_task(self._write(send))
        leaving = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if writing.done() and isinstance(writing.exception(), TimeoutError):
                _abort(scope)
                return
        finally:
            for task in (writing, leaving):
                task.cancel()
            await asyncio.gather(writing, leaving, return_exceptions=True)
            self._ended()
        if not writing.cancelled():
            writing.result()

    async def _write(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})  # pyright: ignore[reportArgumentType]
        await _send(send, _HELLO)
        async with aclosing(_beats(self._messages)) as messages:
            async for message in messages:
                await _send(send, _HEARTBEAT if message is None else message)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def stream_of_events(streams: Streams, stream: Stream) -> EventStream:
    """The events of a stream, each a message."""
    return EventStream(_told(streams, stream), ended=lambda: streams.close(stream))


async def _told(streams: Streams, stream: Stream) -> AsyncGenerator[bytes]:
    async with aclosing(streams.follow(stream)) as events:
        async for event in events:
            yield lines_of(event)


def lines_of(event: Event) -> bytes:
    """An event in the words of the stream; JSON has no line ends of its own."""
    body = msgspec.json.encode(envelope(event))
    return f"id: {shown_id(event.id)}\nevent: {event.type}\ndata: ".encode() + body + b"\n\n"


async def _send(send: Send, body: bytes) -> None:
    async with asyncio.timeout(WRITE_SECONDS):
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _beats(messages: AsyncGenerator[bytes]) -> AsyncGenerator[bytes | None]:
    """The messages, and None whenever there was none for a while."""
    coming: asyncio.Future[bytes] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(messages))
            done, _ = await asyncio.wait({coming}, timeout=HEARTBEAT_SECONDS)
            if not done:
                yield None
                continue
            try:
                message = coming.result()
            except StopAsyncIteration:
                return
            coming = None
            yield message
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
        await messages.aclose()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _abort(scope: Scope) -> None:
    abort = cast("Callable[[], None] | None", scope["state"].get(ABORT))
    if abort is not None:
        abort()
