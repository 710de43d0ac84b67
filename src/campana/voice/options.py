"""Asks a SIP server whether it is there: OPTIONS, as trunks ask each other (RFC 3261 section 11).

Any final answer will do: a server that wants to know who calls says 401, and is there. No call is
placed and the telephone stack is not needed, so every process can ask.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import suppress

from campana.voice.driver import Trunk, Unreachable

_SECONDS = 5.0
_AGAIN_SECONDS = 0.5
"""Before a datagram that may be lost is sent again; twice as long each time (RFC 3261, timer E)."""
_MOST_OCTETS = 65_536
_FINAL = re.compile(rb"SIP/2\.0 ([2-6][0-9]{2}(?: [^\r\n]{0,80})?)\r?\n")


async def ask_options(trunk: Trunk, *, token: str, seconds: float = _SECONDS) -> str:
    """What the server answers, as `200 OK`. `token`, of letters and digits, names this question.

    Raises:
        Unreachable: nothing that is an answer came in time.
    """
    try:
        async with asyncio.timeout(seconds):
            if trunk.transport == "udp":
                return await _by_datagrams(trunk, token)
            return await _by_connection(trunk, token)
    except TimeoutError as error:
        raise Unreachable(f"no answer in {seconds:g} seconds") from error
    except OSError as error:
        raise Unreachable(f"no connection: {error.strerror or error}"[:200]) from error
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise Unreachable("it answers, and not in SIP") from error


def question(trunk: Trunk, *, local: tuple[str, int], token: str) -> bytes:
    """The request, from this end of the way to `trunk`."""
    here = f"{_host(local[0])}:{local[1]}"
    uri = f"sip:{_host(trunk.host)}:{trunk.port}"
    if trunk.transport != "udp":
        uri += f";transport={trunk.transport}"
    lines = [
        f"OPTIONS {uri} SIP/2.0",
        f"Via: SIP/2.0/{trunk.transport.upper()} {here};branch=z9hG4bK{token};rport",
        "Max-Forwards: 70",
        f"From: <sip:{trunk.username or 'campana'}@{_host(trunk.host)}>;tag={token}",
        f"To: <{uri}>",
        f"Call-ID: {token}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:campana@{here}>",
        "Accept: application/sdp",
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def answer_in(octets: bytes, *, token: str) -> str | None:
    """The status of a final answer to this question; None in what is none."""
    found = _FINAL.match(octets)
    if found is None or token.encode() not in octets:
        return None
    return found[1].decode(errors="replace")


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, token: str) -> None:
        self._token = token
        self.answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        del addr  # the socket is connected: nobody else is heard
        status = answer_in(data, token=self._token)
        if status is not None and not self.answered.done():
            self.answered.set_result(status)

    def error_received(self, exc: Exception) -> None:
        if not self.answered.done():
            self.answered.set_exception(exc)


async def _by_datagrams(trunk: Trunk, token: str) -> str:
    loop = asyncio.get_running_loop()
    transport, heard = await loop.create_datagram_endpoint(
        lambda: _Datagrams(token), remote_addr=(trunk.host, trunk.port)
    )
    try:
        local = transport.get_extra_info("sockname")
        pause = _AGAIN_SECONDS
        while True:
            transport.sendto(question(trunk, local=(local[0], local[1]), token=token))
            done, _ = await asyncio.wait({heard.answered}, timeout=pause)
            if done:
                return heard.answered.result()
            pause *= 2
    finally:
        heard.answered.cancel()
        transport.close()


async def _by_connection(trunk: Trunk, token: str) -> str:
    is_secure = trunk.transport == "tls"
    reader, writer = await asyncio.open_connection(
        trunk.host,
        trunk.port,
        limit=_MOST_OCTETS,
        ssl=ssl.create_default_context() if is_secure else None,
    )
    try:
        local = writer.get_extra_info("sockname")
        writer.write(question(trunk, local=(local[0], local[1]), token=token))
        await writer.drain()
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if status := answer_in(head.lstrip(b"\r\n"), token=token):
                return status
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
