"""Preflight of a flow counts every message that it may send to a person, each on its channel."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from campana.services import campaigns, channels, outlook, prices
from campana.services.context import Context
from campana.services.outlook import Outlook
from tests.support.campaign import add_channel, add_list, person
from tests.support.database import FixedClock
from tests.support.people import reserved_numbers
from tests.support.talking import flow, published

END = {"type": "end", "status": "told"}
PEOPLE = 40
TRIES = 2


def say(to: str, **more: Any) -> dict[str, Any]:
    return {"type": "send_message", "text": "Hello.", "next": to, **more}


THREE = {"a": say("b"), "b": say("c"), "c": say("end"), "end": END}
ROUND = {
    "a": say("b"),
    "b": {"type": "wait_for_response", "timeoutSeconds": 60, "next": "end", "onTimeout": "a"},
    "end": END,
}
WHATSAPP_TOO = {
    "a": say("b", channel="WhatsApp", confirm="sent", timeoutSeconds=60, onFailure="b"),
    "b": {"type": "wait_for_response", "timeoutSeconds": 60, "next": "end", "onTimeout": "c"},
    "c": say("end", channel="SMS"),
    "end": END,
}


async def draft(
    context: Context, workspace_id: int, nodes: dict[str, Any], *, daily: int, **document: Any
) -> str:
    """A draft of 40 people by SMS, at 100 a second and so many a day."""
    used: dict[str, str] = {}
    for channel_type in ("SMS", "WhatsApp"):
        channel = await add_channel(
            context,
            workspace_id=workspace_id,
            name=channel_type,
            kind="sandbox",
            channel_type=channel_type,
            config={"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"},
            rate=100.0,
        )
        used[channel_type] = channel.id
    await channels.change(
        context,
        workspace_id=workspace_id,
        wanted=used["SMS"],
        patch={"dailyAttempts": daily},
    )
    people = [person(phone) for phone in reserved_numbers()[:PEOPLE]]
    raw = {
        "name": "Reminder",
        "type": "Flow",
        "channelType": "SMS",
        "contactList": await add_list(context, workspace_id=workspace_id, people=people),
        "channel": used["SMS"],
        "channels": {"WhatsApp": used["WhatsApp"]},
        "flow": {"id": await published(context, workspace_id=workspace_id, definition=flow(nodes))},
        "cadence": {"maxAttempts": TRIES},
        "window": {"always": True},
        **document,
    }
    return (await campaigns.create(context, workspace_id=workspace_id, raw=raw)).id


async def look(engine: Context, context: Context, workspace_id: int, campaign_id: str) -> Outlook:
    table = [
        "channelType,prefix,per,amount",
        "SMS,*,message,0.05",
        "WhatsApp,*,message,0.03",
        "Voice,*,minute,9",
    ]
    await prices.replace(engine, workspace_id=workspace_id, entries=prices.read(table))
    return await outlook.look_ahead(context, workspace_id=workspace_id, campaign_id=campaign_id)


async def test_every_message_costs_and_takes_its_part_of_the_quota(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    """120 messages, of which 50 a day: the last twenty leave the day after tomorrow."""
    campaign_id = await draft(context, workspace_id, THREE, daily=50)
    found = await look(engine_context, context, workspace_id, campaign_id)
    assert (list(found.problems), found.eligible) == ([], PEOPLE)
    assert found.forecast is not None
    by_day = Counter[str]()
    for each in found.forecast.planned:
        by_day[str(each.hour.date())] += each.attempts
    today = clock.now().date()
    assert by_day == {
        str(today): 50,
        str(today + timedelta(days=1)): 50,
        str(today + timedelta(days=2)): 20,
    }
    assert found.forecast.last_at is not None
    assert found.forecast.last_at.date() == today + timedelta(days=2)
    assert found.latest is not None
    assert found.latest.date() == today + timedelta(days=4)
    assert found.cost is not None
    assert (found.cost.lowest, found.cost.highest) == (Decimal("6.00"), Decimal("12.00"))


async def test_each_channel_has_its_own_quota_and_its_own_prices(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    """By WhatsApp to all, of which there is no quota; by SMS to those who do not answer."""
    campaign_id = await draft(context, workspace_id, WHATSAPP_TOO, daily=50)
    found = await look(engine_context, context, workspace_id, campaign_id)
    assert found.forecast is not None
    assert sum(each.attempts for each in found.forecast.planned) == PEOPLE
    assert found.forecast.last_at is not None
    assert found.forecast.last_at < clock.now() + timedelta(minutes=1)
    assert found.latest is not None
    assert found.latest.date() == clock.now().date() + timedelta(days=1)
    assert found.cost is not None
    assert (found.cost.lowest, found.cost.highest) == (
        PEOPLE * Decimal("0.03"),
        PEOPLE * TRIES * (Decimal("0.03") + Decimal("0.05")),
    )


@pytest.mark.parametrize("limit", [None, 100])
async def test_a_flow_without_end_is_told_of(
    engine_context: Context, context: Context, workspace_id: int, limit: int | None
) -> None:
    more = {} if limit is None else {"spendLimit": limit}
    campaign_id = await draft(context, workspace_id, ROUND, daily=50, **more)
    found = await look(engine_context, context, workspace_id, campaign_id)
    assert found.warnings == [
        "the flow may send by SMS again and again: how much it sends to one person, how long it"
        " takes and what it costs at the most cannot be foretold"
    ]
    assert found.forecast is not None
    assert sum(each.attempts for each in found.forecast.planned) == PEOPLE
    assert found.latest is None
    assert found.cost is not None
    assert (found.cost.lowest, found.cost.highest) == (Decimal("2.00"), limit)


async def test_each_variant_is_counted_by_its_own_flow(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    other = {**flow({"a": say("end"), "end": END}), "name": "Short"}
    short = await published(context, workspace_id=workspace_id, definition=other)
    ways = [
        {"name": "A", "share": 50},
        {"name": "B", "share": 50, "changes": {"flow": {"id": short}}},
    ]
    campaign_id = await draft(context, workspace_id, THREE, daily=1000, variants=ways)
    found = await look(engine_context, context, workspace_id, campaign_id)
    assert found.forecast is not None
    made = sum(each.attempts for each in found.forecast.planned)
    # One each of B, three each of A.
    assert PEOPLE < made < 3 * PEOPLE
    assert (made - PEOPLE) % 2 == 0
    assert found.cost is not None
    assert found.cost.lowest == made * Decimal("0.05")


async def test_the_campaigns_own_limits_are_for_all_channels_together(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    nodes = {"a": say("b", channel="WhatsApp"), "b": say("end", channel="SMS"), "end": END}
    campaign_id = await draft(
        context, workspace_id, nodes, daily=1000, pacing={"dailyAttempts": 50}
    )
    found = await look(engine_context, context, workspace_id, campaign_id)
    assert found.forecast is not None
    assert found.forecast.last_at is not None
    assert found.forecast.last_at.date() == clock.now().date() + timedelta(days=1)
