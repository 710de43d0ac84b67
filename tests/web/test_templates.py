"""Templates over HTTP: drafts that change, versions that never do."""

from __future__ import annotations

from typing import Any

import httpx

from campana.domain import content
from campana.services import templates
from campana.services.context import Context
from campana.store import templates as store
from tests.support.database import NOW
from tests.web.rows import codes

SMS: dict[str, Any] = {
    "name": "reminder",
    "channelType": "SMS",
    "content": {"text": "Hello {{ contact.first_name }}, see you on {{ values.day }}."},
}
WHATSAPP: dict[str, Any] = {
    "name": "approved",
    "channelType": "WhatsApp",
    "content": {
        "text": "Hello {{ contact.first_name }}.",
        "provider": {
            "name": "hello_1", "language": "en_US",
            "variables": {"1": "{{ contact.first_name }}"},
            "headerMedia": {"kind": "image", "link": "https://example.com/a.png"},
        },
    },
}  # fmt: skip


async def test_a_draft_is_written_changed_and_published(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    made = await api.post("/v1/templates", json=SMS)
    assert (made.status_code, made.json()["publishedVersion"]) == (201, None)
    path = made.headers["location"]
    assert (await api.get(path)).json() == made.json()
    assert (await api.post("/v1/templates", json=SMS)).status_code == 409
    published = await api.post(path + "/publish")
    assert published.json()["publishedVersion"] == 1
    assert (await api.post(path + "/publish")).json()["publishedVersion"] == 1
    patch = {"content": {"text": "Changed."}}
    assert (await api.patch(path, json=patch)).status_code == 428
    old = {"if-match": made.headers["etag"]}
    assert (await api.patch(path, json=patch, headers=old)).status_code == 412
    now = {"if-match": (await api.get(path)).headers["etag"]}
    changed = await api.patch(path, json=patch, headers=now)
    assert (changed.status_code, changed.json()["content"]["text"]) == (200, "Changed.")
    await api.post(path + "/publish")
    versions = (await api.get(path + "/versions")).json()["data"]
    assert [(each["number"], each["content"]["text"]) for each in versions] == [
        (2, "Changed."), (1, SMS["content"]["text"]),
    ]  # fmt: skip
    assert (await api.delete(path)).status_code == 409
    listed = (await api.get("/v1/templates?channelType=SMS")).json()
    assert (listed["totalCount"], listed["data"][0]["name"]) == (1, "reminder")
    assert (await api.get("/v1/templates?channelType=Email")).json()["data"] == []
    for answer in (await stranger.get(path), await stranger.post(path + "/publish")):
        assert answer.status_code == 404


async def test_a_draft_that_was_never_published_can_go(api: httpx.AsyncClient) -> None:
    path = (await api.post("/v1/templates", json=SMS)).headers["location"]
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404


async def test_all_that_is_wrong_with_a_template_is_named(api: httpx.AsyncClient) -> None:
    for channel_type, what, wrong in (
        ("SMS", {"text": "{{ contact.a"}, {"/content/text"}),
        ("SMS", {"text": "{{ session.a }}"}, {"/content/text"}),
        ("SMS", {"text": "a", "subject": "b", "html": "c"}, {"/content/subject", "/content/html"}),
        ("Email", {"text": "a"}, {"/content/subject"}),
        ("Email", {"text": "a", "subject": "b\r\nBcc: c"}, {"/content/subject"}),
        ("WhatsApp", {"text": "a"}, {"/content/provider"}),
        ("Voice", {"text": "a"}, {"/channelType"}),
        (
            "WhatsApp",
            {"text": "a", "provider": {"name": "Bad Name", "language": "english"}},
            {"/content/provider/name", "/content/provider/language"},
        ),
    ):
        body = {"name": "n", "channelType": channel_type, "content": what}
        answer = await api.post("/v1/templates", json=body)
        assert (answer.status_code, set(codes(answer))) == (400, wrong), body


async def test_a_provider_s_template_is_sent_filled_and_not_when_it_is_paused(
    api: httpx.AsyncClient, engine_context: Context, workspace_id: int
) -> None:
    path = (await api.post("/v1/templates", json=WHATSAPP)).headers["location"]
    await api.post(path + "/publish")
    async with engine_context.db.transaction() as tx:
        made = await templates.content_for(
            tx, workspace_id=workspace_id, wanted="approved",
            fields={"first_name": "{{ 7 | times: 7 }}"}, values={},
        )  # fmt: skip
        assert made == content.Template(
            name="hello_1", language="en_US", variables={"1": "{{ 7 | times: 7 }}"},
            header=content.Media(kind="image", link="https://example.com/a.png"),
            text="Hello {{ 7 | times: 7 }}.",
        )  # fmt: skip
        assert await store.set_provider(
            tx, workspace_id=workspace_id, provider_name="hello_1", language="en_US",
            status="paused", reason="low quality", ref="1", now=NOW,
        )  # fmt: skip
    shown = (await api.get(path)).json()
    assert (shown["providerStatus"], shown["providerReason"]) == ("paused", "low quality")
