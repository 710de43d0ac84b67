"""Secrets of channels: sealed in the database, opened for use, kept when they are not named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet

from campana.domain.errors import Conflict, InvalidParameter
from campana.services import channel_secrets, channels
from campana.services.context import Context
from campana.services.secrets import Secrets, Unreadable
from campana.store.channels import Channel

PASSWORD, OTHER = "s3cret-of-the-trunk", "another-s3cret"
TRUNK: dict[str, Any] = {"host": "127.0.0.1", "username": "ana", "password": PASSWORD}
SIP: dict[str, Any] = {
    "name": "exchange",
    "kind": "voice_sip",
    "config": {
        "trunks": [TRUNK, {"host": "127.0.0.2", "username": "ana", "password": OTHER}],
        "callerIds": ["+12025550100"],
    },
}
META: dict[str, Any] = {
    "name": "whatsapp",
    "kind": "whatsapp_cloud",
    "config": {
        "phoneNumberId": "106540352242922",
        "accountId": "102290129340398",
        "number": "+12025550100",
        "accessToken": "token-of-a-system-user",
        "appSecret": "secret-of-the-app",
        "verifyToken": "token-for-the-question",
        "url": "http://127.0.0.1:9",
    },
}
SECRETS = [PASSWORD, OTHER, "token-of-a-system-user", "secret-of-the-app", "token-for-the-question"]


async def stored(context: Context) -> str:
    async with context.db.read() as tx:
        rows = await (await tx.execute("select config::text from channels order by id")).fetchall()
    return "\n".join(row[0] for row in rows)


async def opened(context: Context, channel: Channel) -> Any:
    found = await channels.get(context, workspace_id=channel.workspace_id, wanted=channel.id)
    kind = context.carriers[found.kind]
    return channel_secrets.config_of(context, kind=kind, stored=found.config)


@pytest.fixture
async def sip(context: Context, workspace_id: int) -> Channel:
    return await channels.create(context, workspace_id=workspace_id, raw=SIP)


@pytest.fixture
async def meta(context: Context, workspace_id: int) -> Channel:
    return await channels.create(context, workspace_id=workspace_id, raw=META)


async def change(context: Context, channel: Channel, **patch: Any) -> Channel:
    return await channels.change(
        context, workspace_id=channel.workspace_id, wanted=channel.id, patch=patch
    )


async def test_no_secret_stands_in_the_database_in_clear(
    context: Context, engine_context: Context, sip: Channel, meta: Channel
) -> None:
    await change(context, sip, trunks={"sip:ana@127.0.0.1:5060;transport=udp": {"lines": 3}})
    await change(context, meta, config={"verifyToken": "token-for-the-question"})
    text = await stored(engine_context)
    assert channel_secrets.MARK in text
    assert not [secret for secret in SECRETS if secret in text]
    assert [trunk.password for trunk in (await opened(context, sip)).trunks] == [PASSWORD, OTHER]
    assert (await opened(context, meta)).access_token == "token-of-a-system-user"


async def test_what_was_shown_can_be_sent_back_and_keeps_its_secrets(
    context: Context, sip: Channel, meta: Channel
) -> None:
    for channel in (sip, meta):
        shown = channels.shown_config(context, channel)
        assert not [secret for secret in SECRETS if secret in str(shown)]
        changed = await change(context, channel, config=shown)
        assert changed.config == channel.config


async def test_a_trunk_keeps_its_password_wherever_it_stands_in_the_list(
    context: Context, sip: Channel
) -> None:
    first, second = channels.shown_config(context, sip)["trunks"]
    await change(context, sip, config={"trunks": [second, {**first, "lines": 5}]})
    assert [each.password for each in (await opened(context, sip)).trunks] == [OTHER, PASSWORD]
    await change(context, sip, config={"trunks": [{**first, "password": None}]})
    assert [each.password for each in (await opened(context, sip)).trunks] == [None]


async def test_a_secret_goes_nowhere_else_unless_it_is_given_again(
    context: Context, sip: Channel, meta: Channel
) -> None:
    first = channels.shown_config(context, sip)["trunks"][0]
    await change(context, sip, config={"trunks": [{**first, "host": "127.0.0.9"}]})
    assert [each.password for each in (await opened(context, sip)).trunks] == [None]
    with pytest.raises(InvalidParameter, match="/config/accessToken: must be given again"):
        await change(context, meta, config={"url": "http://127.0.0.1:10"})
    new = {"url": "http://127.0.0.1:10", "accessToken": "another-token"}
    await change(context, meta, config=new)
    assert (await opened(context, meta)).access_token == "another-token"


async def test_a_changed_config_is_checked_as_a_new_one(context: Context, meta: Channel) -> None:
    with pytest.raises(InvalidParameter) as refused:
        await change(context, meta, config={"phoneNumberId": "x", "colour": "green"})
    assert {each.pointer for each in refused.value.problems} == {
        "/config/phoneNumberId",
        "/config/colour",
    }
    with pytest.raises(InvalidParameter, match="/rate: must be at most 80"):
        await change(context, meta, rate=81)
    away = {"url": "https://graph.example.com", "accessToken": "another-token"}
    with pytest.raises(Conflict, match="cannot leave this machine"):
        await change(context, meta, config=away)
    await change(context, meta, name="support", config={"throughput": 200}, rate=150)
    assert (await opened(context, meta)).throughput == 200


async def test_a_key_can_be_replaced_and_what_stood_in_clear_is_sealed(
    context: Context, engine_context: Context, sip: Channel, meta: Channel
) -> None:
    async with engine_context.db.transaction() as tx:
        # As it was stored before there were seals.
        await tx.execute(
            "update channels set config = jsonb_set(config, '{appSecret}', '\"secret-of-the-app\"')"
            " where id = %s",
            (meta.id,),
        )
    assert (await opened(context, meta)).app_secret == "secret-of-the-app"
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    before = replace(engine_context, secrets=Secrets.of([old]))
    with_both = replace(engine_context, secrets=Secrets.of([new, old]))
    after = replace(engine_context, secrets=Secrets.of([new]))
    for channel in (sip, meta):
        kind = context.carriers[channel.kind]
        known = channel_secrets.opened(context.secrets, kind, channel.config)
        async with engine_context.db.transaction() as tx:
            config = channel_secrets.sealed(before.secrets, kind, known, kept={})
            await channels.channels.set_config(tx, channel_id=channel.id, config=config)
    with pytest.raises(Unreadable):
        await opened(after, sip)
    assert await channel_secrets.seal_all(with_both) == 2
    assert await channel_secrets.seal_all(with_both) == 0
    assert [each.password for each in (await opened(after, sip)).trunks] == [PASSWORD, OTHER]
    assert not [secret for secret in SECRETS if secret in await stored(engine_context)]


async def test_a_channel_whose_key_is_lost_is_left_alone(
    engine_context: Context, sip: Channel
) -> None:
    lost = replace(engine_context, secrets=Secrets.of([Fernet.generate_key().decode()]))
    assert await channel_secrets.seal_all(lost) == 0
    assert channels.shown_config(lost, sip)["callerIds"] == ["+12025550100"]
