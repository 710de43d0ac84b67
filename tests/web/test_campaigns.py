"""The contract's two GETs, byte for byte, and the making, changing and deleting of campaigns."""

from __future__ import annotations

from typing import Any

import httpx

from campana.domain.campaign import CampaignState, CampaignType, ChannelType
from campana.services.context import Context
from tests.support.database import FixedClock
from tests.web.rows import add_campaign, at, codes

ONE = (
    b'{"id":"camp_789","name":"January reminders","description":"Reminds of an appointment.",'
    b'"type":"VoiceBot","status":"Running","channelType":"Voice",'
    b'"startDate":"2024-01-15T00:00:00Z","endDate":"2024-03-31T23:59:59Z",'
    b'"createdAt":"2024-01-10T14:30:00Z"}'
)

DRAFT: dict[str, Any] = {"name": "Reminders", "type": "VoiceBot", "channelType": "Voice"}


async def add_example(context: Context, workspace_id: int) -> None:
    await add_campaign(
        context,
        workspace_id=workspace_id,
        id="camp_789",
        name="January reminders",
        description="Reminds of an appointment.",
        start_date=at("2024-01-15"),
        end_date=at("2024-03-31T23:59:59Z"),
        created_at=at("2024-01-10T14:30:00Z"),
    )


async def test_a_clone_is_a_draft_that_says_the_same_but_for_what_is_over(
    api: httpx.AsyncClient, clock: FixedClock
) -> None:
    clock.moment = at("2024-01-10")
    asked = DRAFT | {
        "description": "Once more.",
        "startDate": "2024-01-15T00:00:00Z",
        "endDate": "2024-03-31T23:59:59Z",
    }
    made = (await api.post("/v1/campaigns", json=asked)).json()
    clock.moment = at("2024-02-01")
    cloned = await api.post(f"/v1/campaigns/{made['id']}/clone")
    assert cloned.status_code == 201
    kept = (await api.get(cloned.headers["location"])).json()
    assert kept == cloned.json()
    assert kept["id"] != made["id"]
    changed = {key: value for key, value in kept.items() if value != made[key]}
    assert changed == {
        "id": kept["id"],
        "name": "Copy of Reminders",
        "startDate": None,
        "createdAt": "2024-02-01T00:00:00Z",
    }
    assert (await api.post("/v1/campaigns/camp_none/clone")).status_code == 404
    refused = await api.post(f"/v1/campaigns/{made['id']}/clone", json={"name": "Mine"})
    assert refused.status_code == 400


async def test_a_campaign_comes_back_byte_for_byte(
    api: httpx.AsyncClient, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    clock.moment = at("2024-02-01")
    await add_example(context, workspace_id)
    answer = await api.get("/v1/campaigns/camp_789")
    assert (answer.status_code, answer.content) == (200, ONE)
    assert answer.headers["content-type"] == "application/json"


async def test_a_page_comes_back_byte_for_byte(
    api: httpx.AsyncClient, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    clock.moment = at("2024-02-01")
    await add_example(context, workspace_id)
    answer = await api.get("/v1/campaigns")
    assert answer.content == b'{"data":[%s],"page":1,"pageSize":25,"totalCount":1}' % ONE
    assert answer.headers["content-type"] == "application/json"


async def test_past_its_end_date_the_same_campaign_is_completed(
    api: httpx.AsyncClient, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    clock.moment = at("2024-02-01")
    await add_example(context, workspace_id)
    assert (await api.get("/v1/campaigns")).json()["data"][0]["status"] == "Running"
    clock.moment = at("2024-04-01")
    completed = ONE.replace(b"Running", b"Completed")
    assert (await api.get("/v1/campaigns/camp_789")).content == completed
    assert completed in (await api.get("/v1/campaigns")).content


async def test_absent_values_are_null(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    await add_campaign(
        context, workspace_id=workspace_id, id="camp_1", name="N", type=CampaignType.FLOW,
        channel_type=ChannelType.WHATSAPP, state=CampaignState.DRAFT,
    )  # fmt: skip
    assert (await api.get("/v1/campaigns/camp_1")).content == (
        b'{"id":"camp_1","name":"N","description":null,"type":"Flow","status":"Paused",'
        b'"channelType":"WhatsApp","startDate":null,"endDate":null,'
        b'"createdAt":"2026-03-10T15:00:00Z"}'
    )


async def test_each_state_has_its_status(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    statuses = {
        "draft": "Paused", "paused": "Paused", "tripped": "Paused", "running": "Running",
        "completed": "Completed", "cancelled": "Completed", "expired": "Completed",
    }  # fmt: skip
    for state, status in statuses.items():
        made = await add_campaign(context, workspace_id=workspace_id, state=CampaignState(state))
        shown = (await api.get(f"/v1/campaigns/{made.id}")).json()
        assert shown["status"] == status, state


async def test_creating_needs_three_fields_and_makes_a_draft(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/campaigns", json=DRAFT)
    assert made.status_code == 201
    shown = made.json()
    assert list(shown) == [
        "id", "name", "description", "type", "status", "channelType", "startDate", "endDate",
        "createdAt",
    ]  # fmt: skip
    assert shown["id"].startswith("camp_")
    assert shown["status"] == "Paused"
    assert made.headers["location"] == f"/v1/campaigns/{shown['id']}"
    assert (await api.get(made.headers["location"])).json() == shown


async def test_a_date_alone_is_its_first_or_last_instant(api: httpx.AsyncClient) -> None:
    dates = {"startDate": "2026-04-01", "endDate": "2026-04-30"}
    shown = (await api.post("/v1/campaigns", json=DRAFT | dates)).json()
    assert shown["startDate"] == "2026-04-01T00:00:00Z"
    assert shown["endDate"] == "2026-04-30T23:59:59Z"


async def test_everything_wrong_with_a_body_is_named_at_once(api: httpx.AsyncClient) -> None:
    body = {"type": "Bot", "channelType": "Fax", "naem": "x", "lines": 0, "endDate": "soon"}
    refused = await api.post("/v1/campaigns", json=body)
    assert refused.status_code == 400
    wrong = {"/type", "/channelType", "/naem", "/endDate", "/name"}
    assert wrong <= codes(refused).keys()
    assert (await api.get("/v1/campaigns")).json()["totalCount"] == 0


async def test_what_is_ours_cannot_be_written(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/campaigns", json=DRAFT)
    ours = {
        "id": "camp_mine", "status": "Running", "createdAt": "2020-01-01T00:00:00Z",
        "state": "running", "version": 7, "workspaceId": 2, "launchedAt": "2020-01-01T00:00:00Z",
    }  # fmt: skip
    for answer in (
        await api.post("/v1/campaigns", json=DRAFT | ours),
        await api.patch(made.headers["location"], json=ours, headers={"if-match": "*"}),
    ):
        assert answer.status_code == 400
        assert codes(answer) == {f"/{name}": "is not a known field" for name in ours}
    assert (await api.get(made.headers["location"])).json() == made.json()


async def test_a_patch_changes_what_it_names_and_null_removes(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/campaigns", json=DRAFT | {"description": "old"})
    patch = {"name": "New", "description": None}
    changed = await api.patch(
        made.headers["location"], json=patch, headers={"if-match": made.headers["etag"]}
    )
    assert changed.status_code == 200
    assert changed.json() == made.json() | patch
    assert (await api.get(made.headers["location"])).json() == changed.json()


async def test_a_patch_may_say_it_is_one(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/campaigns", json=DRAFT)
    changed = await api.patch(
        made.headers["location"],
        content=b'{"name":"New"}',
        headers={"if-match": "*", "content-type": "application/merge-patch+json"},
    )
    assert changed.json()["name"] == "New"


async def test_a_patch_cannot_remove_what_is_needed(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/campaigns", json=DRAFT)
    refused = await api.patch(
        made.headers["location"], json={"name": None}, headers={"if-match": "*"}
    )
    assert codes(refused) == {"/name": "is required"}


async def test_only_a_draft_can_be_deleted(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    draft = (await api.post("/v1/campaigns", json=DRAFT)).headers["location"]
    gone = await api.delete(draft)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await api.get(draft)).status_code == 404
    running = await add_campaign(context, workspace_id=workspace_id)
    refused = await api.delete(f"/v1/campaigns/{running.id}")
    assert (refused.status_code, refused.json()["code"]) == (409, "invalid_transition")
