"""Asking a provider whether an account can be used: by real servers, and by what is not there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from campana.carriers import email_smtp, sandbox, sms_smpp, voice_sip
from campana.carriers.base import CarrierError, CarrierKind
from campana.domain.disposition import Disposition
from tests.carriers import test_email_smtp as email
from tests.support import smpp_account as smpp
from tests.support.mailserver import mail_server
from tests.support.sandbox import sandbox as sandboxed
from tests.support.sip_server import sip_server
from tests.support.smsc import smsc


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
    return {"host": "127.0.0.1", "port": port, **more}


async def test_every_trunk_is_asked_and_the_silent_one_named() -> None:
    async with sip_server(lambda _: [(401, "Unauthorized")]) as server:
        config = {"trunks": [trunk(server.port)], "callerIds": ["+12025550100"]}
        assert await said(voice_sip.KIND, config) == "127.0.0.1: 401 Unauthorized"
        config["trunks"].append(trunk(9, transport="tcp"))
        wrong = await refused(voice_sip.KIND, config)
        assert wrong.detail.startswith("127.0.0.1: 401 Unauthorized; 127.0.0.1: no connection")
