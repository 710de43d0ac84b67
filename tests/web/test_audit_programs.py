"""What programs change with a key is in the audit log: once, and only what was done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from litestar.types import ASGIApp

from campana.services import accounts, auditing, control
from campana.services.context import Context
from campana.store.audit import Entry
from tests.support.campaign import ANA, BOT, BRUNO, add_channel, add_list, person
from tests.support.database import FixedClock
from tests.web.conftest import BASE

DRAFT = {"name": "N", "type": "VoiceBot", "channelType": "Voice"}


async def changes(context: Context, workspace_id: int) -> list[Entry]:
    """All that there is, oldest first: programs leave nothing but changes."""
    found = await auditing.page(context, workspace_id=workspace_id)
    assert {each.result for each in found} <= {"changed"}
    return list(reversed(found))


def fields(entry: Entry) -> dict[str, tuple[Any, Any]]:
    given: Sequence[tuple[str, Any, Any]] = entry.detail["fields"]
    return {name: (before, after) for name, before, after in given}


@pytest.fixture
async def ready(context: Context, workspace_id: int) -> dict[str, Any]:
    """A draft that may be launched."""
    channel = await add_channel(context, workspace_id=workspace_id)
    people = await add_list(context, workspace_id=workspace_id, people=[person(ANA)])
    return DRAFT | {"channel": channel.id, "contactList": people, "voiceBot": BOT}


async def test_a_campaigns_life_is_told_with_who_and_what_became_of_what(
    api: httpx.AsyncClient, context: Context, workspace_id: int, ready: dict[str, Any]
) -> None:
    made = await api.post("/v1/campaigns", json=ready, headers={"x-request-id": "of-mine-1"})
    place = made.headers["location"]
    match = {"if-match": "*"}
    assert (await api.patch(place, json={"name": "M"}, headers=match)).status_code == 200
    for action in ("launch", "pause", "resume", "cancel", "archive", "archive", "unarchive"):
        assert (await api.post(f"{place}/{action}")).status_code == 200
    draft = (await api.post("/v1/campaigns", json=DRAFT | {"name": "Gone"})).headers["location"]
    assert (await api.delete(draft)).status_code == 204
    told = await changes(context, workspace_id)
    assert [(each.action, each.detail["how"]) for each in told] == [
        ("campaigns.create", "made"),
        ("campaigns.change", "changed"),
        ("campaigns.launch", "changed"),
        ("campaigns.pause", "changed"),
        ("campaigns.resume", "changed"),
        ("campaigns.cancel", "changed"),
        ("campaigns.archive", "changed"),
        ("campaigns.unarchive", "changed"),
        ("campaigns.create", "made"),
        ("campaigns.delete", "removed"),
    ]
    [key] = await accounts.list_keys(context, workspace_id=workspace_id)
    secret = api.headers["authorization"].removeprefix("Bearer ck_")
    for each in told:
        assert (each.actor, each.person_id) == (f"API key test ({key.id})", None)
        assert each.client == "127.0.0.1"
        assert secret not in str(each)
    new, change, *states, away, back, _, gone = told
    assert (new.subject, new.request_id) == (place.removeprefix("/v1/campaigns/"), "of-mine-1")
    assert fields(new)["name"] == (None, "N")
    assert fields(change) == {"name": ("N", "M"), "document.name": ("N", "M")}
    assert [fields(each)["state"] for each in states] == [
        ("draft", "running"),
        ("running", "paused"),
        ("paused", "running"),
        ("running", "cancelled"),
    ]
    assert [fields(each)["archived"] for each in (away, back)] == [(False, True), (True, False)]
    assert fields(gone)["name"] == ("Gone", None)


async def test_what_is_refused_or_asked_again_is_not_told(
    api: httpx.AsyncClient, anonymous: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    key = {"idempotency-key": "once"}
    first, again = [
        await api.post("/v1/contact-lists", json={"name": "People"}, headers=key) for _ in range(2)
    ]
    assert (first.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert [each.action for each in await changes(context, workspace_id)] == ["contactLists.create"]
    draft = (await api.post("/v1/campaigns", json=DRAFT)).headers["location"]
    before = await changes(context, workspace_id)
    for client, method, path, body, status in (
        (api, "POST", "/v1/contact-lists", {"name": "People"}, 409),
        (api, "POST", "/v1/campaigns", {"name": ""}, 400),
        (api, "POST", f"{draft}/launch", None, 422),
        (api, "PATCH", draft, {"name": "M"}, 428),
        (api, "DELETE", "/v1/campaigns/camp_0", None, 404),
        (anonymous, "POST", "/v1/contact-lists", {"name": "Others"}, 401),
    ):
        answer = await client.request(method, path, json=body)
        assert answer.status_code == status, (method, path, answer.text)
    # Changed to what it was: nothing became different.
    same = await api.patch(draft, json={"name": "N"}, headers={"if-match": "*"})
    assert same.status_code == 200
    assert await changes(context, workspace_id) == before


async def test_every_kind_of_thing_is_told_without_its_secrets(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    config = {"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"}
    channel = {"kind": "sandbox", "name": "SMS", "config": config, "channelType": "SMS"}
    place = (await api.post("/v1/channels", json=channel)).headers["location"]
    assert (await api.post(f"{place}/pause")).status_code == 200
    hook = {"url": "http://127.0.0.1:9/hook"}
    assert (await api.post("/v1/webhooks", json=hook)).status_code == 201
    keeping = await api.put("/v1/retention", json={"recordingDays": 7})
    assert keeping.status_code == 200, keeping.text
    credential = {"name": "crm", "kind": "bearer", "token": "a-token-of-somebody"}
    kept = await api.post("/v1/flow-credentials", json=credential)
    assert kept.status_code == 201, kept.text
    told = await changes(context, workspace_id)
    assert [(each.action, each.detail["of"]) for each in told] == [
        ("channels.create", "channels"),
        ("channels.pause", "channels"),
        ("webhooks.create", "webhooks"),
        ("webhooks.create", "webhook_secrets"),
        ("retention.replace", "workspaces"),
        ("flowCredentials.create", "flow_credentials"),
    ]
    text = str([each.detail for each in told])
    assert "a-secret-of" not in text
    assert "a-token-of" not in text
    assert "whsec_" not in text


async def test_people_and_test_calls_leave_nothing_in_it(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    people = await add_list(context, workspace_id=workspace_id, people=[person(ANA)])
    channel = await add_channel(context, workspace_id=workspace_id)
    accounts_of = {"countries": ["US"], "default": "US"}
    await accounts.allow_countries(context, workspace_id=workspace_id, **accounts_of)
    for path, body, status in (
        (f"/v1/contact-lists/{people}/contacts", {"contacts": [{"phones": [BRUNO]}]}, 200),
        ("/v1/suppressions", {"address": BRUNO, "reason": "asked by letter"}, 201),
        (f"/v1/channels/{channel.id}/test-message", {"to": ANA, "text": "Dear Ana"}, 202),
    ):
        answer = await api.post(path, json=body)
        assert answer.status_code == status, (path, answer.text)
    async with context.db.read(workspace_id=workspace_id) as tx:
        [[made]] = await (await tx.execute("select count(*) from campaigns")).fetchall()
    assert made == 1
    assert await changes(context, workspace_id) == []


async def test_each_of_many_at_once_is_told_as_whose_it_is(
    app: ASGIApp, context: Context, workspace_id: int
) -> None:
    async def change(number: int) -> str:
        key = await accounts.create_key(
            context, workspace_id=workspace_id, name=f"robot {number}", scopes=["lists:write"]
        )
        transport = httpx.ASGITransport(app=app)  # pyright: ignore[reportArgumentType]
        headers = {"authorization": f"Bearer {key.text}"}
        async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
            for turn in range(3):
                name = f"List {number} {turn}"
                made = await client.post("/v1/contact-lists", json={"name": name})
                assert made.status_code == 201
        return f"API key robot {number} ({key.id})"

    made = await asyncio.gather(*(change(number) for number in range(8)))
    told = await changes(context, workspace_id)
    assert sorted((each.actor, fields(each)["name"][1]) for each in told) == sorted(
        (actor, f"List {number} {turn}") for number, actor in enumerate(made) for turn in range(3)
    )


async def test_what_the_engine_changes_behind_it_is_not_told(
    api: httpx.AsyncClient,
    context: Context,
    engine_context: Context,
    workspace_id: int,
    clock: FixedClock,
    ready: dict[str, Any],
) -> None:
    place = (await api.post("/v1/campaigns", json=ready)).headers["location"]
    await api.post(f"{place}/launch")
    before = await changes(context, workspace_id)
    # The same connections, and nobody's request.
    campaign_id = place.removeprefix("/v1/campaigns/")
    for each in (context, engine_context):
        await control.pause(each, workspace_id=workspace_id, campaign_id=campaign_id, actor="x")
        await control.resume(each, workspace_id=workspace_id, campaign_id=campaign_id, actor="x")
    assert (await api.get(place)).status_code == 200
    assert await changes(context, workspace_id) == before
    clock.forward(minutes=1)
    await api.post(f"{place}/pause")
    last = (await changes(context, workspace_id))[-1]
    assert (last.action, last.at) == ("campaigns.pause", clock.now())
