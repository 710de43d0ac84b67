"""`/v1/consents` over HTTP: written, found again, and refused with every reason."""

from __future__ import annotations

import httpx

from tests.support.campaign import ANA

GRANT = {"address": "(212) 555-0101", "isGranted": True, "source": "form", "wording": "Call me."}


async def test_what_is_written_is_found_again(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/consents", json={**GRANT, "expiresAt": "2027-01-31"})
    assert made.status_code == 201
    entry = made.json()
    assert entry == {
        "id": entry["id"],
        "address": ANA,
        "channelType": None,
        "isGranted": True,
        "source": "form",
        "wording": "Call me.",
        "saidAt": "2026-03-10T15:00:00Z",
        "createdAt": "2026-03-10T15:00:00Z",
        "expiresAt": "2027-01-31T23:59:59Z",
    }
    assert (await api.get(made.headers["location"])).json() == entry
    listed = await api.get("/v1/consents", params={"address": ANA})
    assert listed.json() == {"data": [entry], "nextCursor": None}
    others = await api.get("/v1/consents", params={"address": "+13105550102"})
    assert others.json()["data"] == []


async def test_a_page_leads_to_the_next(api: httpx.AsyncClient) -> None:
    for last in range(3):
        await api.post("/v1/consents", json={**GRANT, "address": f"+1212555010{last}"})
    first = (await api.get("/v1/consents", params={"limit": 2})).json()
    rest = await api.get("/v1/consents", params={"limit": 2, "cursor": first["nextCursor"]})
    found = [each["address"] for each in first["data"] + rest.json()["data"]]
    assert sorted(found) == [f"+1212555010{last}" for last in range(3)]
    assert rest.json()["nextCursor"] is None


async def test_what_is_wrong_is_named(api: httpx.AsyncClient) -> None:
    answer = await api.post("/v1/consents", json={"address": "x", "isGranted": "yes", "by": 1})
    assert answer.status_code == 400
    assert {each["pointer"] for each in answer.json()["errors"]} == {
        "/isGranted",
        "/source",
        "/wording",
        "/by",
    }
    answer = await api.post(
        "/v1/consents", json={**GRANT, "isGranted": False, "expiresAt": "2027-01-31"}
    )
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/expiresAt"]
    answer = await api.get("/v1/consents", params={"address": "nobody"})
    assert [each["parameter"] for each in answer.json()["errors"]] == ["address"]
