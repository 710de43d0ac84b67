"""Suppressions over HTTP: said, asked, and lifted with a reason."""

from __future__ import annotations

import logging

import httpx
import pytest

from campana.services.context import Context
from tests.support.database import FixedClock
from tests.web.rows import add_campaign, codes

ANA = "+12025550142"


async def test_an_address_is_suppressed_and_shown(api: httpx.AsyncClient) -> None:
    body = {"address": "(202) 555-0142", "reason": "asked by letter"}
    made = await api.post("/v1/suppressions", json=body)
    assert made.status_code == 201
    assert made.json() == {
        "id": made.json()["id"], "address": ANA, "scope": "workspace", "campaignId": None,
        "channelType": None, "reason": "asked by letter", "source": "api",
        "createdAt": "2026-03-10T15:00:00Z", "expiresAt": None,
    }  # fmt: skip
    assert (await api.get(made.headers["location"])).json() == made.json()
    assert (await api.get("/v1/suppressions")).json() == {
        "data": [made.json()], "nextCursor": None,
    }  # fmt: skip


async def test_asking_tells_what_holds_now_in_the_order_asked(
    api: httpx.AsyncClient, clock: FixedClock
) -> None:
    body = {"address": ANA, "reason": "for a while", "expiresAt": "2026-03-11"}
    made = (await api.post("/v1/suppressions", json=body)).json()
    assert made["expiresAt"] == "2026-03-11T23:59:59Z"
    asked = {"addresses": ["+13125550143", "202-555-0142"]}
    free, held = (await api.post("/v1/suppressions:check", json=asked)).json()["data"]
    assert (free["isSuppressed"], free["suppressions"]) == (False, [])
    assert (held["given"], held["address"]) == ("202-555-0142", ANA)
    assert (held["isSuppressed"], held["suppressions"]) == (True, [made])
    clock.forward(days=3)
    answer = await api.post("/v1/suppressions:check", json=asked)
    assert [each["isSuppressed"] for each in answer.json()["data"]] == [False, False]


async def test_one_may_reach_only_a_campaign_or_a_kind_of_channel(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    campaign = await add_campaign(context, workspace_id=workspace_id)
    for more in (
        {"scope": "campaign", "campaignId": campaign.id},
        {"scope": "channel", "channelType": "SMS"},
    ):
        made = await api.post("/v1/suppressions", json={"address": ANA, "reason": "r", **more})
        assert made.json() | more == made.json()


async def test_what_is_wrong_is_named(api: httpx.AsyncClient) -> None:
    for body, wrong in (
        ({}, {"/address", "/reason"}),
        ({"address": "12", "reason": "r"}, {"/address"}),
        ({"address": ANA, "reason": ""}, {"/reason"}),
        ({"address": ANA, "reason": "r", "scope": "all"}, {"/scope"}),
        ({"address": ANA, "reason": "r", "scope": "campaign"}, {"/campaignId"}),
        ({"address": ANA, "reason": "r", "scope": "campaign", "campaignId": "x"}, {"/campaignId"}),
        ({"address": ANA, "reason": "r", "channelType": "SMS"}, {"/channelType"}),
        ({"address": ANA, "reason": "r", "expiresAt": "2020-01-01"}, {"/expiresAt"}),
        ({"address": ANA, "reason": "r", "expiresAt": "soon", "id": 1}, {"/expiresAt", "/id"}),
    ):
        answer = await api.post("/v1/suppressions", json=body)
        assert (answer.status_code, set(codes(answer))) == (400, wrong), body
    for body, wrong in (
        ({"addresses": []}, {"/addresses"}),
        ({"addresses": [ANA, "12"]}, {"/addresses/1"}),
        ({"addresses": ["x"] * 1001}, {"/addresses"}),
    ):
        answer = await api.post("/v1/suppressions:check", json=body)
        assert (answer.status_code, set(codes(answer))) == (400, wrong)


async def test_lifting_needs_a_reason_which_is_kept(
    api: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    made = await api.post("/v1/suppressions", json={"address": ANA, "reason": "r"})
    url = made.headers["location"]
    assert codes(await api.delete(url)).keys() == {"reason"}
    assert (await api.get(url)).status_code == 200
    with caplog.at_level(logging.INFO):
        lifted = await api.delete(url, params={"reason": "asked us to call again"})
    assert (lifted.status_code, lifted.content) == (204, b"")
    assert "asked us to call again" in caplog.text
    assert (await api.get(url)).status_code == 404


async def test_they_come_by_cursor(api: httpx.AsyncClient) -> None:
    for number in range(5):
        body = {"address": f"+1202555014{number}", "reason": "r"}
        await api.post("/v1/suppressions", json=body)
    whole = (await api.get("/v1/suppressions")).json()["data"]
    seen: list[object] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await api.get("/v1/suppressions", params={"limit": 2, **cursor})).json()
        seen += page["data"]
        if page["nextCursor"] is None:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert seen == whole
    assert len(whole) == 5
