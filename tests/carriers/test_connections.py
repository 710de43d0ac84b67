"""Connections to a provider, against a server on loopback that counts them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field

import httpx
import pytest

from campana.carriers.connections import Connections

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


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
async def serving(serve: Serve) -> AsyncGenerator[str]:
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
    )
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
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


def client(connections: Connections, *, pool: float | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=connections, timeout=httpx.Timeout(10, pool=pool), trust_env=False
    )


async def until(peer: Peer, *, asked: int) -> None:
    async with asyncio.timeout(10):
        while peer.asked < asked:  # noqa: ASYNC110 - the peer counts
            await asyncio.sleep(0.005)


async def test_one_after_another_goes_over_one_connection() -> None:
    async with answering() as peer, client(Connections(most=5)) as asking:
        for _ in range(10):
            assert (await asking.get(peer.url)).text == "ok"
        assert peer.opened == 1


async def test_no_more_at_a_time_than_told_and_the_others_wait() -> None:
    async with answering() as peer, client(Connections(most=3)) as asking:
        peer.may_answer.clear()
        requests = [asyncio.create_task(asking.get(peer.url)) for _ in range(9)]
        await until(peer, asked=3)
        await asyncio.sleep(0.05)
        assert peer.asked == peer.opened == 3
        peer.may_answer.set()
        assert [each.status_code for each in await asyncio.gather(*requests)] == [200] * 9
        assert peer.opened == 3


async def test_who_waits_too_long_for_a_connection_is_told_and_takes_no_room() -> None:
    async with answering() as peer, client(Connections(most=1), pool=0.05) as asking:
        peer.may_answer.clear()
        first = asyncio.create_task(asking.get(peer.url))
        await until(peer, asked=1)
        with pytest.raises(httpx.PoolTimeout):
            await asking.get(peer.url)
        peer.may_answer.set()
        assert (await first).status_code == 200
        assert (await asking.get(peer.url)).status_code == 200
        assert peer.asked == 2


async def test_a_connection_the_peer_closed_is_not_used_again() -> None:
    async with answering() as peer, client(Connections(most=2)) as asking:
        peer.is_over_after_one = True
        for _ in range(3):
            assert (await asking.get(peer.url)).status_code == 200
            async with asyncio.timeout(10):
                while peer.open:  # noqa: ASYNC110 - the peer counts
                    await asyncio.sleep(0.005)
            await asyncio.sleep(0.02)
        assert peer.opened == 3


async def test_a_request_given_up_closes_its_connection_and_frees_its_room() -> None:
    async with answering() as peer, client(Connections(most=1)) as asking:
        peer.may_answer.clear()
        given_up = asyncio.create_task(asking.get(peer.url))
        await until(peer, asked=1)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        peer.may_answer.set()
        assert (await asking.get(peer.url)).status_code == 200
        assert peer.opened == 2


async def test_half_an_answer_frees_the_room_too() -> None:
    async with answering() as peer, client(Connections(most=1)) as asking:
        peer.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"
        peer.is_over_after_one = True
        with pytest.raises(httpx.RemoteProtocolError):
            await asking.get(peer.url)
        peer.answer = WHOLE
        assert (await asking.get(peer.url)).text == "ok"


async def test_an_answer_not_read_to_its_end_gives_its_connection_up() -> None:
    async with answering() as peer, client(Connections(most=1)) as asking:
        async with asking.stream("GET", peer.url):
            pass
        assert (await asking.get(peer.url)).text == "ok"


async def test_nobody_listening_is_a_connect_error() -> None:
    async with answering() as peer:
        url = peer.url
    async with client(Connections(most=1)) as asking:
        for _ in range(2):
            with pytest.raises(httpx.ConnectError):
                await asking.get(url)


async def test_idle_connections_nobody_needs_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campana.carriers.connections._IDLE_SECONDS", 0.05)
    async with answering() as peer, client(Connections(most=4)) as asking:
        peer.may_answer.clear()
        requests = [asyncio.create_task(asking.get(peer.url)) for _ in range(4)]
        await until(peer, asked=4)
        peer.may_answer.set()
        await asyncio.gather(*requests)
        assert peer.open == 4
        async with asyncio.timeout(10):
            while peer.open > 1:
                await asyncio.sleep(0.1)
                await asking.get(peer.url)


@pytest.mark.parametrize("size", [0, 10, 1_000])
async def test_a_request_leaves_whole(size: int) -> None:
    """Head and body in one piece: nothing of the process's other work comes between them."""
    pieces: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(100_000):
                pieces.append(piece)
                if sum(map(len, pieces)) >= size:
                    writer.write(WHOLE)

    async with serving(serve) as url, client(Connections(most=1)) as asking:
        for _ in range(2):
            pieces.clear()
            assert (await asking.post(url, content=b"x" * size)).text == "ok"
            [whole] = pieces
            head, _, body = whole.partition(b"\r\n\r\n")
            assert head.startswith(b"POST / HTTP/1.1\r\n")
            assert body == b"x" * size


async def test_a_request_without_a_body_leaves() -> None:
    async with answering() as peer, client(Connections(most=1)) as asking:
        assert (await asking.get(peer.url)).text == "ok"
        assert (await asking.delete(peer.url)).text == "ok"
