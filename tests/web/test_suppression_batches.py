"""Many suppressions at once over HTTP: the good go in, the others say what is wrong with them."""

from __future__ import annotations

import httpx

from tests.web.rows import codes

ANA, BRUNO = "+12025550142", "+13125550143"


async def test_each_row_is_told_what_became_of_it(api: httpx.AsyncClient) -> None:
    rows = [
        {"address": "(202) 555-0142", "reason": "asked", "expiresAt": "2026-03-11"},
        {"address": "nobody", "reason": " ", "scope": "campaign"},
        {"address": BRUNO, "reason": "asked", "scope": "campaign", "campaignId": "camp_none"},
        {"address": BRUNO, "reason": "asked", "scope": "channel", "channelType": "SMS"},
        {"address": ANA, "reason": "asked again"},
        {"address": "Ana@Example.org", "reason": "asked"},
    ]
    answer = await api.post("/v1/suppressions:batch", json={"suppressions": rows})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["added"], found["known"], found["rejected"]) == (3, 1, 2)
    assert [each["result"] for each in found["results"]] == [
        "added", "rejected", "rejected", "added", "known", "added",
    ]  # fmt: skip
    assert [each["pointer"] for each in found["results"][1]["problems"]] == [
        "/suppressions/1/address", "/suppressions/1/reason", "/suppressions/1/campaignId",
    ]  # fmt: skip
    assert [each["pointer"] for each in found["results"][2]["problems"]] == [
        "/suppressions/2/campaignId"
    ]
    # Said twice is said once: the first reason, the later end.
    again = found["results"][4]["suppression"]
    assert (again["reason"], again["expiresAt"]) == ("asked", None)
    assert len((await api.get("/v1/suppressions")).json()["data"]) == 3
    asked = {"addresses": [ANA, BRUNO, "ana@example.org"]}
    held = (await api.post("/v1/suppressions:check", json=asked)).json()["data"]
    assert [each["isSuppressed"] for each in held] == [True, True, True]


async def test_a_batch_has_limits_and_wrong_shapes_are_named(api: httpx.AsyncClient) -> None:
    row = {"address": ANA, "reason": "asked"}
    for rows, wrong in (
        ([], "/suppressions"),
        ([row] * 1001, "/suppressions"),
        ([row, {"address": ANA}], "/suppressions/1/reason"),
    ):
        answer = await api.post("/v1/suppressions:batch", json={"suppressions": rows})
        assert (answer.status_code, set(codes(answer))) == (400, {wrong})


async def test_a_thousand_go_in_at_once(api: httpx.AsyncClient) -> None:
    rows = [
        {"address": f"+1{202 + n // 100}55501{n % 100:02d}", "reason": "r"} for n in range(1000)
    ]
    answer = await api.post("/v1/suppressions:batch", json={"suppressions": rows})
    found = answer.json()
    assert found["added"] + found["rejected"] == 1000
    assert found["added"] >= 800
