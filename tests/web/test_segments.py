"""Segments over HTTP: looked at, kept, changed, and closed to everybody who does not fit."""

from __future__ import annotations

import httpx

from campana.services.context import Context
from tests.support.campaign import ANA, BRUNO, add_list, person
from tests.web.rows import codes


async def test_a_segment_is_looked_at_kept_and_changed(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    people = [person(ANA, attributes={"balance": 5}), person(BRUNO, attributes={"balance": 50})]
    await add_list(context, workspace_id=workspace_id, people=people)
    segment = {"where": "contact.balance > 10"}
    seen = await api.post("/v1/contact-lists:preview", json={"segment": segment})
    assert (seen.status_code, seen.json()["count"]) == (200, 1)
    assert [each["phone"] for each in seen.json()["contacts"]] == [BRUNO]
    made = await api.post("/v1/contact-lists", json={"name": "Rich", "segment": segment})
    url = made.headers["location"]
    assert (made.json()["segment"], made.json()["contactCount"]) == (segment, None)
    assert [each["phone"] for each in (await api.get(f"{url}/contacts")).json()["data"]] == [BRUNO]
    renamed = await api.patch(
        url, json={"name": "Poor", "segment": {"where": "!(contact.balance > 10)"}}
    )
    assert renamed.json()["name"] == "Poor"
    assert [each["phone"] for each in (await api.get(f"{url}/contacts")).json()["data"]] == [ANA]
    assert (await api.patch(url, json={"segment": None})).status_code == 409
    listed = (await api.get("/v1/contact-lists")).json()["data"]
    assert [each["segment"] is None for each in listed] == [False, True]
    upload = {"file": ("a.csv", b"phone\n2125550199\n")}
    refused = [
        await api.post(f"{url}/contacts", json={"contacts": [{"phones": ["2125550199"]}]}),
        await api.post(f"{url}/imports", files=upload),
    ]
    assert [each.json()["code"] for each in refused] == ["conflict", "conflict"]


async def test_everything_wrong_with_it_is_told_with_its_place(api: httpx.AsyncClient) -> None:
    where = 'contact.x.matches("a") &&\nreached("Fax") && inList("Nobody")'
    for path, body in (
        ("/v1/contact-lists:preview", {"segment": {"where": where}}),
        ("/v1/contact-lists", {"name": "S", "segment": {"where": where}}),
    ):
        answer = await api.post(path, json=body)
        assert (answer.status_code, set(codes(answer))) == (400, {"/segment/where"})
        told = [each["message"] for each in answer.json()["errors"]]
        assert told[0].startswith("line 1, column 18: regular expressions")
        assert told[1].startswith("line 2, column 9: must be one of Voice")
    unknown = await api.post(
        "/v1/contact-lists:preview", json={"segment": {"where": 'inList("Nobody")'}}
    )
    assert unknown.json()["errors"][0]["message"] == "there is no contact list 'Nobody' with people"
    for body in ({}, {"segment": {}}, {"segment": {"where": ""}}, {"segment": {"where": 1}}):
        assert (await api.post("/v1/contact-lists:preview", json=body)).status_code == 400
