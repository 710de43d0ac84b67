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


async def test_a_draft_is_sent_as_it_reads_to_a_contact(api: httpx.AsyncClient) -> None:
    config = {"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"}
    raw = {"kind": "sandbox", "name": "SMS", "config": config, "channelType": "SMS"}
    place = (await api.post("/v1/channels", json=raw)).headers["location"]
    listed = (await api.post("/v1/contact-lists", json={"name": "People"})).headers["location"]
    people = {"contacts": [{"firstName": "Bruno", "phones": ["+12125550102"]}]}
    [row] = (await api.post(f"{listed}/contacts", json=people)).json()["results"]
    content = {"text": "Hello {{ contact.first_name }}, {{ values.day }}."}
    document = {"name": "Visit", "channelType": "SMS", "content": content}
    template = (await api.post("/v1/templates", json=document)).json()["id"]
    wanted = {"to": "(212) 555-0101", "template": template, "values": {"day": "Monday"}}
    assert codes(await api.post(f"{place}/test-message", json=wanted)).keys() == {"/template"}
    wanted |= {"draft": True, "contactId": row["contactId"]}
    made = await api.post(f"{place}/test-message", json=wanted)
    assert made.status_code == 202, made.text
    talk = made.json()["conversationId"]
    [said] = (await api.get(f"/v1/conversations/{talk}/messages")).json()["data"]
    assert (said["text"], said["kind"]) == ("Hello Bruno, Monday.", "template")
