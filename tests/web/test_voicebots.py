"""VoiceBots through the API: drafts, versions, and every way to be refused."""

from __future__ import annotations

from typing import Any

import httpx

from campana.web.bot_examples import DEFINITION, TEXT

NOWHERE = {**DEFINITION, "steps": [{"type": "say", "id": "a", "text": "Hello.", "next": "b"}]}


async def made(api: httpx.AsyncClient, **document: object) -> dict[str, Any]:
    answer = await api.post("/v1/voicebots", json=document or {"definition": DEFINITION})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/voicebots/{answer.json()['id']}"
    return answer.json()


def pointers(answer: httpx.Response) -> list[str]:
    return [each["pointer"] for each in answer.json()["errors"]]


async def test_a_draft_is_shown_as_it_was_written(api: httpx.AsyncClient) -> None:
    bot = await made(api)
    assert bot == {
        "id": bot["id"],
        "name": "Appointment reminder",
        "revision": 1,
        "publishedVersion": None,
        "definition": DEFINITION,
        "text": None,
        "createdAt": "2026-03-10T15:00:00Z",
        "updatedAt": "2026-03-10T15:00:00Z",
    }
    assert bot["id"].startswith("bot_")
    assert (await api.get(f"/v1/voicebots/{bot['id']}")).json() == bot
    del bot["definition"], bot["text"]
    listed = (await api.get("/v1/voicebots")).json()
    assert listed == {"data": [bot], "page": 1, "pageSize": 25, "totalCount": 1}
    beyond = (await api.get("/v1/voicebots", params={"page": 2})).json()
    assert (beyond["data"], beyond["totalCount"]) == ([], 1)


async def test_a_text_is_kept_as_it_was_typed_until_something_else_is_written(
    api: httpx.AsyncClient,
) -> None:
    bot = await made(api, text=TEXT)
    url = f"/v1/voicebots/{bot['id']}"
    assert (bot["name"], bot["text"]) == ("Appointment reminder", TEXT)
    first = (await api.post(f"{url}/publish")).json()
    assert first["text"] == TEXT
    again = TEXT.replace("Tuesday", "Wednesday")
    typed = await api.patch(url, json={"text": again}, headers={"if-match": "*"})
    assert (typed.json()["text"], typed.status_code) == (again, 200)
    assert "Wednesday" in typed.json()["definition"]["steps"][0]["text"]
    patched = await api.patch(
        url, json={"definition": {"maxSeconds": 60}}, headers={"if-match": "*"}
    )
    assert patched.json()["text"] is None, "what was typed does not say this"
    assert patched.json()["definition"]["greeting"] == bot["definition"]["greeting"]
    assert (await api.get(f"{url}/versions/1")).json() == first


async def test_a_draft_changes_only_under_the_revision_that_was_seen(
    api: httpx.AsyncClient,
) -> None:
    bot = await made(api)
    url = f"/v1/voicebots/{bot['id']}"
    seen = (await api.get(url)).headers["etag"]
    change = {"definition": {"greeting": "Good morning."}}
    assert (await api.patch(url, json=change)).status_code == 428
    changed = await api.patch(url, json=change, headers={"if-match": seen})
    assert (changed.status_code, changed.json()["revision"]) == (200, 2)
    assert changed.json()["definition"]["greeting"] == "Good morning."
    assert (await api.patch(url, json=change, headers={"if-match": seen})).status_code == 412


async def test_a_version_stays_as_it_was_published(api: httpx.AsyncClient) -> None:
    url = f"/v1/voicebots/{(await made(api))['id']}"
    first = await api.post(f"{url}/publish")
    assert (first.status_code, first.json()["number"]) == (201, 1)
    # Unchanged, it is the version it was.
    assert (await api.post(f"{url}/publish")).json() == first.json()
    change = {"definition": {"greeting": "Good morning."}}
    await api.patch(url, json=change, headers={"if-match": "*"})
    assert (await api.post(f"{url}/publish")).json()["number"] == 2
    assert (await api.get(f"{url}/versions/1")).json() == first.json()
    listed = (await api.get(f"{url}/versions")).json()
    assert [each["number"] for each in listed["data"]] == [2, 1]
    assert (await api.get(f"{url}/versions/3")).status_code == 404
    assert (await api.get(f"{url}/versions/one")).status_code == 404
    assert (await api.delete(url)).status_code == 409


async def test_what_cannot_call_is_kept_and_says_all_that_is_wrong(api: httpx.AsyncClient) -> None:
    steps = [
        {"type": "say", "id": "a", "text": "Hello.", "next": "b"},
        {"type": "branch", "id": "c", "on": "nothing", "cases": {}},
    ]
    bot = await made(api, definition={**DEFINITION, "steps": steps, "greeting": " "})
    url = f"/v1/voicebots/{bot['id']}"
    refused = await api.post(f"{url}/publish")
    assert refused.status_code == 400
    assert {"/greeting", "/steps/0/next", "/steps/1/cases"} <= set(pointers(refused))
    told = (await api.post(f"{url}/validate")).json()
    assert (told["isValid"], told["hash"]) == (False, None)
    assert {each["pointer"] for each in told["problems"]} == set(pointers(refused))
    assert (await api.delete(url)).status_code == 204
    assert (await api.get(url)).status_code == 404


async def test_a_text_is_checked_line_by_line_and_not_stored(api: httpx.AsyncClient) -> None:
    bot = await made(api)
    url = f"/v1/voicebots/{bot['id']}"
    bad = TEXT.replace("type: end", "type: ends").replace("greeting:", "greting:")
    told = (await api.post(f"{url}/validate", json={"text": bad})).json()
    assert [(each["line"], each["pointer"]) for each in told["problems"]] == [
        (1, "/greeting"),
        (3, "/greting"),
        (5, "/steps/0/type"),
    ]
    good = (await api.post(f"{url}/validate", json={"text": TEXT})).json()
    assert good["isValid"]
    unreadable = (await api.post(f"{url}/validate", json={"text": "name: [\n"})).json()
    assert [each["line"] for each in unreadable["problems"]] == [2]
    assert (await api.get(url)).json() == bot


async def test_a_text_that_makes_more_of_itself_than_it_is_is_refused(
    api: httpx.AsyncClient,
) -> None:
    bomb = "name: B\na: &a [x, x]\nb: &b [*a, *a]\n"
    refused = await api.post("/v1/voicebots", json={"text": bomb})
    assert refused.status_code == 400
    assert refused.json()["errors"] == [
        {"pointer": "/text", "message": "line 3: says *name: write it out instead"}
    ]


async def test_a_bot_has_a_name_and_one_form_and_a_name_is_taken_once(
    api: httpx.AsyncClient,
) -> None:
    await made(api)
    again = await api.post("/v1/voicebots", json={"text": TEXT})
    assert again.status_code == 409
    for document, pointer in (
        ({"definition": {"steps": []}}, "/definition/name"),
        ({"text": "greeting: Hello.\n"}, "/text"),
        ({"text": "- a list\n"}, "/text"),
        ({}, "/definition"),
        ({"definition": DEFINITION, "text": TEXT}, "/definition"),
        ({"definition": DEFINITION, "name": "Other"}, "/name"),
    ):
        refused = await api.post("/v1/voicebots", json=document)
        assert refused.status_code == 400, document
        assert pointers(refused) == [pointer]


async def test_a_campaign_shows_the_version_it_pinned_and_no_more(api: httpx.AsyncClient) -> None:
    bot = await made(api)
    await api.post(f"/v1/voicebots/{bot['id']}/publish")
    draft = {"name": "N", "type": "VoiceBot", "channelType": "Voice"}
    created = await api.post("/v1/campaigns", json={**draft, "voiceBot": {"id": bot["name"]}})
    assert created.status_code == 201, created.text
    url = f"/v1/campaigns/{created.json()['id']}"
    shown = (await api.get(url, params={"expand": "configuration"})).json()
    assert shown["configuration"]["voiceBot"] == {"id": bot["id"], "version": 1}
