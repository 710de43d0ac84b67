"""Campaigns as people write and change them, up to what a launch makes final."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from campana.domain.campaign import Campaign, CampaignState
from campana.domain.errors import (
    CampanaError,
    InvalidParameter,
    InvalidTransition,
    NotFound,
    VersionMismatch,
)
from campana.services import accounts, campaigns, control, lists
from campana.services.context import Context
from tests.support.campaign import add_channel, add_list, launched, person
from tests.support.database import NOW, FixedClock

LEAST: Mapping[str, Any] = {"name": "Reminder", "type": "VoiceBot", "channelType": "Voice"}
OVERNIGHT = {"mon": [{"from": "00:00", "to": "24:00"}]}


async def made(context: Context, workspace_id: int, **document: Any) -> Campaign:
    return await campaigns.create(context, workspace_id=workspace_id, raw={**LEAST, **document})


async def change(
    context: Context, campaign: Campaign, version: int | None = None, **patch: Any
) -> Campaign:
    return await campaigns.change(
        context,
        workspace_id=campaign.workspace_id,
        campaign_id=campaign.id,
        patch=patch,
        version=version,
    )


def pointers(error: CampanaError) -> list[str | None]:
    return [problem.pointer for problem in error.problems]


async def test_three_fields_make_a_draft(context: Context, workspace_id: int) -> None:
    draft = await made(context, workspace_id)
    assert draft.state is CampaignState.DRAFT
    assert (draft.version, draft.created_at, draft.keep_open) == (1, NOW, False)
    assert draft == await campaigns.get(context, workspace_id=workspace_id, campaign_id=draft.id)


async def test_lists_and_channels_are_named_by_id_or_name(
    context: Context, workspace_id: int
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id, name="exchange")
    list_id = await add_list(context, workspace_id=workspace_id, people=[], name="people")
    by_name = await made(context, workspace_id, contactList="people", channel="exchange")
    by_id = await made(context, workspace_id, contactList=list_id, channel=channel.id)
    assert (by_name.list_id, by_name.channel_id) == (by_id.list_id, by_id.channel_id)
    assert (by_id.list_id, by_id.channel_id) == (list_id, channel.id)


async def test_what_does_not_resolve_is_said_at_once(context: Context, workspace_id: int) -> None:
    with pytest.raises(InvalidParameter) as refused:
        await made(
            context,
            workspace_id,
            contactList="nobody",
            channel="nothing",
            startDate="2026-03-11",
            endDate="2026-03-10T23:59:59Z",
        )
    assert sorted(map(str, pointers(refused.value))) == ["/channel", "/contactList", "/endDate"]
    await add_channel(context, workspace_id=workspace_id, name="exchange")
    with pytest.raises(InvalidParameter, match="is a Voice channel, not SMS"):
        await made(context, workspace_id, channelType="SMS", channel="exchange")


async def test_a_date_alone_starts_with_the_day_and_ends_with_it(
    context: Context, workspace_id: int
) -> None:
    draft = await made(context, workspace_id, startDate="2026-03-11", endDate="2026-03-11")
    assert draft.start_date == datetime(2026, 3, 11, tzinfo=UTC)
    assert draft.end_date == datetime(2026, 3, 11, 23, 59, 59, 999999, tzinfo=UTC)


async def test_a_patch_merges_replaces_and_removes(
    context: Context, workspace_id: int, clock: FixedClock
) -> None:
    draft = await made(context, workspace_id, description="old", window={**OVERNIGHT, "tue": []})
    later = clock.forward(minutes=1)
    changed = await change(
        context, draft, name="New", description=None, window={"mon": None, "wed": OVERNIGHT["mon"]}
    )
    assert changed == await campaigns.get(context, workspace_id=workspace_id, campaign_id=draft.id)
    assert (changed.name, changed.description) == ("New", None)
    assert (changed.version, changed.created_at, changed.updated_at) == (2, NOW, later)
    assert changed.document["window"] == {"tue": [], "wed": OVERNIGHT["mon"]}


@pytest.mark.parametrize("stop", [None, control.pause])
async def test_an_end_that_has_passed_already_is_answered_as_the_end(
    stop: Any, engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    where = {"workspace_id": workspace_id, "campaign_id": scene.campaign_id}
    if stop is not None:
        await stop(context, **where)
    running = await campaigns.get(context, **where)
    answered = await change(context, running, endDate="2020-01-01")
    assert answered.state is CampaignState.EXPIRED
    assert answered == await campaigns.get(context, **where)


async def test_a_bad_patch_changes_nothing(context: Context, workspace_id: int) -> None:
    draft = await made(context, workspace_id)
    with pytest.raises(InvalidParameter) as refused:
        await change(context, draft, name=None, colour="red")
    assert pointers(refused.value) == ["/colour", "/name"]
    assert draft == await campaigns.get(context, workspace_id=workspace_id, campaign_id=draft.id)


async def test_of_two_who_change_the_same_version_one_is_told(
    context: Context, workspace_id: int
) -> None:
    draft = await made(context, workspace_id)
    told = await asyncio.gather(
        *(change(context, draft, draft.version, name=name) for name in ("one", "other")),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in told) == ["Campaign", "VersionMismatch"]
    with pytest.raises(VersionMismatch):
        await change(context, draft, draft.version + 7, name="late")
    assert (await change(context, draft, None, name="whatever")).version == 3


async def test_only_a_draft_can_be_deleted(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    draft = await made(context, workspace_id)
    where = {"workspace_id": workspace_id, "campaign_id": draft.id}
    await campaigns.delete(context, **where)
    with pytest.raises(NotFound):
        await campaigns.delete(context, **where)
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    with pytest.raises(InvalidTransition, match="only a draft"):
        await campaigns.delete(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)


async def test_a_launch_freezes_whom_and_what_but_not_when_and_how_long(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    campaign = await campaigns.get(
        context, workspace_id=workspace_id, campaign_id=scene.campaign_id
    )
    frozen: dict[str, Any] = {
        "type": "Flow",
        "channelType": "SMS",
        "startDate": "2027-01-01",
        "contactList": "another",
        "channel": None,
        "voiceBot": {"greeting": "Other words."},
    }
    with pytest.raises(InvalidTransition) as refused:
        await change(context, campaign, name="New", **frozen)
    assert sorted(map(str, pointers(refused.value))) == sorted(f"/{field}" for field in frozen)
    same = {field: campaign.document.get(field) for field in frozen}
    changed = await change(
        context, campaign, name="New", endDate="2026-12-31", window=OVERNIGHT, keepOpen=True, **same
    )
    assert (changed.name, changed.keep_open, changed.list_id) == ("New", True, campaign.list_id)


async def test_a_change_cannot_reach_what_a_launch_would_refuse(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    trunk = await add_channel(context, workspace_id=workspace_id, is_loopback=False)
    scene = await launched(engine_context, context, workspace_id=workspace_id, channel=trunk)
    campaign = await campaigns.get(
        context, workspace_id=workspace_id, campaign_id=scene.campaign_id
    )
    with pytest.raises(InvalidParameter) as refused:
        await change(
            context,
            campaign,
            window={"always": True},
            callerId="+12025550199",
            cadence={"busy": {"attempts": 9, "delaySeconds": 5}},
        )
    assert pointers(refused.value) == ["/callerId", "/window/always", "/cadence"]
    with pytest.raises(InvalidParameter, match="/window: never opens"):
        await change(context, campaign, window={})
    assert campaign == await campaigns.get(
        context, workspace_id=workspace_id, campaign_id=campaign.id
    )


async def test_an_edited_window_counts_at_once(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    clock.moment = NOW.replace(hour=10)  # six in the morning in New York
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=[person("+12125550101")]
    )
    campaign = await campaigns.get(
        context, workspace_id=workspace_id, campaign_id=scene.campaign_id
    )
    assert await scene.claim() == []
    await change(context, campaign, window={"tue": [{"from": "05:00", "to": "20:00"}]})
    assert len(await scene.claim()) == 1


async def test_what_is_over_does_not_change(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, endDate="2026-03-10T16:00:00Z"
    )
    where = {"workspace_id": workspace_id, "campaign_id": scene.campaign_id}
    clock.forward(hours=1)
    assert (await campaigns.get(context, **where)).state is CampaignState.RUNNING
    clock.forward(seconds=1)
    expired = await campaigns.get(context, **where)
    assert expired.state is CampaignState.EXPIRED
    with pytest.raises(InvalidTransition, match="over"):
        await change(context, expired, endDate="2027-01-01")
    cancelled = await made(context, workspace_id)
    await control.cancel(context, workspace_id=workspace_id, campaign_id=cancelled.id)
    with pytest.raises(InvalidTransition, match="over"):
        await change(context, cancelled, name="New")


async def test_another_workspaces_campaign_is_not_there(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    draft = await made(context, workspace_id)
    other = (await accounts.ensure_workspace(engine_context, "other")).workspace_id
    # The engine role sees the row; the service still answers for the workspace asked.
    for asking in (context, engine_context):
        where = {"workspace_id": other, "campaign_id": draft.id}
        with pytest.raises(NotFound):
            await campaigns.get(asking, **where)
        with pytest.raises(NotFound):
            await campaigns.change(asking, **where, patch={"name": "mine"}, version=None)
        with pytest.raises(NotFound):
            await campaigns.delete(asking, **where)
    await add_list(context, workspace_id=workspace_id, people=[], name="people")
    with pytest.raises(InvalidParameter, match="/contactList"):
        await made(context, other, contactList="people")


async def test_a_list_that_is_renamed_stays_the_one_that_was_meant(
    context: Context, workspace_id: int
) -> None:
    list_id = await add_list(context, workspace_id=workspace_id, people=[], name="spring")
    made = await campaigns.create(
        context,
        workspace_id=workspace_id,
        raw={"name": "A", "type": "VoiceBot", "channelType": "Voice", "contactList": "spring"},
    )
    await lists.change(
        context, workspace_id=workspace_id, list_id=list_id, name="summer", default_country=None
    )
    changed = await campaigns.change(
        context, workspace_id=workspace_id, campaign_id=made.id, patch={"name": "B"}, version=None
    )
    assert changed.list_id == list_id
