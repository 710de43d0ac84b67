"""`Idempotency-Key`: done once, answered alike, and freed only when the failure was ours."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from campana.domain.errors import RateLimited, Unavailable
from campana.services import campaigns
from campana.services.context import Context
from campana.store import accounts
from campana.web.app import create_app
from tests.web.conftest import Knock
from tests.web.described import DOCUMENT, OPERATIONS
from tests.web.rows import IMPORT_FILE, add_campaign, codes

DRAFT: dict[str, Any] = {"name": "N", "type": "VoiceBot", "channelType": "Voice"}
KEY = {"idempotency-key": "order-1"}


async def count(api: httpx.AsyncClient) -> int:
    return int((await api.get("/v1/campaigns")).json()["totalCount"])


async def test_a_repeat_is_answered_alike_and_done_once(api: httpx.AsyncClient) -> None:
    first = await api.post("/v1/campaigns", json=DRAFT, headers=KEY)
    repeat = await api.post("/v1/campaigns", json=DRAFT, headers=KEY)
    assert first.status_code == repeat.status_code == 201
    assert first.content == repeat.content
    for name in ("location", "etag", "content-type"):
        assert first.headers[name] == repeat.headers[name]
    assert "idempotency-replayed" not in first.headers
    assert repeat.headers["idempotency-replayed"] == "true"
    assert await count(api) == 1


async def test_another_process_remembers_too(
    api: httpx.AsyncClient, knock: Knock, context: Context
) -> None:
    there = await knock(at=create_app(context))
    first = await api.post("/v1/campaigns", json=DRAFT, headers=KEY)
    assert (await there.post("/v1/campaigns", json=DRAFT, headers=KEY)).content == first.content
    assert await count(api) == 1


async def test_another_body_under_the_key_is_refused(api: httpx.AsyncClient) -> None:
    await api.post("/v1/campaigns", json=DRAFT, headers=KEY)
    other = await api.post("/v1/campaigns", json=DRAFT | {"name": "M"}, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert await count(api) == 1


async def test_without_a_key_each_request_is_done(api: httpx.AsyncClient) -> None:
    for _ in range(2):
        assert (await api.post("/v1/campaigns", json=DRAFT)).status_code == 201
    assert await count(api) == 2


async def test_a_key_belongs_to_its_workspace_and_address(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    await api.post("/v1/campaigns", json=DRAFT, headers=KEY)
    theirs = await stranger.post("/v1/campaigns", json=DRAFT | {"name": "M"}, headers=KEY)
    assert theirs.status_code == 201
    for _ in range(2):
        campaign = await add_campaign(context, workspace_id=workspace_id)
        cancelled = await api.post(f"/v1/campaigns/{campaign.id}/cancel", headers=KEY)
        assert cancelled.json()["id"] == campaign.id


async def test_two_at_once_are_done_once(api: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(api.post("/v1/campaigns", json=DRAFT, headers=KEY) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in made}) == 1
    assert await count(api) == 1


async def test_while_the_first_is_in_progress_a_repeat_is_a_conflict(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    create = campaigns.create

    async def slow(*args: Any, **kwargs: Any) -> Any:
        begun.set()
        await go_on.wait()
        return await create(*args, **kwargs)

    monkeypatch.setattr(campaigns, "create", slow)
    first = asyncio.create_task(api.post("/v1/campaigns", json=DRAFT, headers=KEY))
    await begun.wait()
    repeat = await api.post("/v1/campaigns", json=DRAFT, headers=KEY)
    assert (repeat.status_code, repeat.json()["code"]) == (409, "conflict")
    go_on.set()
    assert (await first).status_code == 201
    assert (await api.post("/v1/campaigns", json=DRAFT, headers=KEY)).status_code == 201
    assert await count(api) == 1


async def test_a_refusal_is_remembered(api: httpx.AsyncClient) -> None:
    first = await api.post("/v1/campaigns", json={}, headers=KEY)
    repeat = await api.post("/v1/campaigns", json={}, headers=KEY)
    assert first.status_code == repeat.status_code == 400
    assert first.content == repeat.content
    assert repeat.headers["content-type"] == "application/problem+json"
    assert repeat.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("error", [RuntimeError("ours"), Unavailable(), RateLimited()], ids=repr)
async def test_our_own_failure_frees_the_key(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(campaigns, "create", fails)
        answer = await api.post("/v1/campaigns", json=DRAFT, headers=KEY)
        assert answer.status_code in {429, 500, 503}
    assert (await api.post("/v1/campaigns", json=DRAFT, headers=KEY)).status_code == 201


async def test_a_request_cut_off_keeps_its_key_for_it_may_have_been_done(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def never_ends(*_: object, **__: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(campaigns, "create", never_ends)
        cut = asyncio.create_task(api.post("/v1/campaigns", json=DRAFT, headers=KEY))
        await begun.wait()
        cut.cancel()
        await asyncio.wait([cut])
    repeat = await api.post("/v1/campaigns", json=DRAFT, headers=KEY)
    assert (repeat.status_code, repeat.json()["code"]) == (409, "conflict")


async def test_a_key_must_be_a_short_visible_word(api: httpx.AsyncClient) -> None:
    for key in ("", " ", "two words", "k" * 256, "tab\there", "caf\xe9"):
        answer = await api.post(
            "/v1/campaigns", json=DRAFT, headers={b"idempotency-key": key.encode("latin-1")}
        )
        assert answer.status_code == 400, key
        assert codes(answer).keys() == {"Idempotency-Key"}
    assert await count(api) == 0


async def test_a_file_sent_again_is_the_same_whatever_its_boundary(
    api: httpx.AsyncClient,
) -> None:
    made = await api.post("/v1/contact-lists", json={"name": "People", "defaultCountry": "US"})
    url = f"{made.headers['location']}/imports"
    first, repeat, other, fields = [
        await api.post(url, files={"file": file}, data=data, headers=KEY)
        for file, data in (
            (IMPORT_FILE["file"], {}),
            (IMPORT_FILE["file"], {}),
            (("people.csv", b"phone\n+12025550143\n", "text/csv"), {}),
            (IMPORT_FILE["file"], {"duplicates": "update"}),
        )
    ]
    assert first.request.headers["content-type"] != repeat.request.headers["content-type"]
    assert first.status_code == 202
    assert repeat.content == first.content
    assert {other.status_code, fields.status_code} == {422}


async def test_keys_are_forgotten_after_a_day(
    api: httpx.AsyncClient, engine_context: Context
) -> None:
    await api.post("/v1/campaigns", json=DRAFT, headers=KEY)
    async with engine_context.db.transaction() as tx:
        await accounts.forget_old_requests(tx, before=engine_context.clock.now())
    assert await count(api) == 1
    async with engine_context.db.read() as tx:
        row = await (await tx.execute("select count(*) from idempotency_keys")).fetchone()
    assert row == (1,)


def test_every_post_that_creates_or_acts_takes_a_key() -> None:
    posts = {each.id for each in OPERATIONS if each.method == "POST"}
    taking = {
        operation["operationId"]
        for methods in DOCUMENT["paths"].values()
        for operation in methods.values()
        if {"$ref": "#/components/parameters/Idempotency-Key"} in operation["parameters"]
    }
    # Asking changes nothing; who unsubscribes twice has unsubscribed, and mail sends no key.
    asking = {
        "campaigns.preflight",
        "channels.test",
        "contactLists.imports.preview",
        "contactLists.preview",
        "flows.simulate",
        "flows.validate",
        "suppressions.check",
        "templates.preview",
        "unsubscribe.press",
        "voicebots.validate",
    }
    assert posts - taking == asking
