"""Settings that can never matter are told of before the launch, and keep nobody from it."""

from __future__ import annotations

from typing import Any

import pytest

from campana.services import campaigns, outlook
from campana.services.context import Context
from tests.support.campaign import BOT, add_channel
from tests.support.talking import flow, published

RULE = {"attempts": 7, "delaySeconds": 900}
FLOW = flow({"a": {"type": "end", "status": "done"}})


async def warned(
    context: Context, workspace_id: int, *, channel_type: str = "Voice", **document: Any
) -> list[str]:
    channel = await add_channel(
        context,
        workspace_id=workspace_id,
        kind="sandbox",
        channel_type=channel_type,
        config={"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"},
        rate=2.0,
        lines=5,
        daily_attempts=1000,
    )
    written: dict[str, Any] = {
        "name": "N",
        "type": "VoiceBot",
        "channelType": channel_type,
        "channel": channel.id,
    }
    if channel_type == "Voice" and "flow" not in document:
        written["voiceBot"] = BOT
    made = await campaigns.create(context, workspace_id=workspace_id, raw={**written, **document})
    found = await outlook.look_ahead(context, workspace_id=workspace_id, campaign_id=made.id)
    return list(found.warnings)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, None),
        ({"pacing": {"rate": 2, "lines": 5, "dailyAttempts": 1000}}, None),
        ({"pacing": {"rate": 3}}, "rate of 3 changes nothing: the channel exchange allows 2"),
        ({"pacing": {"lines": 6}}, "lines of 6 changes nothing"),
        ({"pacing": {"dailyAttempts": 1001}}, "dailyAttempts of 1001 changes nothing"),
        ({"cadence": {"maxAttempts": 9, "busy": RULE}}, None),
        ({"cadence": {"busy": RULE}}, "busy asks for 7 attempts and maxAttempts allows 5 in all"),
        (
            {"cadence": {"maxAttempts": 9, "undelivered": RULE, "heldBack": RULE}},
            "the cadence's undelivered, heldBack changes nothing: nothing on Voice ends so",
        ),
        ({"breakers": {"minimum": 100, "withinMinutes": 1}}, None),
        (
            {"breakers": {"minimum": 100, "withinMinutes": 1}, "pacing": {"rate": 1}},
            "they ask for 100 attempts within 1 min, and at 1 a second there are at most 60",
        ),
        (
            {"canary": {"percent": 5, "maxFailureRate": None, "maxOptOutRate": None}},
            "the canary has no limit",
        ),
        (
            {
                "caps": [
                    {"per": "number", "attempts": 5, "days": 1},
                    {"per": "number", "attempts": 3, "days": 7},
                    {"per": "contact", "attempts": 9, "days": 1},
                ]
            },
            "the cap of 5 per number in 1 days changes nothing: another is stricter",
        ),
        ({"breakers": {"minAnswerRate": 0.1}}, None),
        (
            {"channelType": "SMS", "breakers": {"minAnswerRate": 0.1}},
            "minAnswerRate of the breakers is of calls, and the campaign makes none",
        ),
    ],
)
async def test_what_changes_nothing_is_told(
    context: Context, workspace_id: int, document: dict[str, Any], said: str | None
) -> None:
    written = {"channel_type": document.get("channelType", "Voice"), **document}
    found = await warned(context, workspace_id, **written)
    assert len(found) == (said is not None), found
    assert said is None or said in found[0]


async def test_what_follows_a_call_of_a_flow_no_cadence_says(
    context: Context, workspace_id: int
) -> None:
    flow_id = await published(context, workspace_id=workspace_id, definition=FLOW)
    [found] = await warned(
        context,
        workspace_id,
        type="Flow",
        flow={"id": flow_id},
        cadence={"noAnswer": RULE, "invalidNumber": {"then": "next_address"}, "congestion": RULE},
    )
    assert found.startswith("the cadence's noAnswer, invalidNumber changes nothing")
