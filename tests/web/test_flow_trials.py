"""Checking a flow and talking to it through the API."""

from __future__ import annotations

import httpx

from campana.web.flow_examples import DEFINITION
from tests.web.test_flows import made

TEXT = """\
name: Feedback
nodes:
  begin: {type: start, next: ask}
  ask: {type: send_mesage, text: Hello}
"""


async def test_every_problem_is_told_at_once_with_its_line(api: httpx.AsyncClient) -> None:
    flow = await made(api)
    url = f"/v1/flows/{flow['id']}/validate"
    assert (await api.post(url)).json()["isValid"] is True
    found = (await api.post(url, json={"text": TEXT})).json()
    assert found["isValid"] is False
    assert (4, "/nodes/ask/type") in [(e["line"], e["pointer"]) for e in found["problems"]]
    broken = {**DEFINITION, "nodes": {**DEFINITION["nodes"], "lost": {"type": "end"}}}
    problems = (await api.post(url, json={"definition": broken})).json()["problems"]
    assert {each["pointer"] for each in problems} == {"/nodes/lost"}


async def test_a_chat_runs_in_virtual_time(api: httpx.AsyncClient) -> None:
    flow = await made(api)
    url = f"/v1/flows/{flow['id']}/simulate"
    contact = {"fields": {"first_name": "Ana"}, "zones": ["America/New_York"]}
    asked = {"contact": contact, "at": "2026-03-10T15:00:00Z"}
    reply = {"afterSeconds": 60, "type": "reply", "text": "Good"}
    chat = (await api.post(url, json={**asked, "inputs": [reply]})).json()
    assert [each["at"] for each in chat["steps"]] == [
        "2026-03-10T15:00:00Z",
        "2026-03-10T15:01:00Z",
    ]
    assert chat["steps"][0]["events"][0]["text"] == "How was it, Ana?"
    assert chat["outcome"] == "answered"
    in_vain = (await api.post(url, json={**asked, "inputs": [{"afterSeconds": 86_400}]})).json()
    assert in_vain["steps"][1]["input"] == {"type": "timedOut", "wait": 1}
    assert in_vain["outcome"] == "no_answer"


async def test_times_are_in_whole_milliseconds_however_it_is_asked(api: httpx.AsyncClient) -> None:
    flow = await made(api)
    url = f"/v1/flows/{flow['id']}/simulate"
    for at, until in (
        ("2026-03-10T15:00:00.123456Z", "2026-03-11T15:00:00.123Z"),
        ("2026-03-10T15:00:00.000456Z", "2026-03-11T15:00:00Z"),
    ):
        chat = (await api.post(url, json={"at": at})).json()
        waits = [each for each in chat["steps"][0]["events"] if each["type"] == "waitStarted"]
        assert [each["until"] for each in waits] == [until]


async def test_what_makes_no_sense_is_named(api: httpx.AsyncClient) -> None:
    flow = await made(api)
    url = f"/v1/flows/{flow['id']}/simulate"
    for document, pointer in (
        ({"contact": {"zones": ["Nowhere"]}}, "/contact/zones/0"),
        ({"at": "soon"}, "/at"),
        ({"inputs": [{"type": "sung"}]}, "/inputs/0/type"),
        ({"inputs": [{"afterSeconds": -1}]}, "/inputs/0/afterSeconds"),
    ):
        answer = await api.post(url, json=document)
        assert answer.status_code == 400, answer.text
        assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
    assert (await api.post("/v1/flows/flow_none/simulate", json={})).status_code == 404
