"""One message or one call to one address: the rules hold, and it goes out once."""

from __future__ import annotations

from typing import Any

import pytest

from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.domain.errors import CampanaError, Conflict, InvalidParameter, RateLimited
from campana.services import (
    channel_pause,
    channel_tests,
    closing,
    control,
    dispatch,
    lists,
    outcomes,
    targets,
)
from campana.services import suppressions as suppression_service
from campana.services.context import Context
from campana.store import campaign_search
from campana.store.campaign_search import Search
from campana.store.channel_tests import ChannelTest
from campana.store.channels import Channel
from tests.support.campaign import ANA, BOT, Scene, add_channel, launched
from tests.support.database import FixedClock

SANDBOX = {"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"}


async def sms(context: Context, workspace_id: int, **changes: Any) -> Channel:
    values = {"kind": "sandbox", "channel_type": ChannelType.SMS, "config": SANDBOX, **changes}
    return await add_channel(context, workspace_id=workspace_id, **values)


async def send(context: Context, channel: Channel, **raw: Any) -> ChannelTest:
    form = raw.pop("form", None)
    return await channel_tests.send(
        context,
        workspace_id=channel.workspace_id,
        channel_id=channel.id,
        raw={"to": ANA, "text": "Can you read this?", **raw},
        asked_by="Ana",
        form=form,
    )


async def listed(context: Context, workspace_id: int) -> tuple[int, int, int]:
    """How many lists, campaigns and archived campaigns people are shown."""
    lists_shown = await lists.page(context, workspace_id=workspace_id)
    assert lists_shown.total == len(lists_shown.lists)
    now = context.clock.now()
    async with context.db.read(workspace_id=workspace_id) as tx:
        shown, archived = [
            await campaign_search.count(
                tx, workspace_id=workspace_id, search=Search(archived=is_archived), now=now
            )
            for is_archived in (False, True)
        ]
    # Those that tests left are still there for whoever asks for them, or for all.
    left, every = [
        await lists.page(context, workspace_id=workspace_id, archived=asked)
        for asked in (True, None)
    ]
    assert (left.total, every.total) == (archived, lists_shown.total + left.total)
    assert len(every.lists) == every.total
    return lists_shown.total, shown, archived


async def rows(context: Context, query: str) -> list[Any]:
    async with context.db.read() as tx:
        return await (await tx.execute(query)).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]


async def test_a_message_waits_in_the_conversation_with_that_address(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    channel = await sms(context, workspace_id)
    made = await send(context, channel, to="(212) 555-0101")
    assert (made.address, made.state, made.asked_by) == (ANA, "waiting", "Ana")
    assert await rows(
        engine_context,
        "select m.text, m.state, m.author, c.id, c.last_inbound_at"
        " from messages m join conversations c on c.id = m.conversation_id",
    ) == [("Can you read this?", "queued", "Ana", made.conversation_id, None)]


async def test_a_form_that_is_sent_twice_sends_once(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    channel = await sms(context, workspace_id)
    await send(context, channel, form="one")
    with pytest.raises(Conflict, match="sent already"):
        await send(context, channel, form="one")
    assert await rows(engine_context, "select count(*) from messages") == [(1,)]


@pytest.mark.parametrize(
    ("raw", "where", "why"),
    [
        ({"to": "12"}, "/to", ""),
        ({"to": "+44 20 7946 0000"}, "/to", "country"),
        ({"to": "+1 900 555 0100"}, "/to", ""),
        ({"text": " "}, "/text", "say something"),
        ({"template": "x"}, "/text", "not both"),
        ({"subject": "x"}, "/subject", "only e-mails"),
        ({"text": None, "template": "none"}, "/template", ""),
        ({"contactId": "ctc_1"}, "/contactId", "only a template"),
        ({"draft": True}, "/draft", "only a template"),
        ({"text": None, "template": "x", "contactId": "ctc_99"}, "/contactId", "no such"),
        ({"text": None, "template": "x", "contactId": "99"}, "/contactId", "no such"),
    ],
)
async def test_what_may_not_be_sent_is_refused_at_its_field_and_leaves_nothing(
    raw: dict[str, Any],
    where: str,
    why: str,
    engine_context: Context,
    context: Context,
    workspace_id: int,
) -> None:
    channel = await sms(context, workspace_id)
    given = {name: value for name, value in raw.items() if value is not None}
    if raw.get("text", "") is None:
        given["text"] = None
    with pytest.raises(InvalidParameter) as refused:
        await send(context, channel, **given)
    told = {each.pointer: each.message for each in refused.value.problems}
    assert why in told[where]
    left = "select (select count(*) from messages) + (select count(*) from channel_tests)"
    assert await rows(engine_context, left) == [(0,)]


@pytest.mark.parametrize("channel_type", [ChannelType.SMS, ChannelType.VOICE])
async def test_who_is_suppressed_is_neither_written_to_nor_called(
    channel_type: ChannelType, engine_context: Context, context: Context, workspace_id: int
) -> None:
    channel = await sms(context, workspace_id, channel_type=channel_type)
    await suppression_service.add(context, workspace_id=workspace_id, address=ANA, reason="asked")
    with pytest.raises(InvalidParameter):
        await send(context, channel)
    assert await rows(engine_context, "select count(*) from channel_tests") == [(0,)]


async def test_a_channel_that_is_paused_sends_no_test(context: Context, workspace_id: int) -> None:
    channel = await sms(context, workspace_id)
    await channel_pause.pause(context, workspace_id=workspace_id, wanted=channel.id, actor="Ana")
    with pytest.raises(Conflict, match="paused"):
        await send(context, channel)


async def test_so_many_an_hour_are_all(
    context: Context, workspace_id: int, clock: FixedClock
) -> None:
    channel = await sms(context, workspace_id)
    for _ in range(channel_tests.MOST_AN_HOUR):
        await send(context, channel)
    with pytest.raises(RateLimited):
        await send(context, channel)
    clock.forward(hours=1, minutes=1)
    await send(context, channel)


async def test_a_call_is_a_campaign_of_one_person_that_is_tried_once(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id)
    made = await send(context, channel)
    assert (made.state, made.outcome) == ("waiting", None)
    assert made.campaign_id is not None
    await targets.enroll(engine_context, campaign_id=made.campaign_id)
    scene = Scene(
        engine=engine_context,
        web=context,
        workspace_id=workspace_id,
        channel=channel,
        campaign_id=made.campaign_id,
    )
    [claimed] = await scene.claim()
    assert claimed.address == ANA
    assert claimed.plan.script is not None
    assert claimed.plan.script.greeting == "Can you read this?"
    assert claimed.plan.cadence.max_attempts == 1
    [now] = await channel_tests.latest(context, workspace_id=workspace_id, channel_id=channel.id)
    assert (now.address, now.state) == (ANA, "under_way")
    clock.forward(minutes=11)
    [now] = await channel_tests.latest(context, workspace_id=workspace_id, channel_id=channel.id)
    assert (now.state, now.outcome) == ("under_way", None)
    await outcomes.settle(
        engine_context,
        attempt_id=claimed.attempt_id,
        disposition=Disposition.COMPLETED,
        reason="completed",
    )
    [now] = await channel_tests.latest(context, workspace_id=workspace_id, channel_id=channel.id)
    assert (now.state, now.outcome) == ("ended", "completed")
    assert await listed(context, workspace_id) == (1, 1, 0)
    assert await closing.close_finished(engine_context) == [made.campaign_id]
    assert await listed(context, workspace_id) == (0, 0, 1)


async def test_a_call_that_nobody_placed_in_time_never_is(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id)
    made = await send(context, channel)
    assert made.campaign_id is not None
    await targets.enroll(engine_context, campaign_id=made.campaign_id)
    clock.forward(minutes=11)
    assert await dispatch.ready(engine_context, channel_ids=[channel.id]) == []
    [now] = await channel_tests.latest(context, workspace_id=workspace_id, channel_id=channel.id)
    assert (now.state, now.outcome) == ("ended", "expired")
    assert await closing.close_expired(engine_context) == [made.campaign_id]
    assert await listed(context, workspace_id) == (0, 0, 1)


async def test_other_campaigns_and_their_lists_stay_where_they_are(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    await control.cancel(
        context, workspace_id=workspace_id, campaign_id=scene.campaign_id, actor="Ana"
    )
    assert await listed(context, workspace_id) == (1, 1, 0)


async def test_a_bot_talks_instead_of_a_text(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id)
    made = await send(context, channel, text=None, voiceBot=dict(BOT))
    assert made.campaign_id is not None
    [[greeting]] = await rows(
        engine_context, "select document -> 'voiceBot' ->> 'greeting' from campaigns"
    )
    assert greeting == BOT["greeting"]
    with pytest.raises(InvalidParameter) as refused:
        await send(context, channel, voiceBot=dict(BOT))
    assert [each.pointer for each in refused.value.problems] == ["/text"]
    stuck = {**BOT, "steps": [{"type": "say", "id": "a", "text": "Hm.", "next": "b"}]}
    with pytest.raises(CampanaError) as wrong:
        await send(context, channel, text=None, voiceBot=stuck)
    assert any((each.pointer or "").startswith("/voiceBot") for each in wrong.value.problems)
    assert await rows(engine_context, "select count(*) from channel_tests") == [(1,)]


async def test_what_a_bot_cannot_say_is_refused_at_the_text(
    context: Context, workspace_id: int
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id)
    with pytest.raises(InvalidParameter) as refused:
        await send(context, channel, text="x" * 2001)
    assert [each.pointer for each in refused.value.problems] == ["/text"]


async def test_a_call_outside_the_hours_is_refused_and_leaves_nothing(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id, is_loopback=False)
    clock.forward(hours=14)
    with pytest.raises(CampanaError) as refused:
        await send(context, channel)
    assert "outside the hours" in str(refused.value.problems)
    left = (
        "select (select count(*) from campaigns) + (select count(*) from contacts)"
        " + (select count(*) from contact_lists) + (select count(*) from channel_tests)"
    )
    assert await rows(engine_context, left) == [(0,)]
    clock.forward(hours=10)
    assert (await send(context, channel)).campaign_id is not None
