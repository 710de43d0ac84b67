"""Trying again, adding people and stopping over HTTP; and how much a channel may be used."""

from __future__ import annotations

import asyncio

import httpx

from campana.domain.disposition import Disposition
from campana.services import outcomes
from campana.services.context import Context
from tests.support.campaign import ANA, Scene, add_list, launched, person
from tests.support.database import FixedClock
from tests.support.waiting import eventually
from tests.web.rows import codes


async def unanswered(engine: Context, web: Context, workspace_id: int) -> Scene:
    """One person who did not answer."""
    scene = await launched(
        engine,
        web,
        workspace_id=workspace_id,
        people=[person(ANA)],
        cadence={"noAnswer": {"attempts": 1, "delaySeconds": 3600}},
    )
    [claimed] = await scene.claim()
    await outcomes.settle(
        engine, attempt_id=claimed.attempt_id, disposition=Disposition.NO_ANSWER, reason="480"
    )
    return scene


async def test_retry_answers_how_many_and_a_repeat_is_answered_from_memory(
    api: httpx.AsyncClient, engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await unanswered(engine_context, context, workspace_id)
    url, headers = f"/v1/campaigns/{scene.campaign_id}/retry", {"idempotency-key": "once"}
    for _ in range(2):
        answer = await api.post(url, json={"outcomes": ["no_answer", "busy"]}, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["reopened"] == 1
        assert answer.json()["outcomes"] == {"no_answer": 1}
        assert answer.json()["finished"] is None
        assert answer.json()["campaign"]["status"] == "Running"
    again = await api.post(url, json={"outcomes": ["no_answer"]})
    assert (again.json()["reopened"], again.json()["outcomes"]) == (0, {})
    assert again.json()["finished"] == {}


async def test_who_finds_nobody_is_told_with_what_people_did_finish(
    api: httpx.AsyncClient, engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await unanswered(engine_context, context, workspace_id)
    url = f"/v1/campaigns/{scene.campaign_id}/retry"
    answer = await api.post(url, json={"outcomes": ["undelivered"]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["reopened"] == 0
    assert answer.json()["finished"] == {"no_answer": 1}


async def test_wishes_that_cannot_be_are_refused_by_name(
    api: httpx.AsyncClient, engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await unanswered(engine_context, context, workspace_id)
    url = f"/v1/campaigns/{scene.campaign_id}"
    for body, wrong in (
        ({}, "/outcomes"),
        ({"outcomes": []}, "/outcomes"),
        ({"outcomes": ["lost"]}, "/outcomes/0"),
        ({"outcomes": ["busy", "completed"]}, "/outcomes/1"),
        ({"outcomes": ["busy"], "now": True}, "/now"),
    ):
        answer = await api.post(f"{url}/retry", json=body)
        assert (answer.status_code, set(codes(answer))) == (400, {wrong}), body
    answer = await api.post(f"{url}/targets", json={"contactList": "nobody"})
    assert (answer.status_code, set(codes(answer))) == (400, {"/contactList"})
    answer = await api.post(f"{url}/pause", json={"inFlight": "cut"})
    assert (answer.status_code, set(codes(answer))) == (400, {"/inFlight"})


async def test_people_are_added_in_the_background(
    api: httpx.AsyncClient, engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await unanswered(engine_context, context, workspace_id)
    await add_list(context, workspace_id=workspace_id, people=[person("+12125550177")], name="more")
    answer = await api.post(
        f"/v1/campaigns/{scene.campaign_id}/targets", json={"contactList": "more"}
    )
    assert (answer.status_code, answer.json()["status"]) == (202, "Running")
    assert await scene.rows(
        "select count(*) from enrollments where finished_at is null and campaign_id = %s",
        scene.campaign_id,
    ) == [(1,)]


async def test_a_stop_without_a_body_drains_and_with_one_may_hang_up(
    api: httpx.AsyncClient,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    await scene.claim(limit=1)
    url = f"/v1/campaigns/{scene.campaign_id}"
    ordered = "select count(*) from attempts where hang_up_at is not null"
    for body, action, count in ((None, "pause", 0), ({"inFlight": "hangup"}, "cancel", 3)):
        stopping = asyncio.create_task(api.post(f"{url}/{action}", json=body))
        await eventually(lambda: scene.rows("select 1 from campaigns where state <> 'running'"))
        clock.forward(seconds=1)
        assert (await stopping).status_code == 200
        assert await scene.rows(ordered) == [(count,)]


async def test_a_channels_limits_are_changed_and_nothing_else_of_it(
    api: httpx.AsyncClient, engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    url = f"/v1/channels/{scene.channel.id}"
    before = (await api.get(url)).json()
    assert before["dailyAttempts"] is None
    answer = await api.patch(url, json={"rate": 2.5, "dailyAttempts": 100})
    assert answer.status_code == 200, answer.text
    assert answer.json() == before | {"rate": 2.5, "dailyAttempts": 100}
    assert (await api.get(url)).json() == answer.json()
    assert (await api.patch(url, json={"dailyAttempts": None})).json()["dailyAttempts"] is None
    refused = await api.patch(url, json={"kind": "sandbox", "lines": 0})
    assert (refused.status_code, set(codes(refused))) == (400, {"/kind", "/lines"})
    by_name = await api.patch(f"/v1/channels/{scene.channel.name}", json={"rate": 1})
    assert by_name.status_code == 404
