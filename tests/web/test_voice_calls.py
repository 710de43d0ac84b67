"""Calls over HTTP: listed by page and by cursor, shown whole, and linked to their recordings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.disposition import Disposition
from campana.domain.ids import attempt_text
from campana.services import outcomes
from campana.services.context import Context
from tests.support.campaign import Scene, launched, person
from tests.support.database import FixedClock
from tests.web.calls import answer_and_end, place, refuse
from tests.web.conftest import Knock
from tests.web.rows import codes

URL = "/v1/voice-calls"


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    people = [person(f"+1212555010{n}") for n in range(6)]
    return await launched(engine_context, context, workspace_id=workspace_id, people=people)


async def page_of(api: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await api.get(URL, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_call_is_shown_with_all_that_was_said(
    api: httpx.AsyncClient, scene: Scene, clock: FixedClock
) -> None:
    [claimed] = await scene.claim(limit=1)
    await answer_and_end(scene, claimed, clock, recording_key="recordings/1.wav")
    call_id = attempt_text(claimed.attempt_id)
    shown = (await api.get(f"{URL}/{call_id}")).json()
    contact = (await api.get(f"/v1/campaigns/{scene.campaign_id}/targets")).json()["data"][0]
    listed = {
        "id": call_id, "campaignId": scene.campaign_id, "targetId": f"tgt_{claimed.target_id}",
        "contactId": contact["contactId"], "channelId": scene.channel.id, "attemptNumber": 1,
        "direction": "outbound", "from": "+12025550100", "to": claimed.address, "state": "ended",
        "disposition": "completed", "reason": "the bot came to its end", "sipStatus": 200,
        "createdAt": "2026-03-10T15:00:00Z", "answeredAt": "2026-03-10T15:00:03Z",
        "endedAt": "2026-03-10T15:00:15Z", "talkSeconds": 12.5, "result": "confirmed",
        "hasRecording": True,
        "recordingRemovedAt": None,
        "transcriptRemovedAt": None,
    }  # fmt: skip
    assert shown == listed | {
        "keys": "1", "saved": {"answer": "1"}, "answers": [], "answeredBy": None,
        "hasLeftMessage": False, "callbackAt": None, "transfers": [],
        "model": None, "quality": None, "endpoints": None,
        "transcript": [{"role": "bot", "text": "Hello Ana.", "atMs": 0}],
    }  # fmt: skip
    assert await page_of(api) == {
        "data": [listed], "page": 1, "pageSize": 25, "totalCount": 1, "nextCursor": None,
    }  # fmt: skip


async def test_what_a_language_model_did_is_shown_and_masked_on_request(
    api: httpx.AsyncClient, scene: Scene, clock: FixedClock
) -> None:
    [claimed] = await scene.claim(limit=1)
    number = "+1 202 555 0142"
    used = {"name": "book", "outcome": "done", "arguments": number, "answer": "Dana is booked."}
    values: dict[str, Any] = {"who": "Dana", "numbers": [number], "sure": True}
    model = {"values": values, "misfits": [], "tools": [used], "tokens": 7, "failure": None}
    await answer_and_end(scene, claimed, clock, model=model)
    call = f"{URL}/{attempt_text(claimed.attempt_id)}"
    assert (await api.get(call)).json()["model"] == model
    shown = (await api.get(call, headers={"X-Exclude-PII": "true"})).json()["model"]
    assert shown["values"] == {"who": "[name]", "numbers": ["[phone]"], "sure": True}
    assert shown["tools"] == [{**used, "arguments": "[phone]", "answer": "[name] is booked."}]


async def test_which_endpoints_spoke_and_heard_is_told(
    api: httpx.AsyncClient, scene: Scene, clock: FixedClock
) -> None:
    [claimed] = await scene.claim(limit=1)
    used = {
        "speech": {"model": "s", "voice": "v", "failure": "the speech endpoint answered 500"},
        "hearing": {"model": "h", "failure": None},
    }
    await answer_and_end(scene, claimed, clock, endpoints=used)
    shown = (await api.get(f"{URL}/{attempt_text(claimed.attempt_id)}")).json()
    assert shown["endpoints"] == used


async def test_what_came_of_a_transfer_is_told(
    api: httpx.AsyncClient, scene: Scene, clock: FixedClock
) -> None:
    [claimed] = await scene.claim(limit=1)
    told = {"step": "desk", "to": "+12025550160", "outcome": "refused", "status": 486, "atMs": 900}
    await answer_and_end(
        scene, claimed, clock, disposition=Disposition.TRANSFERRED, transfers=[told]
    )
    shown = (await api.get(f"{URL}/{attempt_text(claimed.attempt_id)}")).json()
    assert (shown["disposition"], shown["transfers"]) == ("transferred", [told])


async def test_who_it_was_is_left_out_on_request(
    api: httpx.AsyncClient, scene: Scene, clock: FixedClock
) -> None:
    card = "4111111111111111"
    [claimed] = await scene.claim(limit=1)
    answer: dict[str, Any] = {
        "step": "who", "question": "Is this Dana?", "type": "text", "value": "four one one 1 2 3 4",
        "by": "speech", "said": "Yes, Dana, call me at +1 202 555 0142.", "score": None,
        "atMs": 900,
    }  # fmt: skip
    await answer_and_end(
        scene,
        claimed,
        clock,
        keys=card,
        saved={"card": card, "good": "yes"},
        answers=[answer],
        questions=1,
        transcript=[
            {"role": "bot", "text": "Hello Dana.", "atMs": 0},
            *({"role": "callee", "text": each, "atMs": 1} for each in card),
            {"role": "callee", "text": "It is four one one one.", "atMs": 2},
            {"role": "callee", "text": "One one one one.", "atMs": 3},
        ],
    )
    call = f"{URL}/{attempt_text(claimed.attempt_id)}"
    masked = {"X-Exclude-PII": "true"}
    shown = (await api.get(call, headers=masked)).json()
    assert shown["to"] == "[phone]"
    assert shown["from"] == "+12025550100", "it is ours"
    assert (shown["keys"], shown["saved"]) == ("[card]", {"card": "[card]", "good": "yes"})
    assert [line["text"] for line in shown["transcript"]] == [
        "Hello [name].",
        *["[number]"] * 16,
        "It is [number].",
        "[number].",
    ]
    [given] = shown["answers"]
    assert (given["question"], given["value"]) == ("Is this [name]?", "[number]")
    assert given["said"] == "Yes, [name], call me at [phone]."
    responses = (await api.get(f"{call}/survey-results", headers=masked)).json()["responses"]
    assert responses == [given]
    [line] = (await api.get(URL, headers=masked)).json()["data"]
    assert line["to"] == "[phone]"
    plain = (await api.get(call)).json()
    assert plain["to"] == claimed.address
    assert plain["transcript"][0]["text"] == "Hello Dana."
    assert plain["answers"][0]["said"] == answer["said"]
    wrong = await api.get(call, headers={"X-Exclude-PII": "yes"})
    assert (wrong.status_code, set(codes(wrong))) == (400, {"X-Exclude-PII"})


async def test_a_number_typed_in_a_call_that_runs_is_left_out_too(
    api: httpx.AsyncClient, scene: Scene, clock: FixedClock
) -> None:
    [claimed] = await scene.claim(limit=1)
    await place(scene, claimed)
    for key in "4111111111111111":
        event = AttemptEvent(type=EventType.KEY, at=clock.now(), detail={"key": key, "at_ms": 1})
        await outcomes.record(scene.engine, attempt_id=claimed.attempt_id, event=event)
    call = f"{URL}/{attempt_text(claimed.attempt_id)}"
    shown = (await api.get(call, headers={"X-Exclude-PII": "true"})).json()
    assert [line["text"] for line in shown["transcript"]] == ["[number]"] * 16


async def test_what_was_never_sent_is_no_call(api: httpx.AsyncClient, scene: Scene) -> None:
    [claimed] = await scene.claim(limit=1)
    assert (await page_of(api))["totalCount"] == 0
    call = f"{URL}/{attempt_text(claimed.attempt_id)}"
    assert (await api.get(call)).status_code == 404
    await place(scene, claimed)
    assert (await api.get(call)).json()["state"] == "sending"


async def test_pages_and_cursors_cover_every_call_once_newest_first(
    api: httpx.AsyncClient, scene: Scene, clock: FixedClock
) -> None:
    # Two to a moment: only the id tells their order.
    for number in range(3):
        for claimed in await scene.claim(limit=2):
            await place(scene, claimed)
        clock.moment += timedelta(seconds=number)
    whole = (await page_of(api, pageSize=100))["data"]
    assert len(whole) == 6
    assert [each["createdAt"] for each in whole] == sorted(
        (each["createdAt"] for each in whole), reverse=True
    )
    for size in (1, 2, 4, 6):
        by_page: list[object] = []
        for page in range(1, -(-6 // size) + 1):
            found = await page_of(api, page=page, pageSize=size)
            assert (found["page"], found["totalCount"]) == (page, 6)
            by_page += found["data"]
        assert by_page == whole
        by_cursor: list[object] = []
        query: dict[str, Any] = {"pageSize": size}
        while query:
            found = await page_of(api, **query)
            by_cursor += found["data"]
            cursor = found["nextCursor"]
            query = {"pageSize": size, "cursor": cursor} if cursor else {}
        assert by_cursor == whole
    followed = await page_of(api, cursor=whole[0]["id"])
    assert (followed["page"], followed["totalCount"]) == (None, 6)


async def test_calls_are_narrowed(api: httpx.AsyncClient, scene: Scene, clock: FixedClock) -> None:
    first, second, third = await scene.claim(limit=3)
    await answer_and_end(scene, first, clock)
    await refuse(scene, second, Disposition.BUSY)
    await place(scene, third)

    async def count(**query: Any) -> int:
        return int((await page_of(api, **query))["totalCount"])

    assert await count(state="ended") == 2
    assert await count(state="sending", campaignId=scene.campaign_id) == 1
    assert await count(campaignId="camp_none") == 0
    assert (await count(direction="outbound"), await count(direction="inbound")) == (3, 0)
    assert await count(dateFrom="2026-03-10", dateTo="2026-03-10") == 3
    assert await count(dateFrom="2026-03-10T15:00:00Z", dateTo="2026-03-10T15:00:00Z") == 3
    assert await count(dateTo="2026-03-09") == await count(dateFrom="2026-03-11") == 0


async def test_bad_parameters_are_named(api: httpx.AsyncClient) -> None:
    for query, wrong in (
        ("page=101&pageSize=100", "cursor"), ("page=401", "cursor"),
        ("page=10001&pageSize=1", "cursor"), ("cursor=x", "cursor"), ("cursor=tgt_1", "cursor"),
        ("cursor=att_" + "0" * 32 + "&page=2", "page"),
        ("state=done", "state"), ("direction=in", "direction"), ("limit=5", "limit"),
        ("page=0", "page"), ("pageSize=101", "pageSize"),
        ("dateFrom=2026-02-02&dateTo=2026-02-01", "dateFrom"),
    ):  # fmt: skip
        answer = await api.get(f"{URL}?{query}")
        assert (answer.status_code, set(codes(answer))) == (400, {wrong}), query
    for query in ("page=100&pageSize=100", "page=400", "page=10000&pageSize=1"):
        assert (await api.get(f"{URL}?{query}")).status_code == 200, query


async def test_a_cursor_of_no_call_of_ours_leads_nowhere(api: httpx.AsyncClient) -> None:
    assert (await page_of(api, cursor="att_" + "0" * 32))["data"] == []


async def test_a_recording_has_a_link_for_fifteen_minutes(
    api: httpx.AsyncClient, knock: Knock, scene: Scene, clock: FixedClock
) -> None:
    [claimed] = await scene.claim(limit=1)
    await answer_and_end(scene, claimed, clock, recording_key="recordings/1.wav")
    clock.forward(microseconds=700_000)
    url = f"{URL}/{attempt_text(claimed.attempt_id)}/recording-url"
    link = await api.get(url)
    assert link.json()["expiresAt"] == "2026-03-10T15:15:16Z"
    assert link.json()["url"].startswith("http://campana.test/v1/recordings/")
    assert link.headers["cache-control"] == "no-store"
    voice_only = await knock(scopes=["voice:read"])
    assert (await voice_only.get(url)).json()["code"] == "insufficient_scope"


async def test_a_call_without_a_recording_has_no_link(api: httpx.AsyncClient, scene: Scene) -> None:
    [claimed] = await scene.claim(limit=1)
    await place(scene, claimed)
    answer = await api.get(f"{URL}/{attempt_text(claimed.attempt_id)}/recording-url")
    assert (answer.status_code, answer.json()["detail"]) == (404, "this call has no recording")


async def test_what_was_said_so_far_is_shown_while_the_call_runs(
    api: httpx.AsyncClient, scene: Scene, clock: FixedClock
) -> None:
    [claimed] = await scene.claim(limit=1)
    await place(scene, claimed)
    for kind, detail in (
        (EventType.ANSWERED, {}),
        (EventType.SAID, {"text": "Can you come?", "at_ms": 300, "step": "q"}),
        (EventType.HEARD, {"text": "Yes.", "at_ms": 2100, "wish": None}),
        (EventType.KEY, {"key": "1", "at_ms": 3000}),
    ):
        event = AttemptEvent(type=kind, at=clock.forward(seconds=1), detail=detail)
        await outcomes.record(scene.engine, attempt_id=claimed.attempt_id, event=event)
    shown = (await api.get(f"{URL}/{attempt_text(claimed.attempt_id)}")).json()
    assert shown["state"] == "in_progress"
    assert shown["transcript"] == [
        {"role": "bot", "text": "Can you come?", "atMs": 300},
        {"role": "callee", "text": "Yes.", "atMs": 2100},
        {"role": "callee", "text": "1", "atMs": 3000},
    ]


async def test_a_call_that_the_person_made_is_told_from_ours_and_their_number_masked(
    api: httpx.AsyncClient, scene: Scene, clock: FixedClock
) -> None:
    ours, theirs = await scene.claim(limit=2)
    for each in (ours, theirs):
        await answer_and_end(scene, each, clock)
    async with scene.engine.db.transaction() as tx:
        await tx.execute(
            "update attempts set direction = 'inbound' where id = %s", [theirs.attempt_id]
        )
        await tx.execute(
            "update voice_calls set from_number = to_number, to_number = from_number"
            " where attempt_id = %s",
            [theirs.attempt_id],
        )
    [shown] = (await page_of(api, direction="inbound"))["data"]
    assert (shown["id"], shown["from"], shown["to"]) == (
        attempt_text(theirs.attempt_id),
        theirs.address,
        "+12025550100",
    )
    assert (await page_of(api, direction="outbound"))["totalCount"] == 1
    masked = await api.get(f"{URL}/{shown['id']}", headers={"X-Exclude-PII": "true"})
    assert theirs.address not in masked.text
    assert masked.json()["to"] == "+12025550100"
    target = f"/v1/campaigns/{scene.campaign_id}/targets/{shown['targetId']}"
    [attempt] = (await api.get(target)).json()["attempts"]
    assert attempt["direction"] == "inbound"
    history = (await api.get(f"/v1/contacts/{shown['contactId']}/history")).json()["data"]
    assert history[0]["detail"]["direction"] == "inbound"
    file = await api.get(f"/v1/campaigns/{scene.campaign_id}/export?what=attempts&format=csv")
    assert sorted(line.split(",")[-1] for line in file.text.splitlines()) == [
        "direction",
        "inbound",
        "outbound",
    ]
