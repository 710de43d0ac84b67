"""What is wrong with a request is told at once: its shape, and what no shape can say."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.campaign import ANA

CAMPAIGN: dict[str, Any] = {"name": "Spring", "type": "VoiceBot", "channelType": "Voice"}
BACKWARDS = {"mon": [{"from": "10:00", "to": "09:00"}]}


@pytest.mark.parametrize(
    ("path", "body", "pointers"),
    [
        (
            "campaigns",
            {
                **CAMPAIGN,
                "window": {},
                "caps": [{"per": "number", "attempts": 0, "days": 1}],
                "pacing": {"rate": 1_000_000},
                "weight": 0,
                "cadence": {"busy": {"attempts": 1_000_000, "delaySeconds": 0}},
                "channel": "nowhere",
                "startDate": "2026-05-01",
                "endDate": "2026-04-01",
            },
            {
                "/window",
                "/caps/0/attempts",
                "/pacing/rate",
                "/weight",
                "/cadence/busy/attempts",
                "/cadence/busy/delaySeconds",
                "/channel",
                "/endDate",
            },
        ),
        (
            "campaigns",
            {**CAMPAIGN, "window": BACKWARDS, "contactList": "nobody", "caps": 0, "extra": 1},
            {"/window/mon/0", "/contactList", "/caps", "/extra"},
        ),
        ("campaigns", {"type": "VoiceBot", "weight": 0}, {"/name", "/channelType", "/weight"}),
        (
            "campaigns",
            {
                "name": "",
                "type": "voicebot",
                "channelType": "sms",
                "window": {"mon": [{"from": "9", "to": "10"}], "tue": [*BACKWARDS["mon"]]},
                "variants": [
                    {"name": "a", "share": 0, "changes": {"window": {"holidays": ["XX"]}}},
                ],
                "contactList": "nobody",
                "channel": "nowhere",
                "channels": {"Email": "nowhere"},
                "startDate": "2026-05-01",
                "endDate": "2026-04-01",
                "breakers": {"maxFailureRate": 2, "minimum": 500, "sampleSize": 10},
                "caps": [{"per": "number", "attempts": n, "days": 1} for n in (1, 2)],
            },
            {
                "/name",
                "/type",
                "/channelType",
                "/window/mon/0/from",
                "/window/mon/0/to",
                "/window/tue/0",
                "/variants/0/share",
                "/variants/0/changes/window/holidays/0",
                "/contactList",
                "/channel",
                "/channels/Email",
                "/endDate",
                "/breakers/maxFailureRate",
                "/breakers/minimum",
                "/caps/1",
            },
        ),
        (
            "channels",
            {
                "name": "",
                "kind": "voice_sip",
                "config": {"callerIds": ["5"]},
                "window": {"mon": 5, "tue": [*BACKWARDS["mon"]]},
            },
            {"/name", "/config/trunks", "/config/callerIds/0", "/window/mon", "/window/tue/0"},
        ),
        (
            "channels",
            {"name": 5, "kind": 5, "config": 5, "rate": 0, "window": {}},
            {"/name", "/kind", "/config", "/rate", "/window"},
        ),
        (
            "channels",
            {"name": "trunk", "kind": "pigeon", "config": {}, "rate": 1e6, "window": {}},
            {"/kind", "/rate", "/window"},
        ),
        (
            "channels",
            {
                "name": "trunk",
                "kind": "voice_sip",
                "config": {},
                "rate": 1e6,
                "channelType": "SMS",
                "window": BACKWARDS,
            },
            {
                "/rate",
                "/channelType",
                "/window/mon/0",
                "/config/trunks",
                "/config/callerIds",
            },
        ),
        (
            "webhooks",
            {"url": "https://10.0.0.1/told", "eventTypes": ["nothing.of.ours"]},
            {"/url", "/eventTypes/0"},
        ),
        (
            "suppressions",
            {
                "address": "nobody",
                "reason": " ",
                "scope": "campaign",
                "campaignId": "camp_none",
                "expiresAt": "2020-01-01",
            },
            {"/address", "/reason", "/campaignId", "/expiresAt"},
        ),
        (
            "consents",
            {
                "address": "nobody",
                "isGranted": False,
                "source": " ",
                "wording": " ",
                "saidAt": "2099-01-01",
                "expiresAt": "2098-01-01",
            },
            {"/address", "/source", "/wording", "/saidAt", "/expiresAt"},
        ),
    ],
)
async def test_everything_wrong_with_a_request_is_named_at_once(
    api: httpx.AsyncClient, path: str, body: dict[str, Any], pointers: set[str]
) -> None:
    refused = await api.post(f"/v1/{path}", json=body)
    assert refused.status_code == 400
    found = refused.json()["errors"]
    assert {each["pointer"] for each in found} == pointers
    assert len(found) == len(pointers), "each once"
    assert all(each["message"] for each in found)


async def test_a_change_is_told_all_that_is_wrong_with_it(api: httpx.AsyncClient) -> None:
    made = (await api.post("/v1/campaigns", json=CAMPAIGN)).json()
    refused = await api.patch(
        f"/v1/campaigns/{made['id']}",
        json={"weight": 0, "window": BACKWARDS, "channel": "nowhere"},
        headers={"if-match": "*"},
    )
    pointers = [each["pointer"] for each in refused.json()["errors"]]
    assert sorted(pointers) == ["/channel", "/weight", "/window/mon/0"]
    hook = await api.post("/v1/consents", json={"address": ANA, "isGranted": True})
    assert {each["pointer"] for each in hook.json()["errors"]} == {"/source", "/wording"}


async def test_a_change_of_a_channel_is_told_all_that_is_wrong_with_it(
    api: httpx.AsyncClient,
) -> None:
    trunk = {"host": "127.0.0.1", "port": 5060}
    body = {
        "name": "trunk",
        "kind": "voice_sip",
        "config": {"trunks": [trunk], "callerIds": ["+12025550100"]},
    }
    made = (await api.post("/v1/channels", json=body)).json()
    refused = await api.patch(
        f"/v1/channels/{made['id']}",
        json={
            "name": "",
            "rate": 0,
            "lines": None,
            "config": {"callerIds": ["5"]},
            "window": {"mon": 5, "tue": BACKWARDS["mon"]},
            "trunks": {"another": {}},
        },
        headers={"if-match": "*"},
    )
    assert refused.status_code == 400
    pointers = [each["pointer"] for each in refused.json()["errors"]]
    assert sorted(pointers) == [
        "/config/callerIds/0",
        "/lines",
        "/name",
        "/rate",
        "/trunks/another",
        "/window/mon",
        "/window/tue/0",
    ]
    assert (await api.get(f"/v1/channels/{made['id']}")).json() == made
