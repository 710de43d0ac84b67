"""People straight into a list: the good go in, each of the others says where and why."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from campana.domain.tag import MAX_TAGS
from campana.services.upserts import MAX_PEOPLE
from tests.support.people import ANA, BRUNO, CARLA, reserved_numbers
from tests.web.rows import codes


@pytest.fixture
async def url(api: httpx.AsyncClient) -> str:
    made = await api.post("/v1/contact-lists", json={"name": "People", "defaultCountry": "US"})
    return f"{made.headers['location']}/contacts"


async def put(api: httpx.AsyncClient, url: str, *people: dict[str, Any], **rest: Any) -> Any:
    answer = await api.post(url, json={"contacts": people, **rest})
    assert answer.status_code == 200, answer.text
    return answer.json()


def results(found: Any) -> list[str]:
    return [each["result"] for each in found["results"]]


async def test_each_person_is_told_what_became_of_them(api: httpx.AsyncClient, url: str) -> None:
    found = await put(
        api,
        url,
        {
            "externalId": "a",
            "firstName": "Ana",
            "timeZone": "America/Denver",
            "phones": ["(201) 555-0101", BRUNO],
            "whatsapp": [ANA],
            "emails": ["Ana@Example.org"],
            "attributes": {"balance": 12.5, "due": "2026-03-31", "vip": True, "none": None},
        },
        {"phones": ["+999 12 34"]},
        {"firstName": "Nobody"},
        {"phones": [CARLA], "emails": ["carla@example,com"]},
        {"externalId": "a", "lastName": "Silva", "emails": ["ana@example.org"]},
        {"externalId": "a", "emails": ["ana@example.org"]},
        {"externalId": "z", "emails": ["z@example.org"], "phones": [BRUNO]},
    )
    assert results(found) == [
        "accepted", "rejected", "rejected", "rejected", "updated", "duplicate", "rejected",
    ]  # fmt: skip
    assert found["rows"] == {
        "done": 7, "accepted": 1, "updated": 1, "duplicate": 1, "rejected": 4,
    }  # fmt: skip
    problems = [each["problem"] for each in found["results"] if each["problem"]]
    assert [each["pointer"] for each in problems] == [
        "/contacts/1/phones/0",
        "/contacts/2/phones",
        "/contacts/3/emails/0",
        "/contacts/6/phones/0",
    ]
    assert problems[2]["suggestion"] == "write carla@example.com"
    [ana] = (await api.get(url)).json()["data"]
    assert ana["id"] == found["results"][0]["contactId"] == found["results"][5]["contactId"]
    assert (ana["lastName"], ana["timeZone"]) == ("Silva", "America/Denver")
    assert [(each["kind"], each["value"]) for each in ana["addresses"]] == [
        ("phone", ANA), ("phone", BRUNO), ("whatsapp", ANA), ("email", "ana@example.org"),
    ]  # fmt: skip
    assert ana["attributes"] == {"balance": 12.5, "due": "2026-03-31", "vip": True}


async def test_the_same_people_again_change_nothing(api: httpx.AsyncClient, url: str) -> None:
    people = [{"externalId": n, "phones": [n]} for n in reserved_numbers()[:MAX_PEOPLE]]
    assert (await put(api, url, *people))["rows"]["accepted"] == MAX_PEOPLE
    before = (await api.get(url, params={"limit": 1000})).json()
    assert (await put(api, url, *people))["rows"]["duplicate"] == MAX_PEOPLE
    assert (await api.get(url, params={"limit": 1000})).json() == before


async def test_duplicates_can_be_skipped_or_refused(api: httpx.AsyncClient, url: str) -> None:
    await put(api, url, {"phones": [ANA]})
    again = {"phones": [ANA], "firstName": "Ana"}
    assert results(await put(api, url, again, {"phones": [BRUNO]}, duplicates="skip")) == [
        "duplicate", "accepted",
    ]  # fmt: skip
    refused = await api.post(
        url, json={"contacts": [{"phones": [CARLA]}, again], "duplicates": "fail"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert [each["pointer"] for each in refused.json()["errors"]] == ["/contacts/1"]
    phones = [each["phone"] for each in (await api.get(url)).json()["data"]]
    assert phones == [ANA, BRUNO]


async def test_a_repeat_with_its_key_is_answered_from_memory(
    api: httpx.AsyncClient, url: str
) -> None:
    body, key = {"contacts": [{"phones": [ANA]}]}, {"Idempotency-Key": "k"}
    first = await api.post(url, json=body, headers=key)
    second = await api.post(url, json=body, headers=key)
    assert second.json() == first.json()
    assert second.headers["idempotency-replayed"] == "true"


async def test_what_is_wrong_with_the_request_is_named(api: httpx.AsyncClient, url: str) -> None:
    person = {"phones": [ANA]}
    for body, pointer in (
        ({"contacts": []}, "/contacts"),
        ({"contacts": [person] * (MAX_PEOPLE + 1)}, "/contacts"),
        ({"contacts": [{"phone": ANA}]}, "/contacts/0/phone"),
        ({"contacts": [{"phones": [ANA] * 21}]}, "/contacts/0/phones"),
        ({"contacts": [{"phones": [1]}]}, "/contacts/0/phones/0"),
        ({"contacts": [person | {"attributes": {"a": [1]}}]}, "/contacts/0/attributes/a"),
        ({"contacts": [person], "defaultCountry": "us"}, "/defaultCountry"),
        ({"contacts": [person], "defaultCountry": "ZZ"}, "/defaultCountry"),
    ):
        answer = await api.post(url, json=body)
        assert answer.status_code == 400, body
        assert codes(answer).keys() == {pointer}
    odd = {"contacts": [person, person | {"attributes": {"not a name": 1, "b/c": 2, "fine": 3}}]}
    answer = await api.post(url, json=odd)
    at = "/contacts/1/attributes"
    assert (answer.status_code, set(codes(answer))) == (400, {f"{at}/not a name", f"{at}/b~1c"})
    absent = "/v1/contact-lists/list_none/contacts"
    assert (await api.post(absent, json={"contacts": [person]})).status_code == 404


async def test_too_many_tags_together_are_told(api: httpx.AsyncClient, url: str) -> None:
    many = [f"t{number:02}" for number in range(MAX_TAGS)]
    await put(api, url, {"externalId": "a", "phones": [ANA], "tags": many})
    found = await put(api, url, {"externalId": "a", "phones": [ANA], "tags": ["more"]})
    assert results(found) == ["rejected"]
    assert found["results"][0]["problem"]["pointer"] == "/contacts/0/tags"
