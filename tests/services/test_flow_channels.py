"""One conversation on several channels: the next where the last did not arrive, and no further."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.services.context import Context
from tests.support.campaign import ANA, BOT, person
from tests.support.database import FixedClock
from tests.support.talking import Talk, flow, talking, words

TalkOf = Callable[..., Awaitable[Talk]]


@pytest.fixture
def talk_of(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> TalkOf:
    """Launch a campaign of a flow with Ana alone."""

    async def make(nodes: Mapping[str, Any], **changes: Any) -> Talk:
        return await talking(
            engine_context,
            context,
            clock=clock,
            workspace_id=workspace_id,
            definition=flow(nodes),
            people=[person(ANA)],
            **changes,
        )

    return make


WHATSAPP_THEN_SMS = {
    "a": {
        "type": "send_message",
        "channel": "WhatsApp",
        "text": "By WhatsApp.",
        "confirm": "delivered",
        "timeoutSeconds": 1800,
        "onFailure": "sms",
        "next": "end",
    },
    "sms": {
        "type": "send_message",
        "channel": "SMS",
        "text": "By SMS.",
        "confirm": "delivered",
        "timeoutSeconds": 1800,
        "onFailure": "call",
        "next": "end",
    },
    "call": {
        "type": "voice_call",
        "bot": "reminder",
        "cases": {"completed": "end"},
        "otherwise": "gone",
        "timeoutSeconds": 86400,
        "onTimeout": "gone",
    },
    "end": {"type": "end", "status": "told"},
    "gone": {"type": "end", "status": "no_answer"},
}
THREE = {
    "channel_types": (ChannelType.WHATSAPP, ChannelType.SMS, ChannelType.VOICE),
    "voiceBots": {"reminder": BOT},
}


async def test_what_whatsapp_delivers_needs_no_sms(talk_of: TalkOf) -> None:
    talk = await talk_of(WHATSAPP_THEN_SMS, **THREE)
    [sent] = await talk.claim(ChannelType.WHATSAPP)
    await talk.accept([sent])
    assert await talk.targets() == [("talking", None)]
    await talk.report(sent, Disposition.DELIVERED)
    assert await talk.targets() == [("finished", "completed")]
    assert await talk.send(ChannelType.SMS) == []


async def test_then_sms_then_a_call_until_one_arrives(talk_of: TalkOf, clock: FixedClock) -> None:
    talk = await talk_of(WHATSAPP_THEN_SMS, **THREE)
    assert await talk.send(ChannelType.WHATSAPP) == ["By WhatsApp."]
    clock.forward(minutes=30)
    await talk.timers()
    assert await talk.send(ChannelType.WHATSAPP) == []
    [sms] = await talk.claim(ChannelType.SMS)
    assert words(sms) == "By SMS."
    await talk.accept([sms])
    await talk.report(sms, Disposition.UNDELIVERED)
    [call] = await talk.claim(ChannelType.VOICE)
    assert words(call) == "Hello Ana."
    await talk.refuse(call, Disposition.COMPLETED)
    assert await talk.targets() == [("finished", "completed")]


async def test_a_receipt_that_comes_late_still_stops_what_has_not_gone_out(
    talk_of: TalkOf, clock: FixedClock
) -> None:
    nodes = {
        "a": {"type": "parallel", "branches": ["wa", "later"], "join": "any", "next": "end"},
        "wa": WHATSAPP_THEN_SMS["a"] | {"timeoutSeconds": 86400, "onFailure": "idle"},
        "idle": {"type": "delay", "delaySeconds": 86400, "next": "end"},
        "later": {"type": "delay", "delaySeconds": 1800, "next": "sms"},
        "sms": WHATSAPP_THEN_SMS["sms"] | {"onFailure": "end"},
        "end": {"type": "end", "status": "told"},
    }
    talk = await talk_of(nodes, channel_types=(ChannelType.WHATSAPP, ChannelType.SMS))
    [sent] = await talk.claim(ChannelType.WHATSAPP)
    await talk.accept([sent])
    clock.forward(minutes=30)
    await talk.timers()
    assert await talk.targets() == [("waiting", None)]
    await talk.report(sent, Disposition.DELIVERED)
    assert await talk.send(ChannelType.SMS) == []
    assert await talk.targets() == [("finished", "completed")]


async def test_whom_a_channel_does_not_reach_the_next_one_does(talk_of: TalkOf) -> None:
    nodes = {
        "a": WHATSAPP_THEN_SMS["a"] | {"channel": "Email"},
        "sms": WHATSAPP_THEN_SMS["sms"] | {"onFailure": "end"},
        "end": WHATSAPP_THEN_SMS["end"],
    }
    talk = await talk_of(nodes, channel_types=(ChannelType.EMAIL, ChannelType.SMS))
    await talk.claim(ChannelType.EMAIL)
    assert await talk.send(ChannelType.SMS) == ["By SMS."]
