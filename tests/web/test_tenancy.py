"""One workspace never sees another's: on every route with an id, and in every list."""

from __future__ import annotations

import json
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from campana.domain.ids import attempt_text
from campana.services.context import Context
from campana.store import attempts, targets
from campana.store.db import Database, Role
from campana.web import bot_examples
from campana.web.flow_examples import DEFINITION
from tests.support.campaign import ANA, launched
from tests.support.hearing import hear, wrote
from tests.web.described import OPERATIONS, PROTECTED, Described
from tests.web.rows import IMPORT_FILE

CONSENT = {"address": ANA, "isGranted": True, "source": "form", "wording": "Call me."}
BODIES: dict[str, Any] = {
    "campaigns.change": {"name": "Mine now"},
    "campaigns.retry": {"outcomes": ["busy"]},
    "campaigns.targets.add": {"contactList": "mine"},
    "channels.change": {"rate": 1},
    "contactLists.change": {"name": "Mine now"},
    "contactLists.contacts.upsert": {"contacts": [{"phones": [ANA]}]},
    "contacts.change": {"firstName": "Mine"},
    "contacts.erase": {"reason": "mine"},
    "referenceTables.replace": {"key": "city", "rows": [{"city": "Lima", "opens": 9}]},
    "webhooks.change": {"description": "Mine now"},
    "webhooks.rotate": {},
    "webhooks.replay": {"from": "evt_1"},
}

WRITTEN_BY_NAME = "referenceTables.replace"
"""Makes what is not there: no name is unknown to it."""


@pytest.fixture
async def ids(
    api: httpx.AsyncClient, context: Context, engine_context: Context, workspace_id: int
) -> dict[str, str]:
    """One of each thing with an id, of the workspace `default`."""
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    [claimed, *_] = await scene.claim()
    async with engine_context.db.transaction() as tx:
        await attempts.begin_sending(
            tx,
            attempt_id=claimed.attempt_id,
            owner_id=1,
            from_number="+12025550100",
            now=context.clock.now(),
        )
        [target, *_] = await targets.page(tx, campaign_id=scene.campaign_id, after=0, limit=1)
    contact_list = (await api.get("/v1/contact-lists")).json()["data"][0]["id"]
    uploaded = await api.post(f"/v1/contact-lists/{contact_list}/imports", files=IMPORT_FILE)
    suppressed = await api.post("/v1/suppressions", json={"address": ANA, "reason": "asked"})
    registry = await api.post(
        "/v1/suppression-imports", files=IMPORT_FILE, data={"reason": "registry"}
    )
    webhook = await api.post("/v1/webhooks", json={"url": "https://public.example.com/"})
    agreed = await api.post("/v1/consents", json=CONSENT)
    contacts = (await api.get("/v1/contacts")).json()["data"]
    erased = await api.post(
        f"/v1/contacts/{contacts[-1]['id']}/erase", json=BODIES["contacts.erase"]
    )
    flow = await api.post("/v1/flows", json={"definition": DEFINITION})
    published = await api.post(f"{flow.headers['location']}/publish")
    bot = await api.post("/v1/voicebots", json={"definition": bot_examples.DEFINITION})
    await api.post(f"{bot.headers['location']}/publish")
    template = await api.post(
        "/v1/templates",
        json={"name": "hello", "channelType": "SMS", "content": {"text": "Hello."}},
    )
    await api.post(f"{template.headers['location']}/publish")
    credential = await api.post(
        "/v1/flow-credentials", json={"name": "crm", "kind": "bearer", "token": "secret"}
    )
    table = await api.put("/v1/reference-tables/branches", json=BODIES[WRITTEN_BY_NAME])
    await hear(engine_context, scene.channel, wrote("Hello?"))
    conversations = (await api.get("/v1/conversations")).json()["data"]
    return {
        "campaignId": scene.campaign_id,
        "targetId": f"tgt_{target.id}",
        "listId": contact_list,
        "importId": uploaded.json()["id"],
        "channelId": scene.channel.id,
        "suppressionId": suppressed.json()["id"],
        "suppressionImportId": registry.json()["id"],
        "consentId": agreed.json()["id"],
        "contactId": contacts[0]["id"],
        "erasureId": erased.json()["id"],
        "attemptId": attempt_text(claimed.attempt_id),
        "callId": attempt_text(claimed.attempt_id),
        "webhookId": webhook.json()["id"],
        "flowId": flow.json()["id"],
        "botId": bot.json()["id"],
        "number": str(published.json()["number"]),
        "templateId": template.json()["id"],
        "credentialId": credential.json()["id"],
        "conversationId": conversations[0]["id"],
        "name": table.json()["name"],
    }


async def ask(
    client: httpx.AsyncClient, operation: Described, ids: dict[str, str]
) -> httpx.Response:
    """The operation on these ids, with all it needs."""
    is_upload = "multipart/form-data" in (operation.body or {})
    queries = {
        "suppressions.delete": {"reason": "mine"},
        "templates.lacking": {"contactList": ids.get("listId", "none_such")},
        "referenceTables.row": {"key": "Lima"},
    }
    example = (operation.body or {}).get("application/json", {}).get("example")
    return await client.request(
        operation.method,
        operation.url(**ids),
        headers={"if-match": "*"},
        params=queries.get(operation.id),
        json=None if is_upload else BODIES.get(operation.id, example),
        files=IMPORT_FILE if is_upload else None,
    )


async def test_anothers_id_is_not_found_on_any_route(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient, ids: dict[str, str]
) -> None:
    with_ids = [operation for operation in PROTECTED if operation.ids]
    assert {name for operation in with_ids for name in operation.ids} == ids.keys()
    for operation in (each for each in with_ids if each.id != WRITTEN_BY_NAME):
        answer = await ask(stranger, operation, ids)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), operation
        unknown = await ask(stranger, operation, {})
        # Somebody else's looks like nobody's.
        assert _without_id(answer) == _without_id(unknown), operation
    for operation in (each for each in with_ids if each.method == "GET"):
        # The same addresses are good for their owner; this call alone has no recording yet.
        wanted = 404 if operation.id == "voiceCalls.recordingUrl" else 200
        assert (await ask(api, operation, ids)).status_code == wanted, operation


async def test_a_table_is_written_beside_anothers_of_the_same_name(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient, ids: dict[str, str]
) -> None:
    address = f"/v1/reference-tables/{ids['name']}"
    theirs = await stranger.put(address, json={"key": "city", "rows": [{"city": "Rome"}]})
    assert theirs.status_code == 200
    assert (await api.get(f"{address}/row", params={"key": "Lima"})).json()["row"]["opens"] == 9
    assert (await api.get(f"{address}/row", params={"key": "Rome"})).status_code == 404


@pytest.mark.usefixtures("ids")
async def test_no_list_shows_anothers(stranger: httpx.AsyncClient, api: httpx.AsyncClient) -> None:
    lists = [each for each in PROTECTED if each.id.endswith(".list") and not each.ids]
    assert len(lists) >= 5
    for operation in lists:
        theirs = (await stranger.get(operation.url())).json()
        assert theirs["data"] == [], operation
        assert theirs.get("totalCount", 0) == 0, operation
        assert (await api.get(operation.url())).json()["data"], operation


async def test_anothers_list_channel_and_bot_cannot_be_named(
    stranger: httpx.AsyncClient, ids: dict[str, str]
) -> None:
    draft = {"name": "N", "type": "VoiceBot", "channelType": "Voice"}
    named = {
        "contactList": ids["listId"],
        "channel": ids["channelId"],
        "voiceBot": {"id": ids["botId"]},
    }
    refused = await stranger.post("/v1/campaigns", json=draft | named)
    assert refused.status_code == 400
    pointers = {each["pointer"] for each in refused.json()["errors"]}
    assert pointers == {"/contactList", "/channel", "/voiceBot/id"}


@pytest.mark.usefixtures("ids")
async def test_the_api_is_bound_by_the_database_itself(context: Context, elsewhere: int) -> None:
    """Even a query that forgets its workspace sees nothing of another's."""
    assert context.db.role is Role.WEB
    async with context.db.read(workspace_id=elsewhere) as tx:
        for table in ("campaigns", "contact_lists", "targets", "attempts", "suppressions"):
            query = sql.SQL("select count(*) from {}").format(sql.Identifier(table))
            assert await (await tx.execute(query)).fetchone() == (0,), table
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with context.db.transaction(workspace_id=elsewhere) as tx:
            await tx.execute(
                "insert into contact_lists (id, workspace_id, name, created_at)"
                " values ('list_x', %s, 'Theirs', %s)",
                (elsewhere + 1000, context.clock.now()),
            )


async def test_many_workspaces_on_few_connections_never_mix(
    conninfo: str, workspace_id: int, elsewhere: int
) -> None:
    """Connections are shared: what one request sets must be gone for the next."""
    db = Database(conninfo, role=Role.WEB, max_connections=2)
    await db.open()
    try:
        for turn in range(50):
            mine = workspace_id if turn % 2 else elsewhere
            async with db.read(workspace_id=mine) as tx:
                row = await (await tx.execute("select workspace_id from workspaces")).fetchall()
            assert row == [(mine,)]
            async with db.glance() as tx:
                row = await (await tx.execute("select count(*) from workspaces")).fetchone()
            assert row == (0,)
    finally:
        await db.close()


def test_a_route_without_a_key_takes_no_id_but_a_signed_link() -> None:
    open_routes = {operation.id for operation in OPERATIONS if not operation.scope}
    assert {each.id for each in OPERATIONS if each.ids} & open_routes == {
        "recordings.get",
        "unsubscribe.press",
        "unsubscribe.show",
    }


def _without_id(answer: httpx.Response) -> str:
    problem = answer.json()
    del problem["requestId"]
    return json.dumps(problem)
