"""Flows through the API: drafts, versions, and every way to be refused."""

from __future__ import annotations

import copy
from typing import Any

import httpx

from campana.web.flow_examples import DEFINITION


async def made(api: httpx.AsyncClient, **changes: object) -> dict[str, Any]:
    definition = copy.deepcopy(DEFINITION) | changes
    answer = await api.post("/v1/flows", json={"definition": definition})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_draft_is_shown_as_it_was_written(api: httpx.AsyncClient) -> None:
    flow = await made(api)
    assert flow == {
        "id": flow["id"],
        "name": "Feedback",
        "revision": 1,
        "publishedVersion": None,
        "definition": DEFINITION,
        "createdAt": "2026-03-10T15:00:00Z",
        "updatedAt": "2026-03-10T15:00:00Z",
    }
    assert (await api.get(f"/v1/flows/{flow['id']}")).json() == flow
    del flow["definition"]
    listed = (await api.get("/v1/flows")).json()
    assert listed == {"data": [flow], "page": 1, "pageSize": 25, "totalCount": 1}


async def test_a_draft_changes_only_under_the_revision_that_was_seen(
    api: httpx.AsyncClient,
) -> None:
    flow = await made(api)
    url = f"/v1/flows/{flow['id']}"
    seen = (await api.get(url)).headers["etag"]
    change = {"definition": {"nodes": {"ask": {"text": "Well?"}}}}
    assert (await api.patch(url, json=change)).status_code == 428
    changed = await api.patch(url, json=change, headers={"if-match": seen})
    assert changed.status_code == 200
    assert changed.json()["definition"]["nodes"]["ask"]["text"] == "Well?"
    assert changed.json()["revision"] == 2
    assert (await api.patch(url, json=change, headers={"if-match": seen})).status_code == 412


async def test_a_version_stays_as_it_was_published(api: httpx.AsyncClient) -> None:
    flow = await made(api)
    url = f"/v1/flows/{flow['id']}"
    first = await api.post(f"{url}/publish")
    assert first.status_code == 201
    assert first.json()["number"] == 1
    # Unchanged, it is the version it was.
    assert (await api.post(f"{url}/publish")).json() == first.json()
    change = {"definition": {"nodes": {"ask": {"text": "Well?"}}}}
    await api.patch(url, json=change, headers={"if-match": "*"})
    assert (await api.post(f"{url}/publish")).json()["number"] == 2
    assert (await api.get(f"{url}/versions/1")).json() == first.json()
    listed = (await api.get(f"{url}/versions")).json()
    assert [each["number"] for each in listed["data"]] == [2, 1]
    assert (await api.get(f"{url}/versions/3")).status_code == 404
    assert (await api.delete(url)).status_code == 409


async def test_what_cannot_be_run_is_kept_but_not_published(api: httpx.AsyncClient) -> None:
    flow = await made(api, nodes={"begin": {"type": "start", "next": "nowhere"}})
    answer = await api.post(f"/v1/flows/{flow['id']}/publish")
    assert answer.status_code == 400
    assert "/nodes/begin/next" in [each["pointer"] for each in answer.json()["errors"]]
    assert (await api.delete(f"/v1/flows/{flow['id']}")).status_code == 204
    assert (await api.get(f"/v1/flows/{flow['id']}")).status_code == 404


async def test_a_name_is_taken_once(api: httpx.AsyncClient) -> None:
    await made(api)
    again = await api.post("/v1/flows", json={"definition": DEFINITION})
    assert again.status_code == 409
    nameless = await api.post("/v1/flows", json={"definition": {"nodes": {}}})
    assert nameless.status_code == 400
    assert [each["pointer"] for each in nameless.json()["errors"]] == ["/definition/name"]
