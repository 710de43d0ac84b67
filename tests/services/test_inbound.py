"""What people write is applied once, in their order; STOP is heard everywhere and answered once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from campana.domain.campaign import ChannelType
from campana.domain.content import Media
from campana.services import channel_keywords, inbound, lists, suppressions, talk_flow
from campana.services.context import Context
from campana.store import inbound as store
from campana.store.channels import Channel
from campana.store.inbound import KeptInbound
from tests.support.campaign import add_channel
from tests.support.database import NOW, FixedClock
from tests.support.hearing import hear, wrote
from tests.support.people import ANA, BRUNO, csv_of, imported

CARD = "+12025550199"
"""A stranger's number."""


async def a_channel(
    context: Context, workspace_id: int, channel_type: ChannelType = ChannelType.SMS
) -> Channel:
    return await add_channel(
        context,
        workspace_id=workspace_id,
        kind="sandbox",
        name=f"sandbox {channel_type}",
        channel_type=channel_type,
        config={"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"},
    )


@pytest.fixture
async def channel(context: Context, workspace_id: int) -> Channel:
    return await a_channel(context, workspace_id)


@pytest.fixture
async def ana(context: Context, engine_context: Context, workspace_id: int) -> None:
    """Ana, with two numbers and an address, speaks Spanish."""
    made = await lists.create(context, workspace_id=workspace_id, name="people")
    await imported(
        engine_context,
        workspace_id=workspace_id,
        list_id=made.id,
        content=csv_of(
            ["phone", "phone_2", "email", "first_name", "language"],
            [[ANA, "+12015550177", "ana@example.com", "Ana", "es"]],
        ),
    )


async def rows(context: Context, query: str, *values: Any) -> list[Any]:
    async with context.db.read() as tx:
        return await (await tx.execute(query, values)).fetchall()  # pyright: ignore[reportArgumentType]


async def suppressed(context: Context) -> Sequence[str]:
    found = await rows(context, "select address from suppressions order by address")
    return [row[0] for row in found]


async def answers(context: Context) -> list[tuple[str, str]]:
    """What is about to be answered, oldest first: permission and text."""
    return await rows(
        context, "select permission, text from messages where state = 'queued' order by id"
    )


async def types(context: Context) -> list[str]:
    return [row[0] for row in await rows(context, "select type from told_events order by id")]


@pytest.mark.usefixtures("ana")
async def test_a_message_of_somebody_known_is_stored_once_and_told(
    engine_context: Context, channel: Channel
) -> None:
    one = wrote("Could we make it Tuesday?", kind="button", payload="later", reply_to="att_1",
                media=Media(kind="image", ref="m-1"), name="Anita")  # fmt: skip
    await hear(engine_context, channel, one, one)
    await hear(engine_context, channel, one)
    [row] = await rows(
        engine_context,
        "select c.address, c.name, c.status, c.last_inbound_at, m.direction, m.origin, m.kind,"
        " m.text, m.payload, m.reply_to, m.media->>'ref', m.at, k.first_name"
        " from messages m join conversations c on c.id = m.conversation_id"
        " join contacts k on k.id = c.contact_id",
    )
    assert row == (
        ANA, "Anita", "open", NOW, "inbound", "contact", "button", one.text, "later", "att_1",
        "m-1", NOW, "Ana",
    )  # fmt: skip
    told = ["import.done", "conversation.started", "message.received"]
    assert await types(engine_context) == told
    assert await rows(engine_context, "select 1 from inbound_inbox") == []


async def test_a_stranger_has_a_conversation_too(engine_context: Context, channel: Channel) -> None:
    await hear(engine_context, channel, wrote("hello", sender=CARD.removeprefix("+")))
    assert await rows(engine_context, "select address, contact_id from conversations") == [
        (CARD, None)
    ]


@pytest.mark.usefixtures("ana")
async def test_stop_holds_for_every_address_of_the_person_and_is_answered_once(
    engine_context: Context, channel: Channel
) -> None:
    stop = wrote("STOP")
    await hear(engine_context, channel, stop, stop, wrote("Stop!"), wrote("BAJA"))
    assert await suppressed(engine_context) == ["+12015550101", "+12015550177", "ana@example.com"]
    [(permission, text)] = await answers(engine_context)
    assert permission == "stop"
    assert text.startswith("Te has dado de baja")
    assert (await types(engine_context)).count("suppression.added") == 3


@pytest.mark.usefixtures("ana")
async def test_start_lifts_what_stop_made_and_nothing_else(
    engine_context: Context,
    context: Context,
    channel: Channel,
    workspace_id: int,
    clock: FixedClock,
) -> None:
    for address in (BRUNO, "+12015550177"):
        await suppressions.add(
            context, workspace_id=workspace_id, address=address, reason="by letter"
        )
    await hear(engine_context, channel, wrote("stop"))
    assert len(await suppressed(engine_context)) == 4
    clock.forward(seconds=60)
    await hear(engine_context, channel, wrote("start", at=clock.now()))
    assert await suppressed(engine_context) == ["+12015550177", BRUNO]
    assert [each for each, _ in await answers(engine_context)] == ["stop", "start"]


async def test_what_somebody_else_says_too_start_does_not_lift(
    engine_context: Context,
    context: Context,
    channel: Channel,
    workspace_id: int,
    clock: FixedClock,
) -> None:
    await hear(engine_context, channel, wrote("stop"))
    await suppressions.add(context, workspace_id=workspace_id, address=ANA, reason="a complaint")
    clock.forward(seconds=60)
    await hear(engine_context, channel, wrote("start", at=clock.now()))
    assert await suppressed(engine_context) == [ANA]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_stop_and_start_come_in_any_order_to_the_same_end(
    engine_context: Context, channel: Channel, clock: FixedClock, order: Sequence[int]
) -> None:
    said = [
        wrote("stop", at=NOW),
        wrote("start", at=NOW + timedelta(seconds=1)),
        wrote("stop", at=NOW + timedelta(seconds=2)),
    ]
    clock.forward(seconds=10)
    for place in order:
        await hear(engine_context, channel, said[place])
    assert await suppressed(engine_context) == [ANA]


async def test_a_start_that_was_said_later_wins_over_a_stop_that_comes_late(
    engine_context: Context, channel: Channel, clock: FixedClock
) -> None:
    clock.forward(seconds=10)
    await hear(engine_context, channel, wrote("start", at=NOW + timedelta(seconds=5)))
    await hear(engine_context, channel, wrote("stop", at=NOW))
    assert await suppressed(engine_context) == []
    assert await answers(engine_context) == []


async def test_a_provider_that_confirms_by_itself_is_not_joined(
    engine_context: Context, context: Context, channel: Channel, workspace_id: int
) -> None:
    await hear(engine_context, channel, wrote("STOP", sender=BRUNO, asks_to="stop"))
    await channel_keywords.put(
        context, workspace_id=workspace_id, channel_id=channel.id, raw={"confirmedBy": "provider"}
    )
    await hear(engine_context, channel, wrote("STOP"))
    assert await suppressed(engine_context) == [ANA, BRUNO]
    assert await answers(engine_context) == []


async def test_help_is_answered_with_the_channels_own_text_and_not_without_end(
    engine_context: Context, context: Context, channel: Channel, workspace_id: int
) -> None:
    await channel_keywords.put(
        context, workspace_id=workspace_id, channel_id=channel.id,
        raw={"languages": ["de"], "helpAnswer": "Call us."},
    )  # fmt: skip
    await hear(engine_context, channel, wrote("help"), wrote("Hilfe"), wrote("baja"))
    assert await answers(engine_context) == [("help", "Call us.")]
    assert await suppressed(engine_context) == []


async def test_what_only_holds_the_word_is_no_opt_out(
    engine_context: Context, channel: Channel
) -> None:
    await hear(engine_context, channel, wrote("please don't stop"), wrote("bus stop"))
    assert await suppressed(engine_context) == []


async def test_of_an_email_the_new_words_count(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    mailbox = await a_channel(context, workspace_id, ChannelType.EMAIL)
    text = "Unsubscribe\n\n> On Monday you wrote:\n> hello"
    await hear(engine_context, mailbox, wrote(text, sender="Ana@Example.com"))
    assert await suppressed(engine_context) == ["ana@example.com"]


async def test_a_flow_hears_what_is_no_keyword_and_not_what_a_person_has(
    engine_context: Context, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    async def resume(_: Any, __: Context, *, text: str, **_more: Any) -> bool:
        heard.append(text)
        return True

    monkeypatch.setattr(talk_flow, "resume", resume)
    await hear(engine_context, channel, wrote("yes"), wrote("stop"), wrote("help"))
    async with engine_context.db.transaction() as tx:
        await tx.execute("update conversations set status = 'waiting'")
    await hear(engine_context, channel, wrote("are you there?"))
    assert heard == ["yes"]


async def test_a_message_that_cannot_be_applied_is_kept_and_holds_up_nobody(
    engine_context: Context,
    channel: Channel,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def resume(_: Any, __: Context, *, text: str, **_more: Any) -> bool:
        if text == "poison":
            raise RuntimeError("a bug")
        return True

    monkeypatch.setattr(talk_flow, "resume", resume)
    await hear(engine_context, channel, wrote("poison"), wrote("stop"))
    assert await suppressed(engine_context) == [ANA]
    assert await rows(engine_context, "select tries from inbound_inbox") == [(1,)]
    for _ in range(5):
        clock.forward(minutes=5)
        await hear(engine_context, channel)
    # A flow that fails does not keep it from people.
    assert await rows(engine_context, "select tries from inbound_inbox") == []
    assert len(await rows(engine_context, "select 1 from messages where text = 'poison'")) == 1


async def test_nul_and_half_characters_are_no_reason_to_lose_it(
    engine_context: Context, channel: Channel
) -> None:
    await hear(engine_context, channel, wrote("a\0b\ud800", name="\0"))
    assert await rows(engine_context, "select text from messages") == [("ab?",)]


async def test_one_part_is_applied_by_one_worker_at_a_time(
    engine_context: Context, channel: Channel
) -> None:
    await hear(engine_context, channel)
    said = inbound.said(wrote("hello"))
    kept = KeptInbound(
        workspace_id=channel.workspace_id, channel_id=channel.id, said=said, received_at=NOW
    )
    await inbound.keep(engine_context, [kept])
    async with engine_context.db.read() as tx:
        [part] = await store.parts(tx, now=NOW)
    async with engine_context.db.transaction() as tx:
        assert await store.hold_part(tx, part=part)
        assert await inbound.apply_kept(engine_context) == 0
    assert await inbound.apply_kept(engine_context) == 1


async def test_a_closed_conversation_is_open_again_when_they_write(
    engine_context: Context, channel: Channel
) -> None:
    await hear(engine_context, channel, wrote("hello"))
    async with engine_context.db.transaction() as tx:
        await tx.execute("update conversations set status = 'closed', closed_at = created_at")
    await hear(engine_context, channel, wrote("one more thing"))
    assert await rows(engine_context, "select status, closed_at from conversations") == [
        ("open", None)
    ]
    assert "conversation.reopened" in await types(engine_context)
