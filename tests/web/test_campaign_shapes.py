"""`expand`: the state behind the status, the configuration as written, and progress."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from campana.domain.campaign import CampaignState
from campana.domain.disposition import Disposition
from campana.services import windows
from campana.services.context import Context
from campana.store import owners
from tests.support.campaign import BOT, Scene, launched
from tests.support.database import FixedClock
from tests.web.calls import answer_and_end, place, refuse
from tests.web.rows import add_campaign

NINE = 9


async def state_of(api: httpx.AsyncClient, scene: Scene) -> dict[str, Any]:
    shown = await api.get(f"/v1/campaigns/{scene.campaign_id}", params={"expand": "state"})
    return shown.json()["state"]


def told(state: str, reason: str | None = None) -> dict[str, Any]:
    return {"state": state, "waitReason": reason, "archived": False}


async def test_only_what_is_asked_for_is_added_in_one_order(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    await add_campaign(context, workspace_id=workspace_id, id="camp_1")
    for expand in ("state", "configuration", "progress", "progress,state", "state,state"):
        wanted = [k for k in ("state", "configuration", "progress") if k in expand]
        one = (await api.get("/v1/campaigns/camp_1", params={"expand": expand})).json()
        assert list(one)[NINE:] == wanted
        page = (await api.get("/v1/campaigns", params={"expand": expand})).json()
        assert page["data"] == [one]
    assert len((await api.get("/v1/campaigns/camp_1")).json()) == NINE


async def test_each_stored_state_has_its_word(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    for state in CampaignState:
        if state is not CampaignState.RUNNING:
            await add_campaign(context, workspace_id=workspace_id, state=state)
    page = (await api.get("/v1/campaigns?expand=state")).json()["data"]
    assert {(each["state"]["state"], each["status"]) for each in page} == {
        ("Draft", "Paused"), ("Paused", "Paused"), ("Tripped", "Paused"),
        ("Completed", "Completed"), ("Cancelled", "Completed"), ("Expired", "Completed"),
    }  # fmt: skip


async def test_past_its_end_a_running_campaign_is_expired(
    api: httpx.AsyncClient, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    await add_campaign(
        context, workspace_id=workspace_id, id="camp_1", end_date=clock.now() + timedelta(hours=1)
    )
    clock.forward(hours=2)
    shown = (await api.get("/v1/campaigns/camp_1?expand=state")).json()
    assert (shown["status"], shown["state"]) == ("Completed", told("Expired"))


async def test_a_running_campaign_says_what_it_waits_for(
    api: httpx.AsyncClient,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
) -> None:
    tomorrow = (clock.now() + timedelta(days=1)).isoformat()
    scene = await launched(engine_context, context, workspace_id=workspace_id, startDate=tomorrow)
    assert await state_of(api, scene) == told("Scheduled", "start")
    clock.forward(days=1)
    await windows.refresh_all(engine_context)
    assert await state_of(api, scene) == told("Waiting", "capacity")
    async with engine_context.db.session() as worker:
        await owners.serve(worker, kind="voice_sip")
        assert await state_of(api, scene) == told("Running")
    # Ten at night in Los Angeles, the last to close.
    clock.forward(hours=14)
    assert await state_of(api, scene) == told("Waiting", "window")


async def test_a_running_campaign_tells_talking_from_waiting_to_retry(
    api: httpx.AsyncClient,
    engine_context: Context,
    context: Context,
    workspace_id: int,
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, keepOpen=True)
    first, *others = await scene.claim()
    await place(scene, first)
    for other in others:
        await refuse(scene, other, Disposition.BUSY)
    async with engine_context.db.session() as worker:
        await owners.serve(worker, kind="voice_sip")
        assert await state_of(api, scene) == told("Running")


async def test_all_busy_is_waiting_for_retries_and_nobody_left_for_contacts(
    api: httpx.AsyncClient,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, keepOpen=True)
    for claimed in await scene.claim():
        await refuse(scene, claimed, Disposition.BUSY)
    assert await state_of(api, scene) == told("Waiting", "retries")
    clock.forward(minutes=15)
    for claimed in await scene.claim():
        await answer_and_end(scene, claimed, clock)
    assert await state_of(api, scene) == told("Waiting", "contacts")


async def test_the_configuration_is_what_was_written_besides_the_nine_keys(
    api: httpx.AsyncClient,
) -> None:
    document = {
        "name": "N", "type": "VoiceBot", "channelType": "Voice", "description": "d",
        "startDate": "2026-04-01", "endDate": "2026-04-30", "voiceBot": BOT,
        "cadence": {"maxAttempts": 2}, "keepOpen": True,
    }  # fmt: skip
    made = await api.post("/v1/campaigns", json=document)
    shown = (await api.get(f"{made.headers['location']}?expand=configuration")).json()
    assert shown["configuration"] == {
        "voiceBot": BOT, "cadence": {"maxAttempts": 2}, "keepOpen": True,
    }  # fmt: skip


async def test_progress_counts_targets(
    api: httpx.AsyncClient,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    first, second, _ = await scene.claim()
    await answer_and_end(scene, first, clock)
    await refuse(scene, second, Disposition.BUSY)
    await add_campaign(context, workspace_id=workspace_id)
    page = (await api.get("/v1/campaigns?expand=progress")).json()["data"]
    assert {each["id"] == scene.campaign_id: each["progress"] for each in page} == {
        True: {
            "total": 3, "waiting": 1, "attempting": 1, "talking": 0, "finished": 1,
            "dispositions": {"completed": 1},
        },
        False: {
            "total": 0, "waiting": 0, "attempting": 0, "talking": 0, "finished": 0,
            "dispositions": {},
        },
    }  # fmt: skip
