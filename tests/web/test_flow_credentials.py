"""Credentials of webhooks: sealed, listed without their secrets, forgotten."""

from __future__ import annotations

import httpx

from campana.services.context import Context
from tests.support.telling import rows


async def test_a_secret_is_kept_sealed_and_never_shown(
    api: httpx.AsyncClient, engine_context: Context
) -> None:
    document = {"name": "crm", "kind": "bearer", "token": "very-secret"}
    made = await api.post("/v1/flow-credentials", json=document)
    assert made.status_code == 201
    assert "very-secret" not in made.text
    assert (await api.get("/v1/flow-credentials")).json() == {"data": [made.json()]}
    [[sealed]] = await rows(engine_context, "select sealed from flow_credentials")
    assert "very-secret" not in sealed
    assert (await api.post("/v1/flow-credentials", json=document)).status_code == 409
    url = f"/v1/flow-credentials/{made.json()['id']}"
    assert (await api.delete(url)).status_code == 204
    assert (await api.delete(url)).status_code == 404


async def test_each_kind_has_its_fields(api: httpx.AsyncClient) -> None:
    answer = await api.post(
        "/v1/flow-credentials", json={"name": "crm", "kind": "basic", "user": "me", "token": "t"}
    )
    assert answer.status_code == 400
    assert {each["pointer"] for each in answer.json()["errors"]} == {"/password", "/token"}


async def test_another_takes_its_place_under_the_same_id(
    api: httpx.AsyncClient, engine_context: Context
) -> None:
    document = {"name": "crm", "kind": "bearer", "token": "very-secret"}
    made = (await api.post("/v1/flow-credentials", json=document)).json()
    await api.post("/v1/flow-credentials", json=document | {"name": "shop"})
    url = f"/v1/flow-credentials/{made['id']}"
    [[before]] = await rows(engine_context, "select sealed from flow_credentials where name='crm'")
    replaced = await api.put(url, json=document | {"token": "another"})
    assert replaced.status_code == 200
    assert replaced.json()["id"] == made["id"]
    [[after]] = await rows(engine_context, "select sealed from flow_credentials where name='crm'")
    assert after != before
    taken = await api.put(url, json=document | {"name": "shop"})
    assert taken.status_code == 409
    assert len((await api.get("/v1/flow-credentials")).json()["data"]) == 2
    assert (await api.put("/v1/flow-credentials/cred_0", json=document)).status_code == 404
