"""Webhooks through the API: made, shown, changed, rotated, deleted, and every way to be refused."""

from __future__ import annotations

import base64

import httpx
import pytest

from campana.domain.reach import REFUSAL
from campana.services import webhooks
from campana.services.context import Context
from tests.support.telling import rows
from tests.web.rows import codes

URL = "https://public.example.com/hook"


async def made(api: httpx.AsyncClient, **document: object) -> dict[str, object]:
    answer = await api.post("/v1/webhooks", json={"url": URL, **document})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_its_secret_is_shown_once(api: httpx.AsyncClient) -> None:
    answer = await api.post(
        "/v1/webhooks",
        json={"url": URL, "description": "Mine", "eventTypes": ["target.finished"]},
    )
    assert answer.status_code == 201
    webhook = answer.json()
    secret = webhook.pop("secret")
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert webhook == {
        "id": webhook["id"],
        "url": URL,
        "description": "Mine",
        "eventTypes": ["target.finished"],
        "enabled": True,
        "disabledReason": None,
        "failingSince": None,
        "missed": 0,
        "createdAt": "2026-03-10T15:00:00Z",
        "updatedAt": "2026-03-10T15:00:00Z",
    }
    assert answer.headers["location"] == f"/v1/webhooks/{webhook['id']}"
    assert (await api.get(answer.headers["location"])).json() == webhook
    listed = (await api.get("/v1/webhooks")).json()
    assert listed == {"data": [webhook], "page": 1, "pageSize": 25, "totalCount": 1}


async def test_a_repeated_request_shows_the_same_secret_and_keeps_it_sealed(
    api: httpx.AsyncClient, engine_context: Context
) -> None:
    headers = {"idempotency-key": "once"}
    first = await api.post("/v1/webhooks", json={"url": URL}, headers=headers)
    again = await api.post("/v1/webhooks", json={"url": URL}, headers=headers)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    assert (await api.get("/v1/webhooks")).json()["totalCount"] == 1
    [[kept]] = await rows(engine_context, "select body from idempotency_keys")
    assert b"whsec_" not in bytes(kept)
    assert first.json()["id"].encode() not in bytes(kept)


@pytest.mark.parametrize(
    "url",
    [
        "http://public.example.com/", "https://10.0.0.1/", "https://127.1/", "https://localhost/",
        "https://[fe80::1]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/",
        "https://2130706433/", "https://0x7f.1/", "https://ana:b@public.example.com/",
        "https://169.254.169.254/latest/meta-data/", "https://unknown.example.com/", "nonsense",
        "https://public.example.com./", "ftp://public.example.com/", "https://192.168.0.1/",
    ],
)  # fmt: skip
async def test_where_it_may_not_go_is_refused_with_one_sentence(
    api: httpx.AsyncClient, url: str
) -> None:
    assert codes(await api.post("/v1/webhooks", json={"url": url})) == {"/url": REFUSAL}
    webhook = await made(api)
    changed = await api.patch(f"/v1/webhooks/{webhook['id']}", json={"url": url})
    assert codes(changed) == {"/url": REFUSAL}
    assert (await api.get("/v1/webhooks")).json()["data"][0]["url"] == URL


async def test_everything_wrong_is_said_at_once(api: httpx.AsyncClient) -> None:
    answer = await api.post(
        "/v1/webhooks",
        json={"url": 7, "eventTypes": ["target.finished", "nonsense"], "enabled": "yes", "x": 1},
    )
    assert set(codes(answer)) == {"/url", "/eventTypes/1", "/enabled", "/x"}
    assert "target.finished" in codes(answer)["/eventTypes/1"]
    assert codes(await api.post("/v1/webhooks", json={})) == {"/url": "is required"}


async def test_it_is_changed_and_switched_off_and_on(api: httpx.AsyncClient) -> None:
    webhook = await made(api, description="Mine")
    path = f"/v1/webhooks/{webhook['id']}"
    changed = (await api.patch(path, json={"description": None, "enabled": False})).json()
    assert (changed["description"], changed["enabled"]) == (None, False)
    assert changed["disabledReason"] == "switched off"
    assert "secret" not in changed
    assert changed["url"] == URL
    on = (await api.patch(path, json={"enabled": True, "eventTypes": ["import.done"]})).json()
    assert (on["enabled"], on["disabledReason"]) == (True, None)
    assert on["eventTypes"] == ["import.done"]
    assert codes(await api.patch(path, json={"secret": "mine"})) == {
        "/secret": "is not a known field"
    }


async def test_rotating_shows_the_new_secret_once(
    api: httpx.AsyncClient, engine_context: Context
) -> None:
    webhook = await made(api)
    path = f"/v1/webhooks/{webhook['id']}/rotate"
    rotated = (await api.post(path, json={"overlapSeconds": 60})).json()
    assert rotated["secret"] not in ("", webhook["secret"])
    assert rotated["id"] == webhook["id"]
    found = await rows(
        engine_context,
        "select extract(epoch from expires_at - created_at) from webhook_secrets order by id",
    )
    assert [row[0] for row in found] == [60, None]
    assert codes(await api.post(path, json={"overlapSeconds": -1})) == {
        "/overlapSeconds": "must be at least 0"
    }
    # At once: the old one is gone with the next.
    await api.post(path, json={"overlapSeconds": 0})
    await api.post(path, json={})
    assert await rows(engine_context, "select count(*) from webhook_secrets") == [(2,)]


async def test_so_many_secrets_sign_at_once_and_no_more(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST_SECRETS", 3)
    path = f"/v1/webhooks/{(await made(api))['id']}/rotate"
    for _ in range(2):
        assert (await api.post(path, json={})).status_code == 200
    refused = await api.post(path, json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert "overlapSeconds of 0" in refused.json()["detail"]
    assert (await api.post(path, json={"overlapSeconds": 0})).status_code == 200


async def test_it_is_deleted_with_all_that_belongs_to_it(
    api: httpx.AsyncClient, engine_context: Context
) -> None:
    webhook = await made(api)
    path = f"/v1/webhooks/{webhook['id']}"
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404
    assert (await api.delete(path)).status_code == 404
    assert await rows(engine_context, "select count(*) from webhook_secrets") == [(0,)]


async def test_a_workspace_has_so_many_and_no_more(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST", 2)
    await made(api)
    await made(api)
    answer = await api.post("/v1/webhooks", json={"url": URL})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    await made(stranger)
