"""Asking providers whether a channel's account can be used."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet

from campana.domain.errors import Conflict, NotFound
from campana.services import channel_checks, channels
from campana.services.context import Context
from campana.services.secrets import Secrets
from tests.support.http_peer import Asked, Given, Peer, serving

TWILIO: dict[str, Any] = {
    "accountSid": f"AC{'0123456789abcdef' * 2}",
    "authToken": "auth-token-of-twilio",
    "senders": ["+12025550100"],
}


def answer(_: Asked) -> Given:
    return Given(body={"status": "active", "friendly_name": "Ops", "type": "Full"})


async def test_each_channel_is_asked_about_and_what_is_wrong_is_said(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    async with serving(Peer(judge=answer)) as peer:
        for name, url in (("well", peer.url), ("away", "http://127.0.0.1:9")):
            raw = {"name": name, "kind": "sms_twilio", "config": {**TWILIO, "url": url}}
            await channels.create(context, workspace_id=workspace_id, raw=raw)
        found = {each.channel.name: each for each in await channel_checks.check_all(engine_context)}
        assert (found["well"].is_well, found["well"].detail) == (True, "Ops, Full, active")
        assert not found["away"].is_well
        assert "no answer" in found["away"].detail
        lost = replace(engine_context, secrets=Secrets.of([Fernet.generate_key().decode()]))
        assert {each.is_well for each in await channel_checks.check_all(lost)} == {False}
        peer.asked.clear()
        rehearsal = replace(engine_context, is_rehearsal=True)
        await channel_checks.check_all(rehearsal)
        assert len(peer.asked) == 1


async def test_one_channel_is_asked_about(context: Context, workspace_id: int) -> None:
    async with serving(Peer(judge=answer)) as peer:
        raw = {"name": "x", "kind": "sms_twilio", "config": {**TWILIO, "url": peer.url}}
        made = await channels.create(context, workspace_id=workspace_id, raw=raw)
        channel = await channels.with_id(context, workspace_id=workspace_id, channel_id=made.id)
        found = await channel_checks.check(context, channel)
        assert (found.is_well, found.detail) == (True, "Ops, Full, active")


async def test_an_address_is_an_id_and_no_name(context: Context, workspace_id: int) -> None:
    raw = {"name": "x", "kind": "sms_twilio", "config": {**TWILIO, "url": "http://127.0.0.1:9"}}
    made = await channels.create(context, workspace_id=workspace_id, raw=raw)
    assert await channels.get(context, workspace_id=workspace_id, wanted="x") == made
    for unknown in ("x", "y"):
        with pytest.raises(NotFound):
            await channels.with_id(context, workspace_id=workspace_id, channel_id=unknown)
    with pytest.raises(NotFound):
        await channels.get(context, workspace_id=workspace_id, wanted="y")


async def test_a_rehearsal_asks_nobody_elsewhere(context: Context, workspace_id: int) -> None:
    elsewhere = {"trunks": [{"host": "sip.example.net"}], "callerIds": ["+12025550100"]}
    raw = {"name": "x", "kind": "voice_sip", "config": elsewhere}
    made = await channels.create(context, workspace_id=workspace_id, raw=raw)
    with pytest.raises(Conflict, match="rehearsal"):
        await channel_checks.check(replace(context, is_rehearsal=True), made)


async def test_a_secret_is_in_no_finding(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    raw = {"name": "x", "kind": "sms_twilio", "config": {**TWILIO, "url": "http://127.0.0.1:9"}}
    await channels.create(context, workspace_id=workspace_id, raw=raw)
    [found] = await channel_checks.check_all(engine_context)
    assert TWILIO["authToken"] not in repr(found)
