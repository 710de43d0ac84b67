"""Contact lists and the people in them over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from campana.services.context import Context
from tests.support.campaign import ANA, BRUNO, CARLA, add_list, person
from tests.support.database import FixedClock
from tests.web.rows import codes


async def make(api: httpx.AsyncClient, name: str, **fields: Any) -> httpx.Response:
    return await api.post("/v1/contact-lists", json={"name": name, **fields})


async def test_a_list_is_made_shown_changed_and_deleted(api: httpx.AsyncClient) -> None:
    made = await make(api, "Patients", defaultCountry="US")
    assert made.status_code == 201
    assert made.json() == {
        "id": made.json()["id"], "name": "Patients", "defaultCountry": "US", "contactCount": 0,
        "segment": None, "mapping": {}, "types": {}, "createdAt": "2026-03-10T15:00:00Z",
    }  # fmt: skip
    url = made.headers["location"]
    shown = await api.get(url)
    assert (shown.json(), shown.headers["etag"]) == (made.json(), made.headers["etag"])
    changed = await api.patch(url, json={"name": "People", "defaultCountry": None})
    assert changed.json() == made.json() | {"name": "People", "defaultCountry": None}
    assert (await api.delete(url)).status_code == 204
    assert (await api.get(url)).status_code == 404


async def test_lists_come_newest_first_by_page(api: httpx.AsyncClient, clock: FixedClock) -> None:
    for number in range(3):
        await make(api, f"List {number}")
        clock.moment += timedelta(minutes=1)
    first, second, past = [
        (await api.get("/v1/contact-lists", params={"pageSize": 2, "page": page})).json()
        for page in (1, 2, 3)
    ]
    assert [each["name"] for each in first["data"] + second["data"]] == [
        "List 2", "List 1", "List 0",
    ]  # fmt: skip
    assert list(first) == ["data", "page", "pageSize", "totalCount"]
    assert (first["totalCount"], past["data"], past["totalCount"]) == (3, [], 3)
    # No test call left any of them.
    for archived, total in (("false", 3), ("true", 0)):
        asked = await api.get("/v1/contact-lists", params={"archived": archived})
        assert (asked.json()["totalCount"], len(asked.json()["data"])) == (total, total)
    wrong = await api.get("/v1/contact-lists", params={"archived": "yes"})
    assert codes(wrong).keys() == {"archived"}


async def test_what_is_wrong_is_named(api: httpx.AsyncClient) -> None:
    for body, wrong in (
        ({}, {"/name"}),
        ({"name": ""}, {"/name"}),
        ({"name": "  "}, {"/name"}),
        ({"name": "x" * 201}, {"/name"}),
        ({"name": "A", "defaultCountry": "usa"}, {"/defaultCountry"}),
        ({"name": "A", "defaultCountry": "ZZ"}, {"/defaultCountry"}),
        ({"name": 1, "defaultCountry": 2, "id": "list_1"}, {"/name", "/defaultCountry", "/id"}),
    ):
        answer = await api.post("/v1/contact-lists", json=body)
        assert (answer.status_code, set(codes(answer))) == (400, wrong), body


async def test_a_name_is_taken_once(api: httpx.AsyncClient) -> None:
    await make(api, "Patients")
    assert (await make(api, "Patients")).json()["code"] == "conflict"
    other = await make(api, "Others")
    refused = await api.patch(other.headers["location"], json={"name": "Patients"})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


async def test_a_list_in_use_stays(api: httpx.AsyncClient) -> None:
    made = await make(api, "Patients")
    draft = {"name": "N", "type": "VoiceBot", "channelType": "Voice", "contactList": "Patients"}
    assert (await api.post("/v1/campaigns", json=draft)).status_code == 201
    refused = await api.delete(made.headers["location"])
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert (await api.get(made.headers["location"])).status_code == 200


async def test_people_come_in_order_by_cursor(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    people = [
        person(ANA, attributes={"doctor": "Ortega"}, external_id="P-1", language="en"),
        person(BRUNO, time_zone="America/Los_Angeles"),
        person(CARLA),
    ]
    list_id = await add_list(context, workspace_id=workspace_id, people=people)
    url = f"/v1/contact-lists/{list_id}/contacts"
    whole = (await api.get(url)).json()
    assert [each["phone"] for each in whole["data"]] == [ANA, BRUNO, CARLA]
    assert whole["data"][0] == {
        "id": whole["data"][0]["id"], "externalId": "P-1", "firstName": "Ana", "lastName": None,
        "phone": ANA, "country": "US",
        "addresses": [
            {
                "kind": "phone", "value": ANA, "country": "US",
                "numberType": None, "timeZones": [],
            }
        ],
        "language": "en", "timeZone": None,
        "attributes": {"doctor": "Ortega"}, "tags": [],
        "createdAt": "2026-03-10T15:00:00Z", "updatedAt": "2026-03-10T15:00:00Z",
    }  # fmt: skip
    first = (await api.get(url, params={"limit": 2})).json()
    rest = (await api.get(url, params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert first["data"] + rest["data"] == whole["data"]
    assert rest["nextCursor"] is None
    assert codes(await api.get(url, params={"cursor": "tgt_1"})).keys() == {"cursor"}
