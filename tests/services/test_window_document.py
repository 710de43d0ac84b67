"""Hours, holidays and closed days of a campaign and of its channel, as written and at the gate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campana.domain.errors import InvalidParameter, PreflightBlocked
from campana.domain.window import ALWAYS
from campana.services import campaigns, channels, control, dispatch, documents, windows
from campana.services.context import Context
from campana.services.window_document import WindowDocument, problems, window_of
from tests.support.campaign import ANA, BRUNO, CARLA, Scene, add_channel, launched
from tests.support.database import NOW, FixedClock

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def daily(start: str, end: str, **others: Any) -> dict[str, Any]:
    return {day: [{"from": start, "to": end}] for day in DAYS} | others


async def deferred(scene: Scene) -> dict[str, datetime]:
    rows = await scene.rows(
        "select t.address, d.due_at from targets t join due d on d.target_id = t.id"
        " where t.last_reason = 'window'"
    )
    return dict(rows)


async def claim_all(scene: Scene, context: Context) -> set[str]:
    """Whom one may call now, whatever the windows' hints say."""
    async with context.db.transaction() as tx:
        await tx.execute("update open_windows set open_until = 'infinity'")
    return {claimed.address for claimed in await scene.claim()}


async def test_the_hours_of_the_channel_must_be_open_as_well(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id, window=daily("10:00", "12:00"))
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        channel=channel,
        window=daily("08:00", "20:00"),
    )
    # 11:00 in New York, 10:00 in Chicago, 08:00 in Los Angeles.
    waiting = await dispatch.ready(engine_context, channel_ids=[channel.id])
    assert {group.window_key for group in waiting} == {"America/New_York", "America/Chicago"}
    assert {each.address for each in await scene.claim()} == {ANA, CARLA}
    async with engine_context.db.transaction() as tx:
        await tx.execute(
            "insert into open_windows (campaign_id, window_key, workspace_id, open_until)"
            " values (%s, 'America/Los_Angeles', %s, 'infinity')",
            (scene.campaign_id, workspace_id),
        )
    assert await scene.claim() == []
    assert await deferred(scene) == {BRUNO: NOW + timedelta(hours=2)}
    clock.forward(hours=2)
    await windows.refresh_all(engine_context)
    assert [each.address for each in await scene.claim()] == [BRUNO]


async def test_nobody_is_called_on_a_holiday_or_a_closed_day(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    clock.moment = datetime(2026, 12, 24, 17, tzinfo=UTC)
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        window=daily("08:00", "20:00", holidays=["US"], closedDates=["2026-12-24", "2026-12-26"]),
    )
    assert await dispatch.ready(engine_context, channel_ids=[scene.channel.id]) == []
    assert await claim_all(scene, engine_context) == set()
    async with engine_context.db.transaction() as tx:
        for zone in ("America/New_York", "America/Los_Angeles", "America/Chicago"):
            await tx.execute(
                "insert into open_windows (campaign_id, window_key, workspace_id, open_until)"
                " values (%s, %s, %s, 'infinity')",
                (scene.campaign_id, zone, workspace_id),
            )
    assert await scene.claim() == []
    opens = datetime(2026, 12, 27, 13, tzinfo=UTC)
    assert await deferred(scene) == {
        ANA: opens,
        CARLA: opens + timedelta(hours=1),
        BRUNO: opens + timedelta(hours=3),
    }


def document(**written: Any) -> WindowDocument:
    return documents.read(WindowDocument, written)


def test_what_a_window_cannot_mean_is_named_all_at_once() -> None:
    wrong = {
        "always": True,
        "mon": [{"from": "09:00", "to": "09:00"}, {"from": "18:00", "to": "09:00"}],
        "tue": [{"from": "9", "to": "8"}],
        "sun": [{"from": "09:00", "to": "24:00"}],
        "holidays": ["US", "QQ", "US-QQ"],
    }
    assert [problem.pointer for problem in problems(wrong)] == [
        "/holidays/1",
        "/holidays/2",
        "/always",
        "/mon/0",
        "/mon/1",
    ]
    assert problems({"always": True}) == []
    assert problems(7) == problems(None) == []
    assert window_of(document(always=True)) == ALWAYS
    with pytest.raises(InvalidParameter, match="closedDates/0"):
        document(closedDates=["2026-02-30"])
    with pytest.raises(InvalidParameter, match="holidays/0"):
        document(holidays=["usa"])


async def test_a_campaign_and_a_channel_name_what_is_wrong(
    context: Context, workspace_id: int
) -> None:
    written = {
        "name": "Spring",
        "type": "VoiceBot",
        "channelType": "Voice",
        "startDate": "2026-04-01",
    }
    with pytest.raises(InvalidParameter) as refused:
        await campaigns.create(
            context,
            workspace_id=workspace_id,
            raw={**written, "endDate": "2026-03-01", "window": {"holidays": ["QQ"]}},
        )
    assert [each.pointer for each in refused.value.problems] == ["/endDate", "/window/holidays/0"]
    with pytest.raises(InvalidParameter) as refused:
        await channels.create(
            context,
            workspace_id=workspace_id,
            raw={
                "name": "trunk",
                "kind": "voice_sip",
                "config": {"trunks": [{"host": "127.0.0.1"}], "callerIds": ["+12025550100"]},
                "window": {"mon": [{"from": "10:00", "to": "09:00"}]},
            },
        )
    assert [each.pointer for each in refused.value.problems] == ["/window/mon/0"]


async def test_a_channel_is_not_closed_for_ever(context: Context, workspace_id: int) -> None:
    channel = await add_channel(context, workspace_id=workspace_id)
    with pytest.raises(InvalidParameter, match="/window: never opens"):
        await channels.change(
            context, workspace_id=workspace_id, wanted=channel.id, patch={"window": {"mon": []}}
        )


@pytest.mark.parametrize(
    ("of_campaign", "of_channel", "message"),
    [
        ({}, None, "never opens"),
        ({"closedDates": []}, None, "never opens"),
        (daily("08:00", "10:00"), daily("10:00", "12:00"), "never opens while the channel's"),
        (
            {"mon": [{"from": "08:00", "to": "10:00"}]},
            {"tue": [{"from": "08:00", "to": "10:00"}]},
            "never opens while",
        ),
    ],
)
async def test_a_window_that_never_opens_cannot_be_launched(
    context: Context,
    workspace_id: int,
    of_campaign: dict[str, Any],
    of_channel: dict[str, Any] | None,
    message: str,
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id, window=of_channel)
    campaign = await campaigns.create(
        context,
        workspace_id=workspace_id,
        raw={
            "name": "Spring",
            "type": "VoiceBot",
            "channelType": "Voice",
            "channel": channel.id,
            "window": of_campaign,
        },
    )
    with pytest.raises(PreflightBlocked) as refused:
        await control.launch(context, workspace_id=workspace_id, campaign_id=campaign.id)
    [found] = [each for each in refused.value.problems if each.pointer == "/window"]
    assert found.message.startswith(message)


async def test_hours_of_a_variant_are_asked_as_the_campaigns_own_are(
    context: Context, workspace_id: int
) -> None:
    """They would be met first in the claim, where nobody is there to be told."""
    channel = await add_channel(context, workspace_id=workspace_id, window=daily("09:00", "17:00"))

    def written(window: dict[str, Any]) -> dict[str, Any]:
        return {
            "name": "Spring",
            "type": "VoiceBot",
            "channelType": "Voice",
            "channel": channel.id,
            "window": daily("08:00", "20:00"),
            "variants": [
                {"name": "as ever", "share": 50},
                {"name": "other hours", "share": 50, "changes": {"window": window}},
            ],
        }

    wrong = {"mon": [{"from": "10:00", "to": "09:00"}], "holidays": ["QQ"]}
    with pytest.raises(InvalidParameter) as refused:
        await campaigns.create(context, workspace_id=workspace_id, raw=written(wrong))
    at = "/variants/1/changes/window"
    assert [each.pointer for each in refused.value.problems] == [
        f"{at}/holidays/0",
        f"{at}/mon/0",
    ]
    for hours, message in (
        (daily("20:00", "22:00"), "never opens while the campaign's own hours do"),
        (daily("17:00", "19:00"), "never opens while the channel's own hours do"),
    ):
        made = await campaigns.create(context, workspace_id=workspace_id, raw=written(hours))
        with pytest.raises(PreflightBlocked) as blocked:
            await control.launch(context, workspace_id=workspace_id, campaign_id=made.id)
        found = {each.pointer: each.message for each in blocked.value.problems}
        assert found.get(at) == message
        assert "/window" not in found


async def test_hours_of_another_channel_of_a_flow_are_asked_too(
    context: Context, workspace_id: int
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id)
    texts = await add_channel(
        context,
        workspace_id=workspace_id,
        name="texts",
        kind="sandbox",
        channel_type="SMS",
        config={"url": "http://127.0.0.1:9", "secret": "s" * 16},
        window=daily("20:00", "22:00"),
    )
    made = await campaigns.create(
        context,
        workspace_id=workspace_id,
        raw={
            "name": "Spring",
            "type": "Flow",
            "channelType": "Voice",
            "channel": channel.id,
            "channels": {"SMS": texts.id},
            "window": daily("08:00", "20:00"),
        },
    )
    with pytest.raises(PreflightBlocked) as blocked:
        await control.launch(context, workspace_id=workspace_id, campaign_id=made.id)
    found = {each.pointer: each.message for each in blocked.value.problems}
    assert found["/channels/SMS"] == "never opens while the channel's own hours do"
