"""Asking a provider whether an account can be used: by real servers, and by what is not there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from campana.carriers import email_smtp, sandbox, sms_smpp, voice_sip
from campana.carriers.base import CarrierError, CarrierKind
from campana.domain.disposition import Disposition
from tests.carriers import test_email_smtp as email
from tests.support import smpp_account as smpp
from tests.support.mailserver import mail_server
from tests.support.sandbox import sandbox as sandboxed
from tests.support.smsc import smsc

AWAY = "127.0.0.1"
"""Nobody listens on port 9 there."""


async def said(kind: CarrierKind, config: Mapping[str, Any]) -> str:
    assert kind.check is not None
    return await kind.check(msgspec.convert(config, kind.config))


async def refused(kind: CarrierKind, config: Mapping[str, Any]) -> CarrierError:
    with pytest.raises(CarrierError) as caught:
        await said(kind, config)
    return caught.value


async def test_a_mail_server_lets_the_account_in_and_gets_no_letter() -> None:
    async with mail_server(auth_required=True, auth_require_tls=False) as server:
        config = {**email.CONTRACT.config, "port": server.port}
        assert await said(email_smtp.KIND, config) == "127.0.0.1 lets us in"
        wrong = await refused(email_smtp.KIND, {**config, "password": "not-this-one"})
        assert wrong.disposition is Disposition.CARRIER_ERROR
        assert "535" in wrong.detail
        # The server is offered each way to log in.
        assert server.logins[0]
        assert not any(server.logins[1:])
        assert server.taken == []
    assert "no connection" in (await refused(email_smtp.KIND, email.CONTRACT.config)).detail


async def test_a_message_center_lets_the_account_in_and_is_left_at_once() -> None:
    async with smsc() as center:
        config = {**smpp.CONTRACT.config, "port": center.port}
        assert await said(sms_smpp.KIND, config) == "the account is let in"
        assert center.submits == []
        wrong = await refused(sms_smpp.KIND, {**config, "password": "not-it"})
        assert wrong.disposition is Disposition.CARRIER_ERROR
        assert "0x0000000e" in wrong.detail
    assert "no connection" in (await refused(sms_smpp.KIND, smpp.CONTRACT.config)).detail


async def test_the_sandbox_answers_where_there_is_one(tmp_path: Path) -> None:
    with sandboxed(tmp_path) as running:
        assert await said(sandbox.KIND, running.config()) == "the sandbox answers"
    assert "no answer" in (await refused(sandbox.KIND, running.config())).detail


def trunk(port: int, **more: object) -> dict[str, Any]:
    return {"host": AWAY, "port": port, **more}


async def test_every_trunk_is_asked_and_the_silent_one_named() -> None:
    async with sip_server(lambda asked: answering(asked, b"SIP/2.0 401 Unauthorized")) as port:
        config = {"trunks": [trunk(port)], "callerIds": ["+12025550100"]}
        assert await said(voice_sip.KIND, config) == "127.0.0.1: 401 Unauthorized"
        config["trunks"].append(trunk(9, transport="tcp"))
        wrong = await refused(voice_sip.KIND, config)
        assert wrong.detail.startswith("127.0.0.1: 401 Unauthorized; 127.0.0.1: no connection")


def answering(asked: bytes, status: bytes) -> bytes:
    """An answer with the lines of the question that an answer repeats."""
    repeated = (b"Via", b"From", b"To", b"Call-ID", b"CSeq")
    kept = [line for line in asked.split(b"\r\n") if line.split(b":")[0] in repeated]
    return b"\r\n".join([status, *kept, b"Content-Length: 0", b"", b""])


class _Server(asyncio.DatagramProtocol):
    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not every event loop's transports are subclasses of it.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._transport.sendto(self._answer(data), addr)


@asynccontextmanager
async def sip_server(answer: Callable[[bytes], bytes]) -> AsyncIterator[int]:
    """The port of one that answers every datagram."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Server(answer), local_addr=("127.0.0.1", 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
