"""Fetching what the provider says of its templates, over HTTP."""

from __future__ import annotations

from typing import Any

import httpx

from campana.jobs.app import build
from campana.services import template_sync
from campana.services.context import Context
from tests.carriers.meta import CONTRACT, TOKEN, judge
from tests.support.http_peer import HTML, Peer, serving

OURS: dict[str, Any] = {
    "name": "approved",
    "channelType": "WhatsApp",
    "content": {
        "text": "Hello {{ contact.first_name }}.",
        "provider": {
            "name": "hello_1",
            "language": "en_US",
            "variables": {"1": "{{ contact.first_name }}"},
        },
    },
}


async def test_what_the_provider_says_is_kept_beside_ours_and_shown(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    ours = await api.post("/v1/templates", json=OURS)
    assert ours.status_code == 201, ours.text
    async with serving(Peer(judge=judge)) as peer:
        config = {**CONTRACT.config, "url": peer.url}
        raw = {"name": "number", "kind": "whatsapp_cloud", "config": config}
        channel = (await api.post("/v1/channels", json=raw)).json()
        place = f"/v1/channels/{channel['id']}/sync"
        answer = await api.post(place)
        assert answer.status_code == 200, answer.text
        told = answer.json()["data"]
        assert [(each["name"], each["status"], each["reason"]) for each in told] == [
            ("hello_0", "rejected", "INVALID_FORMAT"),
            ("hello_1", "approved", None),
            ("hello_2", "approved", None),
        ]
        assert [each["templates"] for each in told] == [[], [ours.json()["id"]], []]
        assert (await stranger.post(place)).status_code == 404
        peer.answer = HTML
        refused = await api.post(place)
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert TOKEN not in refused.text + answer.text
    shown = (await api.get(ours.headers["location"])).json()
    assert "approved" in str(shown)


async def test_a_provider_without_templates_is_not_asked(api: httpx.AsyncClient) -> None:
    config = {"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"}
    raw = {"name": "trial", "kind": "sandbox", "channelType": "SMS", "config": config}
    channel = (await api.post("/v1/channels", json=raw)).json()
    refused = await api.post(f"/v1/channels/{channel['id']}/sync")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert (await api.post("/v1/channels/chan_none/sync")).status_code == 404


async def test_the_job_asks_every_provider_and_goes_on_after_one_that_is_silent(
    api: httpx.AsyncClient, engine_context: Context
) -> None:
    ours = await api.post("/v1/templates", json=OURS)
    async with serving(Peer(judge=judge)) as silent, serving(Peer(judge=judge)) as peer:
        for name, url in (("a silent number", silent.url), ("number", peer.url)):
            raw = {
                "name": name,
                "kind": "whatsapp_cloud",
                "config": {**CONTRACT.config, "url": url},
            }
            assert (await api.post("/v1/channels", json=raw)).status_code == 201
        silent.answer = HTML
        assert await template_sync.sync_all(engine_context) == 1
    shown = (await api.get(ours.headers["location"])).json()
    assert "approved" in str(shown)
    tasks = build(engine_context).tasks
    assert any(name.endswith("sync_templates") for name in tasks)
