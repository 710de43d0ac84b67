"""Tags of many people over HTTP."""

from __future__ import annotations

import httpx

from campana.services.context import Context
from tests.support.campaign import ANA, BRUNO, CARLA, add_list, person
from tests.web.rows import codes


async def test_people_are_marked_and_unmarked(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    people = [person(ANA, external_id="A"), person(BRUNO, external_id="B"), person(CARLA)]
    list_id = await add_list(context, workspace_id=workspace_id, people=people)
    url = f"/v1/contact-lists/{list_id}/contacts"
    ids = [each["id"] for each in (await api.get(url)).json()["data"]]
    asked = {"contacts": [ids[0], "ctc_99"], "externalIds": ["B", "Z"], "add": ["vip", "é"]}
    marked = await api.post(f"{url}:tag", json=asked)
    assert marked.json() == {
        "results": [
            {"contactId": ids[0], "externalId": None, "result": "changed"},
            {"contactId": None, "externalId": None, "result": "not_found"},
            {"contactId": ids[1], "externalId": "B", "result": "changed"},
            {"contactId": None, "externalId": "Z", "result": "not_found"},
        ],
        "changed": 2,
    }
    again = await api.post(f"{url}:tag", json={**asked, "contacts": [ids[0]], "remove": ["x"]})
    assert [each["result"] for each in again.json()["results"]] == [
        "unchanged", "unchanged", "not_found",
    ]  # fmt: skip
    await api.post(f"{url}:tag", json={"externalIds": ["B"], "add": ["a"], "remove": ["é"]})
    shown = (await api.get(url)).json()["data"]
    assert [each["tags"] for each in shown] == [["vip", "é"], ["a", "vip"], []]
    many = {"externalIds": ["B"], "add": [f"t{n}" for n in range(49)]}
    assert (await api.post(f"{url}:tag", json=many)).json()["results"][0]["result"] == "too_many"


async def test_what_is_wrong_is_named(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    list_id = await add_list(context, workspace_id=workspace_id, people=[person(ANA)])
    url = f"/v1/contact-lists/{list_id}/contacts:tag"
    for body, wrong in (
        ({"add": ["a"]}, {"/contacts"}),
        ({"contacts": ["ctc_1"]}, {"/add"}),
        ({"contacts": ["x"], "add": ["a"]}, {"/contacts/0"}),
        ({"contacts": ["ctc_1"], "add": ["a,b", " a", "a" * 61, ""]},
         {"/add/0", "/add/1", "/add/2", "/add/3"}),
        ({"contacts": ["ctc_1"], "add": ["a"], "remove": ["b", "a"]}, {"/remove/1"}),
        ({"externalIds": ["x"] * 1001, "add": ["a"]}, {"/externalIds"}),
    ):  # fmt: skip
        answer = await api.post(url, json=body)
        assert (answer.status_code, set(codes(answer))) == (400, wrong), body
    body = {"contacts": ["ctc_1"], "add": ["a"]}
    assert (await stranger.post(url, json=body)).status_code == 404
    made = await api.post("/v1/contact-lists", json={"name": "S", "segment": {"where": "true"}})
    refused = await api.post(f"/v1/contact-lists/{made.json()['id']}/contacts:tag", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
