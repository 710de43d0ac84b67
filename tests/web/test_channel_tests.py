"""Test messages over HTTP: taken once for each key, listed with what became of them."""

from __future__ import annotations

import httpx

from tests.web.rows import codes


async def test_a_test_message_is_taken_and_listed(api: httpx.AsyncClient) -> None:
    config = {"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"}
    raw = {"kind": "sandbox", "name": "SMS", "config": config, "channelType": "SMS"}
    place = (await api.post("/v1/channels", json=raw)).headers["location"]
    wanted = {"to": "(212) 555-0101", "text": "Can you read this?"}
    key = {"idempotency-key": "once"}
    made = await api.post(f"{place}/test-message", json=wanted, headers=key)
    assert made.status_code == 202, made.text
    assert (made.json()["to"], made.json()["state"]) == ("+12125550101", "waiting")
    again = await api.post(f"{place}/test-message", json=wanted, headers=key)
    assert again.json() == made.json()
    assert (await api.get(f"{place}/test-messages")).json() == {"data": [made.json()]}
    wrong = await api.post(f"{place}/test-message", json={"to": "", "who": 1})
    assert codes(wrong).keys() == {"/to", "/who"}
    assert (await api.post("/v1/channels/chan_0/test-message", json=wanted)).status_code == 404
