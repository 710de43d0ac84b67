"""Taking an import back over the API: asked for, done by a worker, told to the last person."""

from __future__ import annotations

import httpx

from campana.services import imports
from campana.services.context import Context
from tests.support.people import ANA, BRUNO, CARLA, csv_of
from tests.web.rows import codes


async def imported(api: httpx.AsyncClient, engine: Context, url: str, *rows: list[str]) -> str:
    """Where an import that updates whom it meets is, once it is done."""
    content = csv_of(["phone", "id", "first_name"], rows)
    taken = await api.post(
        f"{url}/imports", files={"file": ("p.csv", content)}, data={"duplicates": "update"}
    )
    assert taken.status_code == 202, taken.text
    await imports.run(engine, import_id=taken.json()["id"])
    return taken.headers["location"]


async def test_an_import_is_undone_and_says_whom_it_kept(
    api: httpx.AsyncClient, engine_context: Context
) -> None:
    url = (await api.post("/v1/contact-lists", json={"name": "People"})).headers["location"]
    await imported(api, engine_context, url, [ANA, "a", "Ana"])
    second = await imported(
        api, engine_context, url, [ANA, "a", "Anna"], [BRUNO, "b", "Bruno"], [CARLA, "c", "Carla"]
    )
    assert (await api.get(second)).json()["undone"] is None
    await api.post(f"{url}/contacts", json={"contacts": [{"externalId": "b", "phones": [CARLA]}]})
    later = {"contacts": [{"externalId": "b", "phones": [BRUNO], "firstName": "B."}]}
    assert (await api.post(f"{url}/contacts", json=later)).json()["rows"]["updated"] == 1

    asked = await api.post(f"{second}/undo")
    assert (asked.status_code, asked.json()["state"]) == (202, "undoing")
    assert asked.headers["location"] == second
    await imports.run(engine_context, import_id=asked.json()["id"])
    undone = (await api.get(second)).json()
    assert (undone["state"], undone["undone"]) == (
        "undone",
        {"removed": 1, "restored": 1, "kept": 1},
    )
    first = (await api.get(f"{second}/kept", params={"limit": 1})).json()
    assert first["nextCursor"] is None
    [bruno] = first["data"]
    assert (bruno["externalId"], bruno["address"], bruno["reason"]) == (
        "b", BRUNO, "changed_since",
    )  # fmt: skip
    people = (await api.get(f"{url}/contacts")).json()["data"]
    assert [each["firstName"] for each in people] == ["Ana", "B."]


async def test_what_cannot_be_undone_is_refused(
    api: httpx.AsyncClient, engine_context: Context
) -> None:
    url = (await api.post("/v1/contact-lists", json={"name": "People"})).headers["location"]
    found = await imported(api, engine_context, url, [ANA, "a", "Ana"])
    assert (await api.post(f"{found}/undo", json={"all": True})).status_code == 400
    key = {"Idempotency-Key": "once"}
    asked = await api.post(f"{found}/undo", headers=key)
    again = await api.post(f"{found}/undo", headers=key)
    assert (asked.status_code, again.status_code) == (202, 202)
    refused = await api.post(f"{found}/undo")
    assert (refused.status_code, refused.json()["code"]) == (409, "invalid_transition")
    for address in ("/v1/imports/imp_none/undo",):
        assert (await api.post(address)).status_code == 404
    assert (await api.get("/v1/imports/imp_none/kept")).status_code == 404
    assert codes(await api.get(f"{found}/kept", params={"cursor": "x"})).keys() == {"cursor"}
