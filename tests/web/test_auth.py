"""Keys and scopes: every way to be refused, on every operation that asks for a key."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest

from campana.domain.errors import Unauthenticated
from campana.services.accounts import SCOPES, create_key, revoke_key
from campana.services.context import Context
from campana.web.app import create_app
from campana.web.auth import Keys, key_of
from tests.support.database import FixedClock
from tests.web.conftest import Knock
from tests.web.described import PROTECTED


def refused(answer: httpx.Response) -> bool:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    return (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_every_operation_needs_a_key(anonymous: httpx.AsyncClient) -> None:
    for operation in PROTECTED:
        assert refused(await anonymous.request(operation.method, operation.url())), operation


async def test_every_operation_needs_its_scope_and_names_it(knock: Knock) -> None:
    without = {scope: await knock(scopes=SCOPES.keys() - {scope}) for scope in SCOPES}
    for operation in PROTECTED:
        answer = await without[operation.scope].request(operation.method, operation.url())
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (403, "insufficient_scope"), operation
        assert operation.scope in problem["detail"], operation


async def test_its_scope_alone_is_enough(knock: Knock) -> None:
    only = {scope: await knock(scopes=[scope]) for scope in SCOPES}
    for operation in PROTECTED:
        answer = await only[operation.scope].request(operation.method, operation.url())
        assert answer.status_code not in {401, 403}, operation


async def test_what_is_no_key_is_refused(anonymous: httpx.AsyncClient) -> None:
    for headers in [
        {}, {"authorization": "Bearer ck_unknown"}, {"authorization": "Bearer "},
        {"authorization": "Bearer"}, {"authorization": "Basic Y2s6Y2s="}, {"x-api-key": ""},
        {"x-api-key": "ck_unknown"}, {"authorization": "ck_unknown"},
        {"authorization": "Bearer " + "k" * 5000}, {"x-api-key": "ck_\xe9"},
    ]:  # fmt: skip
        latin = {name: value.encode("latin-1") for name, value in headers.items()}
        assert refused(await anonymous.get("/v1/campaigns", headers=latin)), headers


async def test_a_key_is_taken_from_either_header(
    anonymous: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    key = await create_key(context, workspace_id=workspace_id, name="k", scopes=["campaigns:read"])
    for name, form in (
        ("authorization", "Bearer {}"),
        ("authorization", "bearer {}"),
        ("x-api-key", "{}"),
    ):
        headers = {name: form.format(key.text)}
        assert (await anonymous.get("/v1/campaigns", headers=headers)).status_code == 200, form


async def test_two_different_keys_are_as_good_as_none() -> None:
    assert key_of([(b"x-api-key", b"a"), (b"authorization", b"Bearer b")]) is None
    assert key_of([(b"x-api-key", b"a"), (b"authorization", b"Bearer a")]) == "a"


async def test_an_expired_key_is_refused_from_that_instant(knock: Knock, clock: FixedClock) -> None:
    client = await knock(expires_at=clock.now() + timedelta(seconds=60))
    clock.forward(seconds=59)
    assert (await client.get("/v1/campaigns")).status_code == 200
    clock.forward(seconds=1)
    assert refused(await client.get("/v1/campaigns"))


async def test_a_revoked_key_is_refused_at_once_in_every_process(
    context: Context, workspace_id: int, knock: Knock
) -> None:
    key = await create_key(context, workspace_id=workspace_id, name="k", scopes=["campaigns:read"])
    headers = {"authorization": f"Bearer {key.text}"}
    here = await knock()
    there = await knock(at=create_app(context))
    for client in (here, there):
        assert (await client.get("/v1/campaigns", headers=headers)).status_code == 200
    await revoke_key(context, workspace_id=workspace_id, key_id=key.id)
    for client in (here, there):
        assert refused(await client.get("/v1/campaigns", headers=headers))


async def test_requests_at_once_share_questions_asked_after_they_came(
    context: Context, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await create_key(context, workspace_id=workspace_id, name="k", scopes=["campaigns:read"])
    asked: list[str] = []
    is_asked = asyncio.Event()
    glance = context.db.glance

    def counted() -> object:
        asked.append("once")
        is_asked.set()
        return glance()

    monkeypatch.setattr(context.db, "glance", counted)
    keys = Keys(context)
    first = asyncio.create_task(keys.holder(key.text))
    await is_asked.wait()
    # The first question is out: these sixty may not be answered by it, and share the next.
    others = [asyncio.create_task(keys.holder(key.text)) for _ in range(60)]
    holders = await asyncio.gather(first, *others)
    assert {holder.key_id for holder in holders} == {key.id}
    assert len(asked) == 2


async def test_a_client_that_goes_away_takes_nothing_from_the_others(
    context: Context, workspace_id: int
) -> None:
    key = await create_key(context, workspace_id=workspace_id, name="k", scopes=["campaigns:read"])
    keys = Keys(context)
    leaving, staying = (asyncio.create_task(keys.holder(key.text)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).key_id == key.id
    with pytest.raises(Unauthenticated):
        await keys.holder("ck_unknown")
