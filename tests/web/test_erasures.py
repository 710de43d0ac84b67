"""Erasing a person over HTTP: asked for once, followed to its end."""

from __future__ import annotations

import httpx

from campana.services import erasures
from campana.services.context import Context
from tests.support.campaign import ANA, BRUNO, launched, person
from tests.web.rows import codes


async def test_a_person_is_erased_and_the_erasure_can_be_followed(
    api: httpx.AsyncClient, engine_context: Context, context: Context, workspace_id: int
) -> None:
    await launched(
        engine_context, context, workspace_id=workspace_id, people=[person(ANA), person(BRUNO)]
    )
    [found] = (await api.get("/v1/contacts", params={"address": ANA})).json()["data"]
    path = f"/v1/contacts/{found['id']}"
    for body in ({}, {"reason": ""}, {"reason": "x" * 501}):
        assert codes(await api.post(f"{path}/erase", json=body)).keys() == {"/reason"}
    reason = {"reason": "Ana asked for it on the phone"}
    asked = await api.post(f"{path}/erase", json=reason, headers={"idempotency-key": "k"})
    assert asked.status_code == 202
    erasure = asked.json()
    assert erasure == {
        "id": erasure["id"],
        "contactIds": [found["id"]],
        "state": "erasing",
        "reason": "… asked for it on the phone",
        "requestedBy": erasure["requestedBy"],
        "requestedAt": "2026-03-10T15:00:00Z",
        "doneAt": None,
        "waitsFor": None,
    }
    # From now on nobody finds them, and the number is suppressed.
    for gone in (path, f"{path}/history", f"{path}/export"):
        assert (await api.get(gone)).status_code == 404
    assert (await api.get("/v1/contacts", params={"address": ANA})).json()["data"] == []
    checked = await api.post("/v1/suppressions:check", json={"addresses": [ANA]})
    [suppression] = checked.json()["data"][0]["suppressions"]
    assert (suppression["source"], suppression["scope"]) == ("erasure", "workspace")
    # It is no suppression that could be lifted.
    lifted = await api.delete(f"/v1/suppressions/{suppression['id']}", params={"reason": "x"})
    assert lifted.status_code == 404
    await erasures.run(engine_context, erasure_id=erasure["id"])
    done = (await api.get(asked.headers["location"])).json()
    assert (done["state"], done["doneAt"]) == ("done", "2026-03-10T15:00:00Z")
    assert (await api.get("/v1/erasures")).json() == {"data": [done], "nextCursor": None}
    again = await api.post(f"{path}/erase", json=reason)
    assert again.json() == done
    repeat = await api.post(f"{path}/erase", json=reason, headers={"idempotency-key": "k"})
    assert repeat.headers["idempotency-replayed"] == "true"


async def test_nobody_is_erased_twice_over_in_pages(
    api: httpx.AsyncClient, engine_context: Context, context: Context, workspace_id: int
) -> None:
    await launched(engine_context, context, workspace_id=workspace_id)
    people = (await api.get("/v1/contacts")).json()["data"]
    for each in people:
        await api.post(f"/v1/contacts/{each['id']}/erase", json={"reason": "asked"})
    first = (await api.get("/v1/erasures", params={"limit": 2})).json()
    rest = (
        await api.get("/v1/erasures", params={"limit": 2, "cursor": first["nextCursor"]})
    ).json()
    found = [contact for each in first["data"] + rest["data"] for contact in each["contactIds"]]
    assert sorted(found) == sorted(each["id"] for each in people)
