"""Asking about a campaign over HTTP: why it is not dialing, and what a launch would do."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from campana.services import control, dispatch
from campana.services.context import Context
from campana.store import owners
from tests.support.campaign import ANA, BOT, Scene, add_channel, add_list, launched, person
from tests.support.database import FixedClock
from tests.web.conftest import Knock
from tests.web.rows import add_campaign


async def why(api: httpx.AsyncClient, campaign_id: str) -> dict[str, Any]:
    answer = await api.get(f"/v1/campaigns/{campaign_id}/why")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert list(told) == ["state", "waitReason", "code", "sentence", "until"]
    shown = (await api.get(f"/v1/campaigns/{campaign_id}?expand=state")).json()["state"]
    # Two questions, one answer.
    assert (shown["state"], shown["waitReason"]) == (told["state"], told["waitReason"])
    return told


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    return await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])


async def test_one_campaign_through_its_life(
    api: httpx.AsyncClient, engine_context: Context, scene: Scene, clock: FixedClock
) -> None:
    campaign = f"/v1/campaigns/{scene.campaign_id}"
    told = await why(api, scene.campaign_id)
    assert (told["code"], told["waitReason"]) == ("no_worker", "capacity")

    async with engine_context.db.session() as session:
        await owners.serve(session, kind="voice_sip")
        assert (await why(api, scene.campaign_id))["code"] == "ready"
        clock.is_steady = False
        assert (await why(api, scene.campaign_id))["code"] == "clock_unsteady"
        clock.is_steady = True
        await scene.claim()
        assert (await why(api, scene.campaign_id))["code"] == "contacting"

    # So late that nothing of the claim can be sent any more: the answer comes at once.
    clock.forward(seconds=1)
    await pause_and_hang_up(api, campaign)
    told = await why(api, scene.campaign_id)
    assert told["code"] == "paused"
    assert told["sentence"] == (
        "It was paused by the key test at 2026-03-10 15:00 UTC: resume it to go on."
    )


async def pause_and_hang_up(api: httpx.AsyncClient, campaign: str) -> None:
    answer = await api.post(f"{campaign}/pause", json={"inFlight": "hangup"})
    assert answer.status_code == 200, answer.text


async def test_a_closed_window_says_when_it_opens(
    api: httpx.AsyncClient, scene: Scene, clock: FixedClock
) -> None:
    clock.forward(hours=12)
    told = await why(api, scene.campaign_id)
    assert (told["code"], told["waitReason"]) == ("window_closed", "window")
    assert told["until"] == "2026-03-11T12:00:00Z"
    assert "2026-03-11 12:00 UTC" in told["sentence"]


async def test_a_busy_channel_is_named(
    api: httpx.AsyncClient, engine_context: Context, context: Context, workspace_id: int
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id, name="Main line", lines=1)
    first, second = [
        await launched(
            engine_context,
            context,
            workspace_id=workspace_id,
            people=[person(ANA)] if n else [person("+12125550177")],
            channel=channel,
        )
        for n in range(2)
    ]
    async with engine_context.db.session() as session:
        await owners.serve(session, kind="voice_sip")
        for group in await dispatch.ready(engine_context, channel_ids=[channel.id]):
            if group.campaign_id == first.campaign_id:
                assert await dispatch.claim(
                    engine_context, group=group, channel_type="Voice", owner_id=1, limit=1
                )
        told = await why(api, second.campaign_id)
    assert (told["code"], told["waitReason"]) == ("channel_lines", "capacity")
    assert told["sentence"] == "All 1 lines of the channel Main line are in use."


async def test_a_more_urgent_campaign_that_takes_all_of_a_channel_is_named(
    api: httpx.AsyncClient, engine_context: Context, context: Context, workspace_id: int
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id, name="Main line", lines=1)
    urgent, other = [
        await launched(
            engine_context,
            context,
            workspace_id=workspace_id,
            people=people,
            channel=channel,
            name=name,
            priority=priority,
        )
        for name, priority, people in (
            ("Storm warning", "urgent", [person(ANA), person("+12125550178")]),
            ("Survey", "low", [person("+12125550177")]),
        )
    ]
    async with engine_context.db.session() as session:
        await owners.serve(session, kind="voice_sip")
        told = await why(api, other.campaign_id)
        assert (told["code"], told["waitReason"]) == ("more_urgent", "pacing")
        assert told["sentence"] == (
            "The channel Main line serves the campaign Storm warning first, which is more urgent"
            " and has people waiting: raise the priority of this one or the channel's rate, or it"
            " goes on when nobody waits there."
        )
        assert (await why(api, urgent.campaign_id))["code"] == "ready"
        for group in await dispatch.ready(engine_context, channel_ids=[channel.id]):
            if group.campaign_id == urgent.campaign_id:
                assert await dispatch.claim(
                    engine_context, group=group, channel_type="Voice", owner_id=1, limit=2
                )
        # Nobody waits there any more: whose line it is does not matter.
        assert (await why(api, other.campaign_id))["code"] == "channel_lines"


async def test_a_draft_and_a_stranger(
    api: httpx.AsyncClient,
    stranger: httpx.AsyncClient,
    knock: Knock,
    context: Context,
    workspace_id: int,
) -> None:
    from campana.domain.campaign import CampaignState

    draft = await add_campaign(context, workspace_id=workspace_id, state=CampaignState.DRAFT)
    assert (await why(api, draft.id))["code"] == "draft"
    assert (await stranger.get(f"/v1/campaigns/{draft.id}/why")).status_code == 404
    other = await knock(scopes=["campaigns:control"])
    assert (await other.get(f"/v1/campaigns/{draft.id}/why")).status_code == 403


async def test_preflight_tells_counts_hours_and_what_is_missing(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id)
    abroad = person("+442079460000", country="GB", zones=("Europe/London",))
    people = await add_list(context, workspace_id=workspace_id, people=[person(ANA), abroad])
    draft = {
        "name": "N",
        "type": "VoiceBot",
        "channelType": "Voice",
        "contactList": people,
        "channel": channel.id,
    }
    made = (await api.post("/v1/campaigns", json=draft)).json()["id"]
    answer = await api.post(f"/v1/campaigns/{made}/preflight")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["isReady"] is False
    assert told["problems"] == [
        {"pointer": "/voiceBot", "message": "a VoiceBot campaign needs one"}
    ]
    assert (told["people"], told["eligible"]) == (2, 1)
    assert told["skipped"] == {"country_not_allowed": 1}
    assert told["planned"] == [
        {"hour": "2026-03-10T15:00:00Z", "timeZones": ["America/New_York"], "attempts": 1}
    ]
    assert (told["firstAt"], told["cost"], told["notReached"]) == ("2026-03-10T15:00:00Z", None, 0)
    assert len(told["first"]) == min(20, told["eligible"])
    assert told["first"][0]["at"] == told["firstAt"]
    assert set(told["first"][0]) == {"at", "contactId", "address", "timeZones"}
    assert told["latestAt"] > told["lastAt"]

    changed = await api.patch(
        f"/v1/campaigns/{made}", json={"voiceBot": BOT}, headers={"if-match": "*"}
    )
    assert changed.status_code == 200
    assert (await api.post(f"/v1/campaigns/{made}/preflight")).json()["isReady"] is True
    await control.launch(context, workspace_id=workspace_id, campaign_id=made)
    assert (await api.post(f"/v1/campaigns/{made}/preflight")).json()["code"] == (
        "invalid_transition"
    )
