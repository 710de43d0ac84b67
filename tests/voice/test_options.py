"""Asking a SIP server whether it is there, when datagrams are lost and answers come in pieces."""

from __future__ import annotations

import asyncio

import pytest

from campana.voice.driver import Trunk, Unreachable
from campana.voice.options import answer_in, ask_options, question
from tests.support.sip_server import sip_server

TOKEN = "0123456789abcdef"


def test_the_question_has_every_line_that_a_request_must_have() -> None:
    """RFC 3261, section 8.1.1."""
    trunk = Trunk(host="2001:db8::1", port=5061, transport="tls", username="acme")
    asked = question(trunk, local=("2001:db8::2", 40000), token=TOKEN).decode()
    first, *lines = asked.split("\r\n")
    assert first == "OPTIONS sip:[2001:db8::1]:5061;transport=tls SIP/2.0"
    assert {line.split(":")[0] for line in lines if line} >= {
        "Via", "Max-Forwards", "From", "To", "Call-ID", "CSeq", "Contact", "Content-Length",
    }  # fmt: skip
    assert f"Via: SIP/2.0/TLS [2001:db8::2]:40000;branch=z9hG4bK{TOKEN};rport" in lines
    assert asked.endswith("\r\n\r\n")


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (f"SIP/2.0 200 OK\r\nCall-ID: {TOKEN}\r\n\r\n", "200 OK"),
        (f"SIP/2.0 404\r\nCall-ID: {TOKEN}\r\n\r\n", "404"),
        (f"SIP/2.0 100 Trying\r\nCall-ID: {TOKEN}\r\n\r\n", None),
        ("SIP/2.0 200 OK\r\nCall-ID: another\r\n\r\n", None),
        (f"HTTP/1.1 200 OK\r\nCall-ID: {TOKEN}\r\n\r\n", None),
        (f"SIP/2.0 999 Odd\r\nCall-ID: {TOKEN}\r\n\r\n", None),
        ("", None),
    ],
)
def test_only_a_final_answer_to_this_question_counts(octets: str, status: str | None) -> None:
    assert answer_in(octets.encode(), token=TOKEN) == status


async def test_a_lost_datagram_is_sent_again() -> None:
    """And being told that somebody is busy with it is no answer."""
    busy_then_well = [(100, "Trying"), (200, "OK")]
    async with sip_server(lambda number: busy_then_well if number == 2 else []) as server:
        trunk = Trunk(host="127.0.0.1", port=server.port)
        assert await ask_options(trunk, token=TOKEN, seconds=30) == "200 OK"
        assert [each.method for each in server.asked][:2] == ["OPTIONS", "OPTIONS"]


async def test_an_answer_may_come_in_pieces() -> None:
    is_over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in ("\r\n\r\nSIP/2.0 40", "5 Not Allowed\r\nCall-ID: ", f"{TOKEN}\r\n\r\n"):
            writer.write(piece.encode())
            await writer.drain()
            await asyncio.sleep(0.01)
        writer.close()
        await writer.wait_closed()
        is_over.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        trunk = Trunk(host="127.0.0.1", port=server.sockets[0].getsockname()[1], transport="tcp")
        assert await ask_options(trunk, token=TOKEN, seconds=30) == "405 Not Allowed"
        await is_over.wait()


async def test_who_speaks_something_else_is_no_sip_server() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        trunk = Trunk(host="127.0.0.1", port=server.sockets[0].getsockname()[1], transport="tcp")
        with pytest.raises(Unreachable, match="not in SIP"):
            await ask_options(trunk, token=TOKEN, seconds=30)


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_where_nobody_listens_there_is_no_connection(transport: str) -> None:
    trunk = Trunk(host="127.0.0.1", port=9, transport=transport)
    with pytest.raises(Unreachable, match=r"no connection|no answer"):
        await ask_options(trunk, token=TOKEN, seconds=5)


async def test_silence_is_no_answer() -> None:
    async with sip_server(lambda _: []) as server:
        trunk = Trunk(host="127.0.0.1", port=server.port)
        with pytest.raises(Unreachable, match=r"no answer in 0\.2 seconds"):
            await ask_options(trunk, token=TOKEN, seconds=0.2)
