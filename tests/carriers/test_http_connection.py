"""Answers of every shape, from a server on loopback: read whole, or none."""

from __future__ import annotations

import pytest

from campana.carriers.http_connection import NoAnswer
from tests.support.counting_peer import CHUNKED, WHOLE, answering, asking


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
        (WHOLE + b"x", False),
    ],
    ids=["length", "chunks", "hints", "close", "HTTP/1.0", "two", "more"],
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
        assert await ask() == b"ok"
