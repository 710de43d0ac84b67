"""Callbacks: signed or refused, durable before the acknowledgement, refused while it cannot be."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from psycopg import AsyncConnection

from campana.carriers.sandbox import SIGNATURE
from campana.domain.ids import attempt_text
from campana.sandbox import wire
from campana.services.context import Context
from campana.store.channels import Channel
from campana.store.db import Database, Role
from campana.web.app import create_app
from tests.support.campaign import add_channel
from tests.support.database import NOW
from tests.support.locks import onlooking
from tests.support.sandbox import SECRET, answering
from tests.support.waiting import eventually

ATTEMPT = UUID("01957f00-0000-7000-8000-000000000001")
TOLD = {
    "attempt": attempt_text(ATTEMPT),
    "id": "2",
    "status": "finished",
    "outcome": "busy",
    "at": "2026-03-10T14:59:58Z",
}
BODY = json.dumps(TOLD).encode()


@pytest.fixture
async def channel(context: Context, workspace_id: int) -> Channel:
    return await add_channel(
        context,
        workspace_id=workspace_id,
        kind="sandbox",
        config={"url": "http://127.0.0.1:9", "secret": SECRET},
    )


def headers(body: bytes, **changes: Any) -> dict[str, str]:
    return {SIGNATURE: wire.sign(changes.get("secret", SECRET), body, at=changes.get("at", NOW))}


async def tell(
    client: httpx.AsyncClient, channel: Channel, body: bytes = BODY, **changes: Any
) -> httpx.Response:
    given = changes.pop("headers", None)
    return await client.post(
        f"/callbacks/{channel.id}", content=body, headers=given or headers(body, **changes)
    )


async def inbox(engine: Context) -> list[Any]:
    query = (
        "select channel_id, attempt_id, report, type, detail, received_at, body from callback_inbox"
    )
    async with engine.db.read() as tx:
        return await (await tx.execute(query + " order by id")).fetchall()


async def test_what_is_signed_is_stored_and_acknowledged(
    anonymous: httpx.AsyncClient, engine_context: Context, channel: Channel
) -> None:
    answer = await tell(anonymous, channel)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["x-request-id"]
    detail = {"disposition": "busy", "reason": "busy"}
    assert await inbox(engine_context) == [
        (channel.id, ATTEMPT, "2", "ended", detail, NOW, BODY.decode())
    ]


async def test_several_in_one_body_are_all_stored(
    anonymous: httpx.AsyncClient, engine_context: Context, channel: Channel
) -> None:
    body = json.dumps([{**TOLD, "id": str(n)} for n in range(20)]).encode()
    assert (await tell(anonymous, channel, body)).status_code == 204
    assert [row[2] for row in await inbox(engine_context)] == [str(n) for n in range(20)]


@pytest.mark.parametrize(
    "forgery",
    [
        {"headers": {"x-nothing": ""}},
        {"headers": {SIGNATURE: "t=1,v1=00"}},
        {"secret": "somebody-elses-secret"},
        {"at": NOW - timedelta(minutes=6)},
        {"at": NOW + timedelta(minutes=6)},
        {"headers": headers(BODY.replace(b"busy", b"completed"))},
    ],
)
async def test_what_is_not_signed_is_refused_and_leaves_nothing(
    forgery: dict[str, Any],
    anonymous: httpx.AsyncClient,
    engine_context: Context,
    channel: Channel,
) -> None:
    answer = await tell(anonymous, channel, **forgery)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "insufficient_scope"
    assert problem["detail"] == "The signature is missing, wrong or old."
    assert SECRET not in answer.text
    assert await inbox(engine_context) == []


async def test_the_secret_of_one_channel_is_no_good_on_another(
    anonymous: httpx.AsyncClient,
    context: Context,
    engine_context: Context,
    channel: Channel,
    elsewhere: int,
) -> None:
    other = await add_channel(
        context,
        workspace_id=elsewhere,
        kind="sandbox",
        config={"url": "http://127.0.0.1:9", "secret": "another-secret-than-that"},
    )
    assert (await tell(anonymous, other)).status_code == 403
    assert (await tell(anonymous, channel)).status_code == 204
    assert len(await inbox(engine_context)) == 1


async def test_signed_nonsense_is_acknowledged_and_ignored(
    anonymous: httpx.AsyncClient, engine_context: Context, channel: Channel
) -> None:
    for body in (b"", b"{", b"[]", b"\xff", json.dumps({**TOLD, "status": "dancing"}).encode()):
        assert (await tell(anonymous, channel, body)).status_code == 204
    assert await inbox(engine_context) == []


async def test_who_asks_wrongly_is_told_so(
    anonymous: httpx.AsyncClient, context: Context, channel: Channel, workspace_id: int
) -> None:
    calls = await add_channel(context, workspace_id=workspace_id, name="calls")
    place = f"/callbacks/{channel.id}"
    large = b" " * 1_000_001
    answers = {
        "GET": await anonymous.get(place),
        "PUT": await anonymous.put(place, content=BODY),
        "unknown": await anonymous.post("/callbacks/chan_0000", content=BODY),
        "no callbacks": await anonymous.post(f"/callbacks/{calls.id}", content=BODY),
        "odd": await anonymous.post("/callbacks/../x", content=BODY),
        "large": await anonymous.post(place, content=large, headers=headers(large)),
    }
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "GET": 405,
        "PUT": 405,
        "unknown": 404,
        "no callbacks": 404,
        "odd": 404,
        "large": 413,
    }
    assert answers["GET"].headers["allow"] == "POST"
    for answer in answers.values():
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["requestId"]


async def test_they_are_counted_under_one_label(
    anonymous: httpx.AsyncClient, channel: Channel
) -> None:
    await tell(anonymous, channel)
    metrics = (await anonymous.get("/metrics")).text
    label = 'method="POST",route="/callbacks/{channel_id}",status="204"'
    assert f"campana_http_requests_total{{{label}}} 1.0" in metrics


async def test_nothing_is_acknowledged_before_it_is_committed(
    anonymous: httpx.AsyncClient, engine_context: Context, channel: Channel, conninfo: str
) -> None:
    """While somebody holds the inbox nobody gets an answer; then all at once do."""
    assert (await tell(anonymous, channel)).status_code == 204
    async with (
        await AsyncConnection.connect(conninfo) as blocker,
        onlooking(conninfo, at="keep_callbacks") as until_one_waits,
    ):
        await blocker.execute("lock table campana.callback_inbox in exclusive mode")
        tasks = [asyncio.create_task(tell(anonymous, channel)) for _ in range(30)]
        await until_one_waits()
        assert not any(task.done() for task in tasks)
        await blocker.rollback()
        answers = await asyncio.gather(*tasks)
    assert {answer.status_code for answer in answers} == {204}
    assert len(await inbox(engine_context)) == 31


@pytest.fixture
async def cut_off(context: Context, conninfo: str) -> AsyncIterator[Context]:
    """A web process whose every connection is broken as soon as it has read the channel."""
    db = Database(conninfo, role=Role.WEB, max_connections=2)
    await db.open()
    yield replace(context, db=db)
    await db.close()


async def test_without_the_database_the_carrier_is_told_to_come_again(
    cut_off: Context, channel: Channel, conninfo: str
) -> None:
    async with (
        answering(create_app(cut_off)) as url,
        httpx.AsyncClient(base_url=url, timeout=60) as client,
    ):
        assert (await tell(client, channel)).status_code == 204
        async with await AsyncConnection.connect(conninfo, autocommit=True) as superuser:
            await superuser.execute("alter table campana.callback_inbox rename to away")
            await superuser.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
            await superuser.execute("alter table campana.away rename to callback_inbox")
        answer = await tell(client, channel)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["code"] == "unavailable"

        async def is_stored() -> bool:
            return (await tell(client, channel)).status_code == 204

        # It comes again, as carriers do, and the pool has found new connections by then.
        await eventually(is_stored)


META = {
    "phoneNumberId": "106540352242922",
    "accountId": "102290129340398",
    "number": "+12025550100",
    "accessToken": "token-of-a-system-user",
    "appSecret": "secret-of-the-app",
    "verifyToken": "token-for-the-question",
    "url": "http://127.0.0.1:9",
}
TWILIO = {
    "accountSid": f"AC{'0123456789abcdef' * 2}",
    "authToken": "auth-token-of-twilio",
    "senders": ["+12025550100"],
    "url": "http://127.0.0.1:9",
}


async def test_a_provider_that_asks_whether_we_are_here_is_answered(
    anonymous: httpx.AsyncClient, engine_context: Context, context: Context, workspace_id: int
) -> None:
    made = await add_channel(context, workspace_id=workspace_id, kind="whatsapp_cloud", config=META)
    question = {
        "hub.mode": "subscribe",
        "hub.verify_token": META["verifyToken"],
        "hub.challenge": "<b>1158201444</b>",
    }
    answer = await anonymous.get(f"/callbacks/{made.id}", params=question)
    assert (answer.status_code, answer.text) == (200, "<b>1158201444</b>")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    question["hub.verify_token"] = "guess"
    refused = await anonymous.get(f"/callbacks/{made.id}", params=question)
    assert refused.status_code == 403
    assert "1158201444" not in refused.text
    assert await inbox(engine_context) == []


async def test_an_address_is_signed_as_the_provider_knows_it_behind_a_proxy(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    """The request comes as http from a proxy with a host of its own; the public URL is another."""
    made = await add_channel(context, workspace_id=workspace_id, kind="sms_twilio", config=TWILIO)
    place = f"/callbacks/{made.id}?attempt={attempt_text(ATTEMPT)}"
    form = {"AccountSid": TWILIO["accountSid"], "MessageSid": "SM1", "MessageStatus": "delivered"}
    text = f"https://campana.example{place}" + "".join(k + form[k] for k in sorted(form))
    mac = hmac.digest(b"auth-token-of-twilio", text.encode(), "sha1")
    signed = {"x-twilio-signature": base64.b64encode(mac).decode()}
    app = create_app(context, public_url="https://campana.example/")
    async with answering(app) as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
        assert (await client.post(place, data=form, headers=signed)).status_code == 204
        other = f"{place[:-1]}2"
        assert (await client.post(other, data=form, headers=signed)).status_code == 403
    [row] = await inbox(engine_context)
    assert row[:4] == (made.id, ATTEMPT, "SM1:delivered", "ended")


@pytest.mark.parametrize(("kind", "config"), [("whatsapp_cloud", META), ("sms_twilio", TWILIO)])
async def test_ten_megabytes_and_a_wrong_signature_leave_no_row(
    kind: str,
    config: dict[str, Any],
    anonymous: httpx.AsyncClient,
    engine_context: Context,
    context: Context,
    workspace_id: int,
) -> None:
    made = await add_channel(context, workspace_id=workspace_id, kind=kind, config=config)
    signed = {"x-hub-signature-256": f"sha256={'0' * 64}", "x-twilio-signature": "AAAA"}
    for body, expected in ((b"x" * 10_000_000, 413), (b"{}", 403), (b"", 403)):
        answer = await anonymous.post(f"/callbacks/{made.id}", content=body, headers=signed)
        assert answer.status_code == expected
        assert answer.headers["content-type"] == "application/problem+json"
    assert await inbox(engine_context) == []


async def test_what_people_write_is_stored_with_the_reports_beside_it(
    anonymous: httpx.AsyncClient, engine_context: Context, channel: Channel
) -> None:
    said = {
        "inbound": "in-1", "from": "+12025550142", "text": "STOP", "choice": "no",
        "at": "2026-03-10T14:59:59Z",
    }  # fmt: skip
    body = json.dumps([TOLD, said]).encode()
    forged = await tell(anonymous, channel, body, secret="somebody-elses-secret")
    assert forged.status_code == 403
    query = "select channel_id, said from inbound_inbox"
    async with engine_context.db.read() as tx:
        assert await (await tx.execute(query)).fetchall() == []
    assert (await tell(anonymous, channel, body)).status_code == 204
    assert len(await inbox(engine_context)) == 1
    async with engine_context.db.read() as tx:
        [(channel_id, kept)] = await (await tx.execute(query)).fetchall()
    assert channel_id == channel.id
    assert (kept["key"], kept["sender"], kept["text"], kept["payload"]) == (
        "in-1", "+12025550142", "STOP", "no",
    )  # fmt: skip


def of_meta(entries: list[dict[str, Any]]) -> bytes:
    """A webhook of Meta's about the number of META."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": META["phoneNumberId"]},
    }
    changes = [{"field": "messages", "value": {**value, **each}} for each in entries]
    told = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}
    return json.dumps(told).encode()


async def test_all_that_meta_may_send_at_once_is_stored(
    anonymous: httpx.AsyncClient, engine_context: Context, context: Context, workspace_id: int
) -> None:
    """Three megabytes: replies, STOPs among them, and receipts."""
    made = await add_channel(context, workspace_id=workspace_id, kind="whatsapp_cloud", config=META)
    stop = {"from": "12125550101", "timestamp": "1773154798", "type": "text"}
    sent = {"status": "delivered", "timestamp": "1773154798", "recipient_id": "12125550101"}
    sent["biz_opaque_callback_data"] = attempt_text(ATTEMPT)
    body = of_meta(
        [{"messages": [{**stop, "id": f"wamid.{n}", "text": {"body": "STOP" + " " * 240}}]}
         for n in range(4_000)]
        + [{"statuses": [{**sent, "id": f"wamid.{n}"} for n in range(6_000)]}]
    )  # fmt: skip
    assert 2_900_000 < len(body) < 3 * 1024 * 1024
    mac = hmac.digest(META["appSecret"].encode(), body, "sha256").hex()
    answer = await anonymous.post(
        f"/callbacks/{made.id}", content=body, headers={"x-hub-signature-256": f"sha256={mac}"}
    )
    assert answer.status_code == 204
    assert len(await inbox(engine_context)) == 6_000
    async with engine_context.db.read() as tx:
        rows = await (await tx.execute("select count(*) from inbound_inbox")).fetchall()
    assert rows == [(4_000,)]
