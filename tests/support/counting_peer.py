"""A server on loopback that counts its connections, and somebody who asks it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field

from campana.carriers.connections import Connections

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@dataclass(slots=True)
class Peer:
    """Answers each request when `may_answer` is set; counts who connected and who still is."""

    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    opened: int = 0
    open: int = 0
    asked: int = 0
    answer: bytes = WHOLE
    is_over_after_one: bool = False
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self.open += 1
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    await reader.readuntil(b"\r\n\r\n")
                    self.asked += 1
                    await self.may_answer.wait()
                    writer.write(self.answer)
                    await writer.drain()
                    if self.is_over_after_one:
                        return
        finally:
            self.open -= 1


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(serve: Serve, *, tls: ssl.SSLContext | None = None) -> AsyncGenerator[str]:
    """The address of a server; it is over when all its connections are."""
    serves: list[asyncio.Task[None]] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(
        lambda reader, writer: serves.append(asyncio.ensure_future(connected(reader, writer))),
        "127.0.0.1",
        0,
        ssl=tls,
    )
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for each in serves:
            each.cancel()
        await asyncio.gather(*serves, return_exceptions=True)


@contextlib.asynccontextmanager
async def answering() -> AsyncGenerator[Peer]:
    peer = Peer()
    peer.may_answer.set()
    async with serving(peer.serve) as peer.url:
        yield peer


@dataclass(slots=True, kw_only=True)
class Asking:
    """Asks one server; an answer is bytes of its body."""

    connections: Connections
    url: str
    seconds: float = 10

    async def __call__(
        self, *, content: bytes | None = None, may_leave: Callable[[], bool] | None = None
    ) -> bytes:
        answer = await self.connections.exchange(
            "POST",
            self.url,
            content=content,
            seconds=self.seconds,
            limit=1_000,
            may_leave=may_leave,
        )
        assert answer.status == 200
        return answer.body


@contextlib.asynccontextmanager
async def asking(url: str, *, most: int = 1, seconds: float = 10) -> AsyncGenerator[Asking]:
    connections = Connections(most=most)
    yield Asking(connections=connections, url=url, seconds=seconds)
    await connections.aclose()


async def until(peer: Peer, *, asked: int) -> None:
    async with asyncio.timeout(60):
        while peer.asked < asked:  # noqa: ASYNC110 - the peer counts
            await asyncio.sleep(0.005)


async def until_closed(peer: Peer) -> None:
    """The peer has closed every connection, and we have had time to hear of it."""
    async with asyncio.timeout(60):
        while peer.open:  # noqa: ASYNC110 - the peer counts
            await asyncio.sleep(0.005)
    # Many turns of the loop, also of one that has just stood still for all of this time.
    for _ in range(10):
        await asyncio.sleep(0.002)
