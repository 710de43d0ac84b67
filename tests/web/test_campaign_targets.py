"""Statistics, targets by cursor and filter, and one target with all that happened."""

from __future__ import annotations

import httpx
import pytest

from campana.domain.disposition import Disposition
from campana.services.context import Context
from tests.support.campaign import Scene, launched, person
from tests.support.database import FixedClock
from tests.web.calls import answer_and_end, place, refuse
from tests.web.rows import codes


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    people = [person(f"+1212555010{n}") for n in range(5)]
    return await launched(engine_context, context, workspace_id=workspace_id, people=people)


async def test_statistics_count_targets_attempts_and_talk(
    api: httpx.AsyncClient, scene: Scene, clock: FixedClock
) -> None:
    first, second, third, *_ = await scene.claim(limit=3)
    await answer_and_end(scene, first, clock)
    await refuse(scene, second, Disposition.BUSY)
    await place(scene, third)
    stats = await api.get(f"/v1/campaigns/{scene.campaign_id}/stats")
    assert stats.json() == {
        "targets": {"total": 5, "waiting": 3, "attempting": 1, "talking": 0, "finished": 1},
        "dispositions": {"completed": 1},
        "attempts": {"completed": 1, "busy": 1},
        "openAttempts": 1,
        "retries": 0,
        "talkSeconds": 12.5,
    }


async def test_targets_come_in_order_each_once(api: httpx.AsyncClient, scene: Scene) -> None:
    url = f"/v1/campaigns/{scene.campaign_id}/targets"
    whole = (await api.get(url)).json()
    assert len(whole["data"]) == 5
    assert whole["nextCursor"] is None
    for limit in (1, 2, 4, 5):
        seen: list[object] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await api.get(url, params={"limit": limit, **cursor})).json()
            seen += page["data"]
            if page["nextCursor"] is None:
                break
            assert len(page["data"]) == limit
            cursor = {"cursor": page["nextCursor"]}
        assert seen == whole["data"]


async def test_targets_are_narrowed_by_state_and_disposition(
    api: httpx.AsyncClient, scene: Scene, clock: FixedClock
) -> None:
    first, second = await scene.claim(limit=2)
    await answer_and_end(scene, first, clock)
    await place(scene, second)
    url = f"/v1/campaigns/{scene.campaign_id}/targets"

    async def addresses(**query: str) -> set[str]:
        return {each["address"] for each in (await api.get(url, params=query)).json()["data"]}

    assert await addresses(state="finished") == {first.address}
    assert await addresses(disposition="completed") == {first.address}
    assert await addresses(state="attempting") == {second.address}
    assert len(await addresses(state="waiting")) == 3
    assert await addresses(state="waiting", disposition="completed") == set()


async def test_bad_parameters_are_named(api: httpx.AsyncClient, scene: Scene) -> None:
    url = f"/v1/campaigns/{scene.campaign_id}/targets"
    for query, wrong in (
        ("limit=0", "limit"), ("limit=1001", "limit"), ("cursor=x", "cursor"),
        ("cursor=ctc_1", "cursor"), ("state=done", "state"), ("disposition=x", "disposition"),
        ("page=1", "page"), ("cursor=", "cursor"),
    ):  # fmt: skip
        answer = await api.get(f"{url}?{query}")
        assert (answer.status_code, set(codes(answer))) == (400, {wrong}), query


async def test_a_target_tells_each_attempt_and_what_happened(
    api: httpx.AsyncClient, scene: Scene, clock: FixedClock
) -> None:
    [claimed] = await scene.claim(limit=1)
    await refuse(scene, claimed, Disposition.BUSY)
    clock.forward(minutes=15)
    again = next(c for c in await scene.claim() if c.target_id == claimed.target_id)
    await answer_and_end(scene, again, clock)
    url = f"/v1/campaigns/{scene.campaign_id}/targets/tgt_{claimed.target_id}"
    shown = (await api.get(url)).json()
    assert (shown["state"], shown["disposition"]) == ("finished", "completed")
    assert (shown["attemptCount"], shown["dueAt"]) == (2, None)
    first, second = shown["attempts"]
    assert (first["number"], first["state"], first["disposition"]) == (1, "ended", "busy")
    assert first["answeredAt"] is None
    assert [event["type"] for event in first["events"]] == ["intent", "sending", "ended"]
    assert (second["number"], second["disposition"]) == (2, "completed")
    assert second["answeredAt"] == "2026-03-10T15:15:03Z"
    assert second["endedAt"] == "2026-03-10T15:15:15Z"
    kinds = [event["type"] for event in second["events"]]
    assert kinds == ["intent", "sending", "answered", "key", "ended"]
    assert second["events"][3] == {
        "type": "key", "at": "2026-03-10T15:15:03Z", "detail": {"key": "1"},
    }  # fmt: skip


async def test_a_target_of_another_campaign_is_not_found(
    api: httpx.AsyncClient, scene: Scene, engine_context: Context, context: Context
) -> None:
    other = await launched(
        engine_context,
        context,
        workspace_id=scene.workspace_id,
        channel=scene.channel,
        people=[person("+13125550101")],
    )
    [target] = (await api.get(f"/v1/campaigns/{other.campaign_id}/targets")).json()["data"]
    url = f"/v1/campaigns/{other.campaign_id}/targets/{target['id']}"
    assert (await api.get(url)).status_code == 200
    for campaign_id, target_id in (
        (scene.campaign_id, target["id"]),
        ("camp_none", target["id"]),
        (other.campaign_id, "tgt_999999"),
        (other.campaign_id, "999999"),
        (other.campaign_id, "tgt_" + "9" * 30),
    ):
        answer = await api.get(f"/v1/campaigns/{campaign_id}/targets/{target_id}")
        assert answer.status_code == 404, (campaign_id, target_id)
