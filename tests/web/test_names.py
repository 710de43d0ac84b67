"""One rule for names, whatever they are of: a blank one, or one that deceives, is refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

SANDBOX = {"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"}
DOCUMENTS: dict[str, dict[str, Any]] = {
    "campaigns": {"type": "VoiceBot", "channelType": "Voice"},
    "contact-lists": {},
    "channels": {"kind": "sandbox", "channelType": "SMS", "config": SANDBOX},
    "templates": {"channelType": "SMS", "content": {"text": "Hello."}},
}


@pytest.mark.parametrize("resource", DOCUMENTS)
async def test_a_name_that_cannot_be_told_is_refused(api: httpx.AsyncClient, resource: str) -> None:
    for name in ("\u00a0", "a\nb", "a\u202eb"):
        answer = await api.post(f"/v1/{resource}", json={**DOCUMENTS[resource], "name": name})
        assert answer.status_code == 400, (name, answer.text)
        assert [each["pointer"] for each in answer.json()["errors"]] == ["/name"], answer.text
    answer = await api.post(f"/v1/{resource}", json={**DOCUMENTS[resource], "name": "Año \u200d1"})
    assert answer.status_code == 201, answer.text


async def test_a_campaign_gets_no_blank_name_by_a_change(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/campaigns", json={**DOCUMENTS["campaigns"], "name": "Reminder"})
    path = f"/v1/campaigns/{made.json()['id']}"
    answer = await api.patch(path, json={"name": " "}, headers={"if-match": "*"})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"pointer": "/name", "message": "must have at least one character that is seen"}
    ]
    assert (await api.get(path)).json()["name"] == "Reminder"
