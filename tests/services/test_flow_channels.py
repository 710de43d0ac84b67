"""One conversation on several channels: the next where the last did not arrive, and no further."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from campana.domain import variants
from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.domain.errors import CampanaError
from campana.services import breaking, comparing, templates
from campana.services.context import Context
from campana.store import campaigns as store
from tests.support.campaign import ANA, BOT, launched, person
from tests.support.database import FixedClock
from tests.support.talking import Talk, flow, published, talking, words

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
        "type": "send_template",
        "channel": "WhatsApp",
        "template": "hello",
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
    assert await talk.send(ChannelType.WHATSAPP) == ["[hello]"]
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
        "a": WHATSAPP_THEN_SMS["sms"] | {"channel": "Email", "onFailure": "sms"},
        "sms": WHATSAPP_THEN_SMS["sms"] | {"onFailure": "end"},
        "end": WHATSAPP_THEN_SMS["end"],
    }
    talk = await talk_of(nodes, channel_types=(ChannelType.EMAIL, ChannelType.SMS))
    await talk.claim(ChannelType.EMAIL)
    assert await talk.send(ChannelType.SMS) == ["By SMS."]


END = {"type": "end", "status": "told"}
FREE_FORM = {
    "a": WHATSAPP_THEN_SMS["sms"] | {"channel": "WhatsApp", "text": "Hi.", "onFailure": "sms"},
    "sms": WHATSAPP_THEN_SMS["sms"] | {"onFailure": "end"},
    "end": {"type": "end", "status": "told"},
}
TWO = {"channel_types": (ChannelType.WHATSAPP, ChannelType.SMS)}


async def test_nothing_but_a_template_goes_to_whoever_did_not_write_in_a_day(
    talk_of: TalkOf, clock: FixedClock
) -> None:
    talk = await talk_of(FREE_FORM, **TWO)
    await talk.wrote(ANA)
    clock.forward(hours=24)
    assert await talk.claim(ChannelType.WHATSAPP) == []
    # The flow goes on knowing it, and says why.
    assert await talk.send(ChannelType.SMS) == ["By SMS."]
    decided = await talk.scene.rows("select kind, reason from target_decisions")
    assert decided == [("skipped", "care_window_closed")]
    assert await talk.scene.rows("select last_failure from flow_sessions") == [("window_closed",)]


async def test_whoever_wrote_within_the_day_hears_anything(
    talk_of: TalkOf, clock: FixedClock
) -> None:
    talk = await talk_of(FREE_FORM, **TWO)
    await talk.wrote(ANA)
    clock.forward(hours=23, minutes=59)
    assert await talk.send(ChannelType.WHATSAPP) == ["Hi."]


async def test_a_flow_that_says_nothing_else_ends_with_the_reason(talk_of: TalkOf) -> None:
    nodes = {
        "a": {"type": "send_message", "text": "Hi.", "next": "end"},
        "end": {"type": "end", "status": "told"},
    }
    talk = await talk_of(nodes, channel_types=(ChannelType.WHATSAPP,))
    assert await talk.send(ChannelType.WHATSAPP) == []
    assert await talk.targets() == [("finished", "window_closed")]
    # Without a flow the campaign's own text is no template either.
    plain = {"type": "VoiceBot", "flow": None, "voiceBot": BOT, "people": [person(ANA)]}
    other = await launched(
        talk.scene.engine,
        talk.scene.web,
        workspace_id=talk.scene.workspace_id,
        channel=talk.channels[ChannelType.WHATSAPP],
        channelType="WhatsApp",
        window={"always": True},
        **plain,
    )
    seen = Talk(scene=other, channels=talk.channels, clock=talk.clock, flow_id="")
    assert await seen.claim(ChannelType.WHATSAPP) == []
    assert await seen.targets() == [("finished", "window_closed")]


async def test_a_template_that_cannot_be_worded_is_not_said_to_have_come_too_late(
    talk_of: TalkOf, context: Context, workspace_id: int
) -> None:
    raw = {"name": "hello", "channelType": "SMS", "content": {"text": "Hello."}}
    made = await templates.create(context, workspace_id=workspace_id, raw=raw)
    await templates.publish(context, workspace_id=workspace_id, template_id=made.id)
    talk = await talk_of(WHATSAPP_THEN_SMS, **THREE)
    assert await talk.claim(ChannelType.WHATSAPP) == []
    assert await talk.send(ChannelType.SMS) == ["By SMS."]
    assert await talk.scene.rows("select kind, reason from target_decisions") == []
    assert await talk.scene.rows("select last_failure from flow_sessions") == [("undelivered",)]


@pytest.mark.parametrize("is_told", [True, False])
async def test_people_who_answer_stop_trip_the_campaign(
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
    is_told: bool,
) -> None:
    """Minutes after the last message went out, whether or not receipts of them have come."""
    talk = await talking(
        engine_context,
        context,
        clock=clock,
        workspace_id=workspace_id,
        definition=flow({"a": WHATSAPP_THEN_SMS["sms"] | {"onFailure": "end"}, "end": END}),
        people=[person(f"+1212555{n:04}") for n in range(100, 108)],
        breakers={"minimum": 4, "sampleSize": 10, "maxOptOutRate": 0.2},
    )
    sent = await talk.claim()
    await talk.accept(sent)
    for each in sent if is_told else sent[2:]:
        await talk.report(each, Disposition.DELIVERED)
    clock.forward(minutes=3)
    await talk.stop(sent[0].address)
    assert await breaking.trip(engine_context) == []
    clock.forward(minutes=3)
    await talk.stop(sent[1].address)
    assert await breaking.trip(engine_context) == [talk.scene.campaign_id]
    why = await talk.scene.rows("select state_reason from campaigns")
    assert why == [("opt-out rate of 25% (2 of 8 attempts) is above 20%",)]


async def test_variants_of_flow_template_and_channel_are_sticky_and_counted_apart(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    other = flow({"a": {"type": "send_message", "text": "Good day.", "next": "end"}, "end": END})
    await published(context, workspace_id=workspace_id, definition={**other, "name": "Other"})
    plain = {"type": "send_template", "template": "hello", "next": "ask"}
    talk = await talking(
        engine_context,
        context,
        clock=clock,
        workspace_id=workspace_id,
        definition=flow(
            {"a": plain, "ask": {"type": "delay", "delaySeconds": 60, "next": "b"}}
            | {"b": plain | {"template": "bye", "next": "end"}, "end": END}
        ),
        people=[person(f"+1212555{n:04}") for n in range(100, 140)],
        channel_types=(ChannelType.WHATSAPP, ChannelType.SMS),
        variants=[
            {"name": "plain", "share": 20},
            {"name": "template", "share": 20, "changes": {"templates": {"bye": "good-bye"}}},
            {"name": "flow", "share": 20}
            | {"changes": {"flow": {"id": "Other"}, "channelType": "SMS"}},
            {"name": "channel", "share": 20, "changes": {"channelType": "SMS"}},
            {"name": "nobody", "share": 20, "holdOut": True},
        ],
    )
    said: dict[int, list[str]] = {}
    for seconds in (0, 60):
        clock.forward(seconds=seconds)
        await talk.timers()
        for _ in range(8):
            for channel_type in talk.channels:
                claimed = await talk.claim(channel_type)
                await talk.accept(claimed)
                for each in claimed:
                    said.setdefault(each.contact_id, []).append(f"{channel_type} {words(each)}")
    for contact, texts in said.items():
        place = variants.place([20.0] * 5, campaign_id=talk.scene.campaign_id, contact_id=contact)
        assert (
            texts
            == [
                ["WhatsApp [hello]", "WhatsApp [bye]"],
                ["WhatsApp [hello]", "WhatsApp [good-bye]"],
                ["SMS Good day."],
                ["SMS [hello]", "SMS [bye]"],
            ][place]
        )
    assert {state for state, _ in await talk.targets()} == {"finished"}
    async with engine_context.db.read() as tx:
        campaign = await store.get(tx, campaign_id=talk.scene.campaign_id, now=clock.now())
        assert campaign is not None
        compared = await comparing.by_variant(tx, campaign)
    assert sum(each.targets for each in compared) == 40
    assert [each.name for each in compared if each.tried == 0] == ["nobody"]
    assert sum(each.tried for each in compared) == len(said)
    assert all(each.tried == each.targets for each in compared[:4])
    assert compared[4].dispositions == {"held_out": compared[4].targets}


async def test_a_variant_that_cannot_be_run_is_refused(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    async def launch(changes: Mapping[str, Any]) -> list[str | None]:
        with pytest.raises(CampanaError) as refused:
            await talking(
                engine_context,
                context,
                clock=clock,
                workspace_id=workspace_id,
                definition=flow({"a": END}),
                people=[person(ANA)],
                variants=[{"name": "a", "share": 50}, {"name": "b", "share": 50, **changes}],
            )
        return [each.pointer for each in refused.value.problems]

    at = "/variants/1/changes"
    assert await launch({"changes": {"channelType": "WhatsApp"}}) == [f"{at}/channelType"]


async def test_a_flows_second_channel_is_left_alone_while_its_carrier_is_down(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    talk = await talking(
        engine_context,
        context,
        clock=clock,
        workspace_id=workspace_id,
        definition=flow(WHATSAPP_THEN_SMS),
        people=[person(f"+1212555{n:04}") for n in range(100, 140)],
        **THREE,
    )
    for _ in range(4):
        claimed = await talk.claim(ChannelType.WHATSAPP)
        await talk.accept(claimed)
        for each in claimed:
            await talk.report(each, Disposition.UNDELIVERED)
    failed = 0
    while failed < breaking.DOWN_AFTER:
        claimed = await talk.claim(ChannelType.SMS)
        assert claimed
        for each in claimed:
            await talk.refuse(each, Disposition.CARRIER_ERROR)
        failed += len(claimed)
    broken = talk.channels[ChannelType.SMS].id
    assert await breaking.rest_channels(engine_context) == [broken]
    assert await talk.claim(ChannelType.SMS) == []
