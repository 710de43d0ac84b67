"""A receiver of webhooks that really listens, and behaves as it is told."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Behavior = Callable[["Message", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Message:
    """One request as it came."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass(kw_only=True)
class Receiver:
    """Where it listens, what came, and how it answers: may be changed at any time."""

    port: int = 0
    scheme: str = "http"
    behavior: Behavior
    came: list[Message] = field(default_factory=list[Message])
    taken: list[Message] = field(default_factory=list[Message])
    most_at_once: int = 0
    _at_once: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook?a=b"

    def ids(self) -> list[str]:
        return [each.id for each in self.taken]

    async def takes(self, message: Message, writer: asyncio.StreamWriter) -> None:
        """The behavior of a good receiver: keeps the message and says so."""
        self.taken.append(message)
        await answers(204)(message, writer)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            message = await _read(reader)
            self.came.append(message)
            await self.behavior(message, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._at_once -= 1
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Message:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Message(target=head[0].split()[1], headers=headers, body=body)


def answers(status: int, body: bytes = b"", **headers: str) -> Behavior:
    """Answers at once."""
    lines = [f"HTTP/1.1 {status} Said", f"content-length: {len(body)}", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    whole = "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    async def answer(_: Message, writer: asyncio.StreamWriter) -> None:
        writer.write(whole)

    return answer


async def hangs(_: Message, __: asyncio.StreamWriter) -> None:
    """Takes the request and says nothing until the client goes away."""
    await asyncio.sleep(3600)


async def floods(_: Message, writer: asyncio.StreamWriter) -> None:
    """Answers without end."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def trickles(_: Message, writer: asyncio.StreamWriter) -> None:
    """A header line now and then, for ever: always something, never an answer."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x-a: b\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def talks_nonsense(_: Message, writer: asyncio.StreamWriter) -> None:
    """Does not speak HTTP."""
    writer.write(b"220 mail.example.com ESMTP\r\n")


async def hangs_up(_: Message, __: asyncio.StreamWriter) -> None:
    """Closes without a word."""


@asynccontextmanager
async def receiver(
    behavior: Behavior | None = None, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """Listens on loopback until the block ends; takes everything unless told otherwise."""
    made = Receiver(scheme="https" if tls else "http", behavior=behavior or hangs)
    if behavior is None:
        made.behavior = made.takes
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(made(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
