"""Conversations over HTTP: listed, read with and without who it is, answered."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from campana.services import lists, upserts
from campana.services.context import Context
from campana.services.upserts import Given
from campana.store.channels import Channel
from tests.support.campaign import ANA, BRUNO, Scene, launched
from tests.support.database import NOW, FixedClock
from tests.web.rows import add_whatsapp, codes, hear


@pytest.fixture
async def channel(context: Context, workspace_id: int) -> Channel:
    return await add_whatsapp(context, workspace_id=workspace_id)


async def first(api: httpx.AsyncClient) -> str:
    return str((await api.get("/v1/conversations")).json()["data"][0]["id"])


async def test_the_list_is_narrowed_paged_and_told_in_full(
    api: httpx.AsyncClient,
    stranger: httpx.AsyncClient,
    engine_context: Context,
    channel: Channel,
    clock: FixedClock,
) -> None:
    await hear(engine_context, channel, "hello")
    clock.forward(minutes=5)
    await hear(engine_context, channel, "hi", sender=BRUNO)
    found = (await api.get("/v1/conversations")).json()
    assert [each["address"] for each in found["data"]] == [BRUNO, ANA]
    assert found["data"][1] == {
        "id": found["data"][1]["id"], "channelId": channel.id, "channelType": "WhatsApp",
        "address": ANA, "name": "Anita", "contactId": None, "campaignId": None, "status": "open",
        "assignee": None, "queue": None, "note": None, "isStopped": False,
        "freeFormUntil": "2026-03-11T15:00:00Z", "lastInboundAt": "2026-03-10T15:00:00Z",
        "lastMessageAt": "2026-03-10T15:00:00Z", "createdAt": "2026-03-10T15:00:00Z",
        "closedAt": None,
    }  # fmt: skip
    assert {k: found[k] for k in found if k != "data"} == {
        "page": 1, "pageSize": 25, "totalCount": 2, "nextCursor": None,
    }  # fmt: skip
    for query, expected in (
        (f"channelId={channel.id}", [BRUNO, ANA]),
        ("channelId=chan_other", []),
        ("status=closed", []),
        ("status=open", [BRUNO, ANA]),
        ("campaignId=camp_1", []),
        ("dateFrom=2026-03-10T15:01:00Z", [BRUNO]),
        ("dateTo=2026-03-10T15:01:00Z", [ANA]),
        ("page=2&pageSize=1", [ANA]),
        ("page=9", []),
    ):
        answer = await api.get(f"/v1/conversations?{query}")
        assert [each["address"] for each in answer.json()["data"]] == expected, query
    page = (await api.get("/v1/conversations?pageSize=1")).json()
    rest = await api.get(f"/v1/conversations?pageSize=1&cursor={page['nextCursor']}")
    assert [each["address"] for each in rest.json()["data"]] == [ANA]
    assert (rest.json()["page"], rest.json()["nextCursor"]) == (None, None)
    assert (await stranger.get("/v1/conversations")).json()["totalCount"] == 0
    hidden = f"/v1/conversations/{found['data'][0]['id']}"
    for path in (hidden, hidden + "/messages"):
        assert (await stranger.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["/v1/conversations", "/v1/voice-calls"])
async def test_beyond_row_10000_a_cursor_is_needed(api: httpx.AsyncClient, path: str) -> None:
    assert (await api.get(f"{path}?page=100&pageSize=100")).status_code == 200
    for query in ("page=101&pageSize=100", "page=10001&pageSize=1"):
        answer = await api.get(f"{path}?{query}")
        assert (answer.status_code, set(codes(answer))) == (400, {"cursor"})
    answer = await api.get(f"{path}?cursor=nonsense")
    assert (answer.status_code, set(codes(answer))) == (400, {"cursor"})


async def test_what_a_campaign_told_everybody_stands_in_the_thread(
    api: httpx.AsyncClient,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
) -> None:
    scene: Scene = await launched(engine_context, context, workspace_id=workspace_id)
    await scene.claim()
    clock.forward(seconds=1)
    await hear(engine_context, scene.channel, "who is this?")
    [found] = (await api.get(f"/v1/conversations?campaignId={scene.campaign_id}")).json()["data"]
    assert (found["contactId"] or "").startswith("ctc_")
    path = f"/v1/conversations/{found['id']}/messages"
    lines = (await api.get(path)).json()["data"]
    assert [(each["origin"], each["text"], each["state"]) for each in lines] == [
        ("campaign", "Hello Ana.", "sending"),
        ("contact", "who is this?", "received"),
    ]
    page = (await api.get(f"{path}?limit=1")).json()
    rest = (await api.get(f"{path}?limit=1&cursor={page['nextCursor']}")).json()
    assert [page["data"][0], rest["data"][0]] == lines
    assert rest["nextCursor"] is None


async def test_without_pii_nobody_can_tell_who_it_is(
    api: httpx.AsyncClient,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    await scene.claim()
    clock.forward(seconds=1)
    await hear(
        engine_context, scene.channel,
        "Ana here, my card is 4111 1111 1111 1111, call +1 201 555 0177 or ana@example.com",
    )  # fmt: skip
    masked = {"X-Exclude-PII": "true"}
    thread = f"/v1/conversations/{await first(api)}"
    for path in ("/v1/conversations", thread, thread + "/messages"):
        text = (await api.get(path, headers=masked)).text
        for told in ("Ana", "Anita", "4111", "555", "example.com"):
            assert told not in text, (path, told)
        assert (await api.get(path)).text != text
    lines = (await api.get(thread + "/messages", headers=masked)).json()["data"]
    assert [each["text"] for each in lines] == [
        "Hello [name].",
        "[name] here, my card is [card], call [phone] or [email]",
    ]
    wrong = await api.get(thread, headers={"X-Exclude-PII": "yes"})
    assert (wrong.status_code, set(codes(wrong))) == (400, {"X-Exclude-PII"})


async def test_names_are_hidden_that_another_list_has_for_the_address(
    api: httpx.AsyncClient,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    channel: Channel,
) -> None:
    for name, person in (("Older", {}), ("Newer", {"first_name": "Wolfgang"})):
        made = await lists.create(context, workspace_id=workspace_id, name=name)
        await upserts.upsert(
            context,
            workspace_id=workspace_id,
            list_id=made.id,
            people=[Given(fields=person, phones=[ANA], whatsapp=(), emails=(), attributes={})],
        )
    await hear(engine_context, channel, "I'm Wolfgang, who is this?")
    thread = f"/v1/conversations/{await first(api)}/messages"
    said = [
        (await api.get(thread, headers=headers)).json()["data"][0]["text"]
        for headers in ({}, {"X-Exclude-PII": "true"})
    ]
    assert said == ["I'm Wolfgang, who is this?", "I'm [name], who is this?"]


async def test_a_person_answers_once_for_each_key(
    api: httpx.AsyncClient, engine_context: Context, channel: Channel
) -> None:
    await hear(engine_context, channel, "hello")
    path = f"/v1/conversations/{await first(api)}/messages"
    key = {"idempotency-key": "one"}
    made = await api.post(path, json={"text": "Good morning.", "author": "Bruno"}, headers=key)
    again = await api.post(path, json={"text": "Good morning.", "author": "Bruno"}, headers=key)
    assert (made.status_code, again.json()) == (201, made.json())
    assert (made.json()["state"], made.json()["author"]) == ("queued", "Bruno")
    lines = (await api.get(path)).json()["data"]
    assert [each["text"] for each in lines] == ["hello", "Good morning."]


async def test_who_may_not_be_written_to_is_not(
    api: httpx.AsyncClient,
    engine_context: Context,
    channel: Channel,
    clock: FixedClock,
) -> None:
    await hear(engine_context, channel, "hello")
    path = f"/v1/conversations/{await first(api)}/messages"
    for body, wrong in (
        ({}, {"/text"}),
        ({"text": " "}, {"/text"}),
        ({"text": "a", "template": "b"}, {"/text"}),
        ({"template": "nothing"}, {"/template"}),
        ({"text": "x" * 5000, "nonsense": 1}, {"/text", "/nonsense"}),
    ):
        answer = await api.post(path, json=body)
        assert (answer.status_code, set(codes(answer))) == (400, wrong), body
    clock.moment = NOW + timedelta(days=1)
    late = await api.post(path, json={"text": "Are you still there?"})
    assert (late.status_code, set(codes(late))) == (409, {"/template"})
    await hear(engine_context, channel, "stop")
    refused = await api.post(path, json={"text": "Why?"})
    assert (refused.status_code, "suppressed" in refused.json()["detail"]) == (409, True)
