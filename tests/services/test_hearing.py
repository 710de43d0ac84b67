"""A launch warns when a bot listens and nobody hears."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from campana.services import campaigns, hearing, outlook
from campana.services.context import Context
from campana.store import owners
from tests.support.campaign import ANA, BOT, add_channel, add_list, person
from tests.support.talking import flow, published

ASKS = [
    {"type": "ask", "id": "q", "text": "Can you come?", "answer": {"type": "yes_no"}},
    {"type": "end", "id": "end", "text": "Goodbye."},
]
LISTENING = {"greeting": "Hello.", "steps": ASKS}
TELLS_MACHINES = {**BOT, "onMachine": {"do": "hang_up"}}


GATHER: dict[str, Any] = {"type": "gather", "text": "Can you come?", "timeoutSeconds": 6}
NODES: dict[str, Any] = {
    "a": {**GATHER, "answer": {"type": "yes_no"}, "next": "end", "onTimeout": "end"},
    "end": {"type": "end", "status": "completed"},
}


async def drafted(context: Context, workspace_id: int, bot: Mapping[str, Any]) -> str:
    channel = await add_channel(context, workspace_id=workspace_id)
    people = await add_list(context, workspace_id=workspace_id, people=[person(ANA)])
    written = {"name": "Reminder", "type": "VoiceBot", "channelType": "Voice", "voiceBot": bot}
    written |= {"contactList": people, "channel": channel.id}
    return (await campaigns.create(context, workspace_id=workspace_id, raw=written)).id


async def is_warned(context: Context, workspace_id: int, campaign_id: str) -> bool:
    found = await outlook.look_ahead(context, workspace_id=workspace_id, campaign_id=campaign_id)
    return any("understands speech" in warning for warning in found.warnings)


@pytest.mark.parametrize("bot", [LISTENING, TELLS_MACHINES])
async def test_a_bot_that_listens_needs_a_worker_that_hears(
    context: Context, engine_context: Context, workspace_id: int, bot: dict[str, Any]
) -> None:
    draft = await drafted(context, workspace_id, bot)
    assert await is_warned(context, workspace_id, draft)
    async with engine_context.db.session() as session:
        await owners.serve(session, kind="voice_sip")
        assert await is_warned(context, workspace_id, draft)
        await owners.serve(session, kind=hearing.hearing("voice_sip"))
        assert not await is_warned(context, workspace_id, draft)


@pytest.mark.parametrize("first", ["Voice", "SMS"])
async def test_a_flow_that_takes_words_does_too(
    context: Context, engine_context: Context, workspace_id: int, first: str
) -> None:
    voice = await add_channel(context, workspace_id=workspace_id)
    sms = await add_channel(context, workspace_id=workspace_id, name="sms", channel_type="SMS")
    flow_id = await published(context, workspace_id=workspace_id, definition=flow(NODES))
    people = await add_list(context, workspace_id=workspace_id, people=[person(ANA)])
    written: dict[str, Any] = {"name": "Visit", "type": "Flow", "contactList": people}
    written |= {"channelType": first, "channel": voice.id, "flow": {"id": flow_id}}
    if first == "SMS":
        written |= {"channel": sms.id, "channels": {"Voice": voice.id}}
    draft = (await campaigns.create(context, workspace_id=workspace_id, raw=written)).id
    assert await is_warned(context, workspace_id, draft)
    async with engine_context.db.session() as session:
        await owners.serve(session, kind=hearing.hearing("voice_sip"))
        assert not await is_warned(context, workspace_id, draft)


async def test_a_bot_that_asks_for_keys_needs_none(context: Context, workspace_id: int) -> None:
    assert not await is_warned(context, workspace_id, await drafted(context, workspace_id, BOT))
