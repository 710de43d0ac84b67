"""Connections to a provider, against a server on loopback that counts them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import ssl
import struct
from dataclasses import replace

import pytest

from campana.carriers.connections import Connections, Malformed, NoAnswer, NotLeft, TooLate
from tests.support.certificates import authority, server_context, unrelated_authority
from tests.support.counting_peer import (
    CHUNKED,
    WHOLE,
    answering,
    asking,
    serving,
    until,
    until_closed,
)


async def test_one_after_another_goes_over_one_connection() -> None:
    async with answering() as peer, asking(peer.url, most=5) as ask:
        for _ in range(10):
            assert await ask() == b"ok"
        assert peer.opened == 1


async def test_no_more_at_a_time_than_told_and_the_others_wait() -> None:
    async with answering() as peer, asking(peer.url, most=3) as ask:
        peer.may_answer.clear()
        requests = [asyncio.create_task(ask()) for _ in range(9)]
        await until(peer, asked=3)
        await asyncio.sleep(0.05)
        assert peer.asked == peer.opened == 3
        peer.may_answer.set()
        assert await asyncio.gather(*requests) == [b"ok"] * 9
        assert peer.opened == 3


async def test_who_waits_too_long_for_a_connection_is_told_and_takes_no_room() -> None:
    async with answering() as peer, asking(peer.url) as ask:
        peer.may_answer.clear()
        first = asyncio.create_task(ask())
        await until(peer, asked=1)
        impatient = replace(ask, seconds=0.05)
        with pytest.raises(NotLeft):
            await impatient()
        peer.may_answer.set()
        assert await first == b"ok"
        assert await ask() == b"ok"
        assert peer.asked == 2


async def test_a_connection_the_peer_closed_is_not_used_again() -> None:
    async with answering() as peer, asking(peer.url, most=2) as ask:
        peer.is_over_after_one = True
        for _ in range(3):
            assert await ask() == b"ok"
            await until_closed(peer)
        assert peer.opened == 3


async def test_a_request_given_up_closes_its_connection_and_frees_its_room() -> None:
    async with answering() as peer, asking(peer.url, most=1) as ask:
        peer.may_answer.clear()
        given_up = asyncio.create_task(ask())
        await until(peer, asked=1)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        peer.may_answer.set()
        assert await ask() == b"ok"
        assert peer.opened == 2


async def test_half_an_answer_frees_the_room_too() -> None:
    async with answering() as peer, asking(peer.url, most=1) as ask:
        peer.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"
        peer.is_over_after_one = True
        with pytest.raises(NoAnswer):
            await ask()
        peer.answer = WHOLE
        assert await ask() == b"ok"


async def test_nobody_listening_is_a_request_that_did_not_leave() -> None:
    async with answering() as peer:
        url = peer.url
    async with asking(url) as ask:
        for _ in range(2):
            with pytest.raises(NotLeft):
                await ask()


async def test_a_host_of_two_addresses_is_reached_by_the_one_that_answers() -> None:
    """`localhost` is ::1 first on many machines, where this peer does not listen."""
    async with answering() as peer, asking(peer.url.replace("127.0.0.1", "localhost")) as ask:
        assert await ask() == b"ok"


async def test_a_host_without_an_address_is_a_request_that_did_not_leave() -> None:
    async with asking("http://nobody.invalid") as ask:
        with pytest.raises(NotLeft):
            await ask()


async def test_a_request_that_may_not_leave_any_more_takes_nothing_away() -> None:
    async with answering() as peer, asking(peer.url) as ask:
        with pytest.raises(TooLate):
            await ask(may_leave=lambda: False)
        assert await ask() == b"ok"
        assert (peer.asked, peer.opened) == (1, 1)


async def test_idle_connections_nobody_needs_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campana.carriers.connections._IDLE_SECONDS", 0.05)
    async with answering() as peer, asking(peer.url, most=4) as ask:
        peer.may_answer.clear()
        requests = [asyncio.create_task(ask()) for _ in range(4)]
        await until(peer, asked=4)
        peer.may_answer.set()
        await asyncio.gather(*requests)
        assert peer.open == 4
        async with asyncio.timeout(60):
            while peer.open > 1:
                await asyncio.sleep(0.1)
                await ask()


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

    async with serving(serve) as url, asking(url) as ask:
        for _ in range(2):
            pieces.clear()
            assert await ask(content=b"x" * size) == b"ok"
            [whole] = pieces
            head, _, body = whole.partition(b"\r\n\r\n")
            assert head.startswith(b"POST / HTTP/1.1\r\n")
            assert body == b"x" * size


@pytest.mark.parametrize(
    ("answer", "is_kept"),
    [
        (WHOLE, True),
        (CHUNKED + b"1\r\no\r\n1\r\nk\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + WHOLE, True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", False),
        # More than was asked for: the next request is not to be answered by it.
        (WHOLE + WHOLE, False),
    ],
    ids=["length", "chunks", "hints", "close", "HTTP/1.0", "two"],
)
async def test_an_answer_is_read_whole_whatever_its_shape(answer: bytes, is_kept: bool) -> None:
    async with answering() as peer, asking(peer.url) as ask:
        peer.answer = answer
        for _ in range(3):
            assert await ask() == b"ok"
        assert peer.opened == (1 if is_kept else 3)


async def test_an_answer_of_no_told_length_ends_with_its_connection() -> None:
    async with answering() as peer, asking(peer.url) as ask:
        peer.answer, peer.is_over_after_one = b"HTTP/1.1 200 OK\r\nX: y\r\n\r\nok", True
        assert await ask() == b"ok"


@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail.example.com ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000,
        CHUNKED + b"2\r\nok\r\n",
        b"",
    ],
    ids=["mail", "two lengths", "upgrade", "long head", "long body", "no last chunk", "nothing"],
)
async def test_what_is_no_answer_is_none_and_frees_the_room(answer: bytes) -> None:
    async with answering() as peer, asking(peer.url) as ask:
        peer.answer, peer.is_over_after_one = answer, True
        with pytest.raises(NoAnswer):
            await ask()
        peer.answer = WHOLE
        await until_closed(peer)
        assert await ask() == b"ok"


async def test_a_connection_reset_at_any_moment_is_no_answer() -> None:
    count = itertools.count()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if next(count) % 2:
            await reader.read(1)
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    async with serving(serve) as url, asking(url, most=8) as ask:
        found = await asyncio.gather(*(ask() for _ in range(100)), return_exceptions=True)
        assert {type(each) for each in found} <= {NoAnswer, NotLeft}


async def test_over_tls_only_with_whom_the_authority_has_signed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(WHOLE)

    async with serving(serve, tls=server_context()) as url:
        for trusted, host, is_reached in (
            (authority(), "127.0.0.1", True),
            (authority(), "localhost", True),
            (unrelated_authority(), "127.0.0.1", False),
        ):
            context = ssl.create_default_context(cadata=trusted)
            monkeypatch.setattr("campana.carriers.connections._trust", lambda it=context: it)
            async with asking(url.replace("127.0.0.1", host)) as ask:
                if is_reached:
                    assert [await ask(), await ask()] == [b"ok", b"ok"]
                else:
                    with pytest.raises(NotLeft) as caught:
                        await ask()
                    # It may be renewed: whoever asks later may be answered.
                    assert not isinstance(caught.value, Malformed)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "nonsense", "http://", "http://h:99999"])
async def test_what_is_no_url_is_a_request_that_did_not_leave(url: str) -> None:
    async with asking(url) as ask:
        with pytest.raises(NotLeft):
            await ask()


@pytest.mark.parametrize("value", ["a\r\nx-more: b", "a\nb", "\0"])
async def test_a_header_is_one_line_or_nothing_leaves(value: str) -> None:
    async with answering() as peer:
        connections = Connections(most=1)
        with pytest.raises(NotLeft, match="the header x would be more than one line"):
            await connections.exchange("GET", peer.url, seconds=5, limit=9, headers={"x": value})
        assert peer.asked == 0
        await connections.aclose()


async def test_a_query_is_escaped_and_no_encoding_is_asked_for() -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(WHOLE)

    async with serving(serve) as url:
        connections = Connections(most=1)
        await connections.exchange(
            "GET", f"{url}/a b", seconds=5, limit=9, query={"q": "1&2 3+", "after": "="}
        )
        await connections.aclose()
    [head] = heads
    assert head.startswith(b"GET /a%20b?q=1%262+3%2B&after=%3D HTTP/1.1\r\n")
    assert b"\r\naccept-encoding: identity\r\n" in head.lower()


async def test_what_is_told_of_no_answer_is_one_line_without_the_address() -> None:
    async with answering() as peer:
        peer.answer, peer.is_over_after_one = b"220 mail.example.com\r\n", True
        connections = Connections(most=1)
        with pytest.raises(NoAnswer) as caught:
            await connections.exchange(
                "GET", peer.url, seconds=5, limit=9, query={"to": "+12025550100"}
            )
        await connections.aclose()
    told = str(caught.value)
    assert "2025550100" not in told
    assert "\n" not in told
