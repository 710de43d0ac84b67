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

from campana.carriers.connections import NotLeft, TooLate, parsed, request
from campana.carriers.http_connection import NoAnswer
from tests.support.certificates import authority, server_context, unrelated_authority
from tests.support.counting_peer import WHOLE, Peer, answering, asking, serving


async def until(peer: Peer, *, asked: int) -> None:
    async with asyncio.timeout(10):
        while peer.asked < asked:  # noqa: ASYNC110 - the peer counts
            await asyncio.sleep(0.005)


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
            async with asyncio.timeout(10):
                while peer.open:  # noqa: ASYNC110 - the peer counts
                    await asyncio.sleep(0.005)
            await asyncio.sleep(0.02)
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
        async with asyncio.timeout(10):
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
                    with pytest.raises(NotLeft):
                        await ask()


@pytest.mark.parametrize(
    ("url", "name", "path"),
    [
        ("http://127.0.0.1:80/a", "127.0.0.1", "/a"),
        ("https://example.com", "example.com", ""),
        ("https://example.com:444/x y?z=%20&a b", "example.com:444", "/x%20y?z=%20&a%20b"),
        ("http://127.0.0.1:9?a", "127.0.0.1:9", "/?a"),
        ("http://[::1]:8090/é", "[::1]:8090", "/%C3%A9"),
        ("https://bücher.example/", "xn--bcher-kva.example", "/"),
    ],
)
def test_a_url_says_where_to_and_what_for(url: str, name: str, path: str) -> None:
    origin, wanted = parsed(url)
    assert (origin.name, wanted) == (name, path)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "nonsense", "http://", "http://h:99999"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the matter
        parsed(url)


def test_a_request_says_what_it_is_told_and_no_line_more() -> None:
    origin, _ = parsed("http://127.0.0.1:9")
    whole = request("GET", origin, "/a b", headers={"x": "é"}, query={"q": "1&2 3", "after": "="})
    assert whole == (
        b"GET /a%20b?q=1%262%203&after=%3D HTTP/1.1\r\nhost: 127.0.0.1:9\r\n"
        b"accept-encoding: identity\r\nx: \xe9\r\n\r\n"
    )
    for value in ("a\r\nx-more: b", "a\nb", "\0", "€"):
        with pytest.raises(ValueError, match="the header x may not be sent"):
            request("GET", origin, "/", headers={"x": value})
