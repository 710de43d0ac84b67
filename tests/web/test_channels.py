"""Channels over HTTP: made, listed, shown, and their secrets never."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.support.sandbox import sandbox
from tests.web.rows import codes

SECRET = "correct-horse-battery"

CHANNEL: dict[str, Any] = {
    "name": "Main line",
    "kind": "voice_sip",
    "config": {
        "trunks": [{"host": "sip.example.net", "username": "campana", "password": SECRET}],
        "callerIds": ["+12025550100"],
    },
    "rate": 2,
    "lines": 20,
}


async def test_a_channel_is_made_and_shown_without_its_secrets(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/channels", json=CHANNEL)
    assert made.status_code == 201
    shown = await api.get(made.headers["location"])
    listed = await api.get("/v1/channels")
    assert shown.json() == made.json() == listed.json()["data"][0]
    for answer in (made, shown, listed):
        assert SECRET not in answer.text
    assert shown.json()["config"]["trunks"][0]["username"] == "campana"
    assert shown.json()["channelType"] == "Voice"
    assert shown.json()["isLoopback"] is False


async def test_only_a_channel_to_loopback_cannot_leave_the_machine(
    api: httpx.AsyncClient,
) -> None:
    config = CHANNEL["config"] | {"trunks": [{"host": "127.0.0.1"}]}
    made = await api.post("/v1/channels", json=CHANNEL | {"config": config})
    assert made.json()["isLoopback"] is True


async def test_everything_wrong_is_named_and_no_secret_comes_back(
    api: httpx.AsyncClient,
) -> None:
    config = {"trunks": [{"host": "", "password": SECRET, "pin": 1}], "callerIds": ["555"]}
    refused = await api.post("/v1/channels", json=CHANNEL | {"config": config})
    assert refused.status_code == 400
    assert codes(refused).keys() == {
        "/config/trunks/0/host", "/config/trunks/0/pin", "/config/callerIds/0",
    }  # fmt: skip
    assert SECRET not in refused.text
    unknown = await api.post("/v1/channels", json=CHANNEL | {"kind": "fax"})
    assert codes(unknown).keys() == {"/kind"}
    empty = await api.post("/v1/channels", json={"rate": 0})
    assert codes(empty).keys() == {"/name", "/kind", "/config", "/rate"}


async def test_a_name_is_taken_once(api: httpx.AsyncClient) -> None:
    await api.post("/v1/channels", json=CHANNEL)
    again = await api.post("/v1/channels", json=CHANNEL)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


async def test_a_channel_has_its_id_for_an_address_not_its_name(api: httpx.AsyncClient) -> None:
    await api.post("/v1/channels", json=CHANNEL | {"name": "line"})
    assert (await api.get("/v1/channels/line")).status_code == 404


async def test_channels_come_oldest_first_by_page(api: httpx.AsyncClient) -> None:
    for number in range(3):
        await api.post("/v1/channels", json=CHANNEL | {"name": f"line {number}"})
    pages = [
        (await api.get("/v1/channels", params={"page": page, "pageSize": 2})).json()
        for page in (1, 2, 3)
    ]
    names = [[each["name"] for each in page["data"]] for page in pages]
    assert names == [["line 0", "line 1"], ["line 2"], []]
    assert {page["totalCount"] for page in pages} == {3}


async def test_a_channel_is_changed_and_what_was_shown_can_be_sent_back(
    api: httpx.AsyncClient,
) -> None:
    made = (await api.post("/v1/channels", json=CHANNEL)).json()
    place = f"/v1/channels/{made['id']}"
    back = await api.patch(place, json={"config": made["config"], "name": "Second line"})
    assert back.status_code == 200
    assert back.json() == made | {"name": "Second line"}
    wrong = await api.patch(place, json={"config": {"callerIds": ["555"], "pin": 1}, "kind": "x"})
    assert wrong.status_code == 400
    assert SECRET not in wrong.text + back.text
    other = await api.post("/v1/channels", json=CHANNEL)
    taken = await api.patch(f"/v1/channels/{other.json()['id']}", json={"name": "Second line"})
    assert (taken.status_code, taken.json()["code"]) == (409, "conflict")


async def test_a_channel_of_messages_may_have_many_under_way(api: httpx.AsyncClient) -> None:
    config = {"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"}
    for channel_type, lines in (("Voice", 10), ("SMS", 100_000)):
        raw = {"kind": "sandbox", "name": channel_type, "config": config}
        made = await api.post("/v1/channels", json=raw | {"channelType": channel_type})
        assert made.json()["lines"] == lines


async def test_the_provider_is_asked_whether_the_account_can_be_used(
    api: httpx.AsyncClient, tmp_path: Path
) -> None:
    with sandbox(tmp_path) as running:
        channel = {"name": "S", "kind": "sandbox", "channelType": "SMS"}
        made = await api.post("/v1/channels", json={**channel, "config": running.config()})
        address = f"{made.headers['location']}/test"
        told = await api.post(address)
        assert told.status_code == 200
        assert told.json() == {
            "channelId": made.json()["id"], "isWell": True, "detail": "the sandbox answers",
            "registrations": [],
        }  # fmt: skip
    told = await api.post(address)
    assert told.json()["isWell"] is False
    assert "no answer" in told.json()["detail"]
    assert (await api.post("/v1/channels/S/test")).status_code == 404


async def test_a_channel_is_paused_with_a_reason_and_resumed(api: httpx.AsyncClient) -> None:
    made = (await api.post("/v1/channels", json=CHANNEL)).json()
    assert made["pausedAt"] is None
    place = f"/v1/channels/{made['id']}"
    paused = await api.post(f"{place}/pause", json={"reason": "fraud"})
    assert paused.status_code == 200
    assert paused.json()["pausedAt"] is not None
    assert (paused.json()["pausedBy"][:8], paused.json()["pauseReason"]) == ("the key ", "fraud")
    assert (await api.get(place)).json() == paused.json()
    assert (await api.post(f"{place}/resume")).json() == made
    assert (await api.post(f"{place}/pause")).json()["pauseReason"] is None
    wrong = await api.post(f"{place}/pause", json={"reason": "", "why": 1})
    assert codes(wrong).keys() == {"/reason", "/why"}
    assert (await api.post("/v1/channels/chan_0/pause")).status_code == 404
