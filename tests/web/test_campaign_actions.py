"""Launch, pause, resume, cancel over HTTP; that they do what they say is `tests/services`."""

from __future__ import annotations

import httpx
import pytest

from campana.domain.campaign import TRANSITIONS, Action, CampaignState
from campana.services.context import Context
from tests.support.campaign import ANA, BOT, add_channel, add_list, person
from tests.web.rows import add_campaign, codes

DRAFT = {"name": "N", "type": "VoiceBot", "channelType": "Voice"}


@pytest.fixture
async def ready(api: httpx.AsyncClient, context: Context, workspace_id: int) -> str:
    """The address of a draft that may be launched."""
    channel = await add_channel(context, workspace_id=workspace_id)
    people = await add_list(context, workspace_id=workspace_id, people=[person(ANA)])
    document = DRAFT | {"channel": channel.id, "contactList": people, "voiceBot": BOT}
    return (await api.post("/v1/campaigns", json=document)).headers["location"]


async def test_a_campaign_goes_through_its_life(api: httpx.AsyncClient, ready: str) -> None:
    for action, status in (
        ("launch", "Running"),
        ("pause", "Paused"),
        ("pause", "Paused"),
        ("resume", "Running"),
        ("cancel", "Completed"),
        ("cancel", "Completed"),
        ("archive", "Completed"),
        ("archive", "Completed"),
        ("unarchive", "Completed"),
    ):
        answer = await api.post(f"{ready}/{action}")
        assert (answer.status_code, answer.json()["status"]) == (200, status), action
        assert len(answer.json()) == 9
        shown = await api.get(ready)
        assert (shown.json(), shown.headers["etag"]) == (answer.json(), answer.headers["etag"])


async def test_what_is_not_ready_is_told_every_reason(api: httpx.AsyncClient) -> None:
    draft = (await api.post("/v1/campaigns", json=DRAFT)).headers["location"]
    refused = await api.post(f"{draft}/launch")
    assert (refused.status_code, refused.json()["code"]) == (422, "preflight_blocked")
    assert codes(refused).keys() == {"/voiceBot", "/contactList", "/channel"}
    assert (await api.get(draft)).json()["status"] == "Paused"


async def test_what_the_state_does_not_allow_is_a_conflict(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    for state in CampaignState:
        campaign = await add_campaign(context, workspace_id=workspace_id, state=state)
        for action in Action:
            if (state, action) in TRANSITIONS:
                continue
            answer = await api.post(f"/v1/campaigns/{campaign.id}/{action}")
            found = (answer.status_code, answer.json()["code"])
            assert found == (409, "invalid_transition"), (state, action)


async def test_an_archived_campaign_says_so_and_stays_among_all(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    made = await add_campaign(context, workspace_id=workspace_id, state=CampaignState.COMPLETED)
    place = f"/v1/campaigns/{made.id}"
    for action, archived in (("archive", True), ("archive", True), ("unarchive", False)):
        told = await api.post(f"{place}/{action}")
        assert told.status_code == 200
        shown = await api.get(place, params={"expand": "state"})
        assert shown.json()["state"]["archived"] is archived
        assert (await api.get(place)).headers["etag"] == told.headers["etag"]
        listed = await api.get("/v1/campaigns")
        assert [each["id"] for each in listed.json()["data"]] == [made.id]
    draft = (await api.post("/v1/campaigns", json=DRAFT)).headers["location"]
    refused = await api.post(f"{draft}/archive")
    assert refused.status_code == 409
    assert refused.json()["detail"] == "a draft cannot be archived: delete it instead"


async def test_an_action_takes_no_fields(api: httpx.AsyncClient, ready: str) -> None:
    refused = await api.post(f"{ready}/launch", json={"force": True, "now": 1})
    wrong = {"/force": "is not a known field", "/now": "is not a known field"}
    assert (refused.status_code, codes(refused)) == (400, wrong)
    assert (await api.post(f"{ready}/launch", json=[1])).status_code == 400
    assert (await api.post(f"{ready}/launch", json={})).status_code == 200


async def test_launching_twice_under_one_key_launches_once(
    api: httpx.AsyncClient, ready: str
) -> None:
    first, repeat, fresh = [
        await api.post(f"{ready}/launch", headers={"idempotency-key": key})
        for key in ("a", "a", "b")
    ]
    assert (first.status_code, repeat.content) == (200, first.content)
    assert fresh.status_code == 409


async def test_some_fields_cannot_change_once_launched(api: httpx.AsyncClient, ready: str) -> None:
    await api.post(f"{ready}/launch")
    refused = await api.patch(
        ready, json={"channelType": "SMS", "startDate": "2026-05-01"}, headers={"if-match": "*"}
    )
    assert refused.status_code == 409
    assert codes(refused).keys() == {"/channelType", "/startDate"}
    renamed = await api.patch(ready, json={"name": "New"}, headers={"if-match": "*"})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "New")
