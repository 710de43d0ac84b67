"""The events of a workspace, page by page."""

from __future__ import annotations

import httpx

from campana.domain.event import EventName
from campana.services.context import Context
from tests.support.telling import tell
from tests.web.rows import codes


async def test_pages_go_on_where_the_last_one_ended(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    ids = await tell(context, *(f"tgt_{n}" for n in range(5)), workspace_id=workspace_id)
    first = (await api.get("/v1/events?limit=2")).json()
    assert [each["id"] for each in first["data"]] == ids[:2]
    assert (first["nextAfter"], first["hasMore"]) == (ids[1], True)
    rest = (await api.get(f"/v1/events?limit=3&after={ids[1]}")).json()
    assert [each["id"] for each in rest["data"]] == ids[2:]
    assert (rest["nextAfter"], rest["hasMore"]) == (ids[4], False)
    # At the end one asks again from the same place.
    none = (await api.get(f"/v1/events?after={ids[4]}")).json()
    assert none == {"data": [], "nextAfter": ids[4], "hasMore": False}
    [new] = await tell(context, "tgt_6", workspace_id=workspace_id)
    again = (await api.get(f"/v1/events?after={ids[4]}")).json()
    assert [each["id"] for each in again["data"]] == [new]


async def test_an_event_as_it_is_shown(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    assert (await api.get("/v1/events")).json() == {
        "data": [], "nextAfter": None, "hasMore": False,
    }  # fmt: skip
    [event_id] = await tell(
        context,
        "camp_1",
        workspace_id=workspace_id,
        name=EventName.CAMPAIGN_PAUSED,
        campaign_id="camp_1",
    )
    [shown] = (await api.get("/v1/events")).json()["data"]
    assert shown == {
        "id": event_id,
        "type": "campaign.paused",
        "timestamp": "2026-03-10T15:00:00Z",
        "subject": "camp_1",
        "campaignId": "camp_1",
        "data": {"id": "camp_1"},
    }


async def test_a_change_through_the_api_is_there_at_once(api: httpx.AsyncClient) -> None:
    draft = {"name": "N", "type": "VoiceBot", "channelType": "Voice"}
    made = (await api.post("/v1/campaigns", json=draft)).json()
    [shown] = (await api.get("/v1/events")).json()["data"]
    assert (shown["type"], shown["subject"]) == ("campaign.created", made["id"])
    # What the contract shows of a campaign is what its event shows.
    assert made.items() <= shown["data"].items()


async def test_another_workspaces_events_are_not_there(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    [event_id] = await tell(context, "tgt_1", workspace_id=workspace_id)
    assert (await stranger.get("/v1/events")).json()["data"] == []
    assert (await stranger.get(f"/v1/events?after={event_id}")).json()["data"] == []
    assert len((await api.get("/v1/events")).json()["data"]) == 1


async def test_bad_parameters_are_named(api: httpx.AsyncClient) -> None:
    for after in ("41", "evt_", "evt_x", "tgt_1", "evt_-1", "evt_" + "9" * 30):
        answer = await api.get("/v1/events", params={"after": after})
        assert codes(answer) == {"after": "is not the id of an event"}, after
    assert set(codes(await api.get("/v1/events?limit=0&cursor=x"))) == {"limit", "cursor"}
    assert codes(await api.get("/v1/events?limit=1001")) == {"limit": "must be at most 1000"}


async def test_a_page_that_has_not_changed_is_not_sent_again(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    await tell(context, "tgt_1", workspace_id=workspace_id)
    first = await api.get("/v1/events")
    again = await api.get("/v1/events", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


async def test_an_event_that_is_not_there_yet_is_no_place_to_go_on_from(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    """As after a backup was restored: what was read since then is told of no more."""
    [newest] = await tell(context, "tgt_1", workspace_id=workspace_id)
    refused = await api.get("/v1/events?after=evt_999999999")
    assert refused.status_code == 400
    [problem] = refused.json()["errors"]
    assert problem["parameter"] == "after"
    assert "above every event" in problem["message"]
    # It names the place to go on from: what happens next is after it.
    known = problem["message"].split()[-1]
    assert (await api.get(f"/v1/events?after={known}")).json()["data"] == []
    [following] = await tell(context, "tgt_2", workspace_id=workspace_id)
    for place in (newest, known):
        found = (await api.get(f"/v1/events?after={place}")).json()
        assert [each["id"] for each in found["data"]] == [following]
