"""Limits of messaging providers: people of a portfolio in 24 hours, and messages to one person."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from campana.domain.disposition import Disposition
from campana.services import (
    answering,
    campaigns,
    conversations,
    dispatch,
    flows,
    outcomes,
    outlook,
    templates,
)
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.messaging import DAY
from campana.store import owners
from campana.store.channels import Channel
from tests.support import talking
from tests.support.campaign import (
    ANA,
    Scene,
    add_channel,
    add_list,
    launched,
    person,
)
from tests.support.database import NOW, FixedClock
from tests.support.talking import flow, wrote

SANDBOX = {"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"}
# All in New York: people of one zone are one group, and come in the order of the list.
BRUNO, CARLA, DANA = "+12125550102", "+12125550103", "+12125550104"


async def number(context: Context, workspace_id: int, **changes: Any) -> Channel:
    values = {"name": "whatsapp", "portfolio": "acme", "portfolio_limit": 2, **changes}
    return await add_channel(
        context,
        workspace_id=workspace_id,
        kind="sandbox",
        channel_type="WhatsApp",
        config=SANDBOX,
        **values,
    )


async def campaign(
    engine: Context, web: Context, workspace_id: int, channel: Channel, *phones: str
) -> Scene:
    """A campaign that sends these people a template: they have not written."""
    return await launched(
        engine,
        web,
        workspace_id=workspace_id,
        channel=channel,
        type="Flow",
        channelType="WhatsApp",
        voiceBot=None,
        flow={"id": await template_flow(web, workspace_id)},
        window={"always": True},
        people=[person(each) for each in phones],
    )


async def template_flow(web: Context, workspace_id: int) -> str:
    """A flow that sends one template, made once."""
    nodes = {
        "a": {"type": "send_template", "template": "hello", "next": "end"},
        "end": {"type": "end", "status": "told"},
    }
    for each in await flows.every(web, workspace_id=workspace_id):
        return each.id
    return await talking.published(web, workspace_id=workspace_id, definition=flow(nodes))


async def published(web: Context, workspace_id: int) -> None:
    """The template `again`."""
    raw = {
        "name": "again",
        "channelType": "WhatsApp",
        "content": {"text": "Hello again.", "provider": {"name": "again", "language": "en"}},
    }
    made = await templates.create(web, workspace_id=workspace_id, raw=raw)
    await templates.publish(web, workspace_id=workspace_id, template_id=made.id)


async def claim(scene: Scene) -> list[Claimed]:
    found: list[Claimed] = []
    for group in await dispatch.ready(scene.engine, channel_ids=[scene.channel.id]):
        found += await dispatch.claim(
            scene.engine, group=group, channel_type="WhatsApp", owner_id=1, limit=10
        )
    return found


async def put_off(scene: Scene) -> list[tuple[str, str, datetime]]:
    return await scene.rows(
        "select t.address, t.last_reason, d.due_at from targets t join due d on d.target_id = t.id"
        " where t.campaign_id = %s and t.last_reason in ('portfolio', 'pair_rate') order by t.id",
        scene.campaign_id,
    )


async def end(context: Context, claimed: Claimed, disposition: Disposition) -> None:
    await outcomes.settle(
        context, attempt_id=claimed.attempt_id, disposition=disposition, reason="ended"
    )


async def test_a_portfolio_writes_to_so_many_people_and_to_the_next_a_day_later(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    channel = await number(context, workspace_id)
    scene = await campaign(engine_context, context, workspace_id, channel, ANA, BRUNO, CARLA)
    assert {each.address for each in await claim(scene)} == {ANA, BRUNO}
    assert await put_off(scene) == [(CARLA, "portfolio", NOW + DAY)]
    clock.forward(seconds=DAY.total_seconds() - 1)
    assert await claim(scene) == []
    clock.forward(seconds=1)
    assert [each.address for each in await claim(scene)] == [CARLA]
    # Those of the day before are forgotten, and their number with them.
    rows = await scene.rows("select recipients from portfolios")
    people = await scene.rows("select address from portfolio_recipients")
    assert (rows, people) == ([(1,)], [(CARLA,)])


async def test_channels_of_one_portfolio_share_the_limit_and_others_do_not(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    first = await number(context, workspace_id)
    second = await number(context, workspace_id, name="support")
    apart = await number(context, workspace_id, name="apart", portfolio="other")
    one = await campaign(engine_context, context, workspace_id, first, ANA, BRUNO)
    two = await campaign(engine_context, context, workspace_id, second, CARLA)
    three = await campaign(engine_context, context, workspace_id, apart, DANA)
    assert len(await claim(one)) == 2
    assert await claim(two) == []
    assert [reason for _, reason, _ in await put_off(two)] == ["portfolio"]
    assert len(await claim(three)) == 1


async def test_who_counts_already_may_be_written_to_again(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    channel = await number(context, workspace_id, portfolio_limit=1)
    first = await campaign(engine_context, context, workspace_id, channel, ANA)
    [claimed] = await claim(first)
    await end(engine_context, claimed, Disposition.DELIVERED)
    clock.forward(seconds=3600)
    again = await campaign(engine_context, context, workspace_id, channel, ANA, BRUNO)
    assert [each.address for each in await claim(again)] == [ANA]
    # A day after the last message to whoever counts.
    assert await put_off(again) == [(BRUNO, "portfolio", NOW + timedelta(hours=25))]


async def test_however_many_claim_at_once_the_limit_holds(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scenes = [
        await campaign(
            engine_context,
            context,
            workspace_id,
            await number(context, workspace_id, name=f"number {n}", portfolio_limit=3),
            f"+1212555011{n}",
            f"+1212555012{n}",
        )
        for n in range(4)
    ]
    claimed = await asyncio.gather(*(claim(scene) for scene in scenes))
    assert sum(map(len, claimed)) == 3
    assert await scenes[0].rows("select recipients from portfolios") == [(3,)]


async def test_two_messages_to_one_person_are_some_seconds_apart(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    free = {"portfolio": None, "portfolio_limit": None, "pair_seconds": 6.0}
    channel = await number(context, workspace_id, **free)
    first = await campaign(engine_context, context, workspace_id, channel, ANA)
    [claimed] = await claim(first)
    await end(engine_context, claimed, Disposition.DELIVERED)
    clock.forward(seconds=2)
    second = await campaign(engine_context, context, workspace_id, channel, ANA, BRUNO)
    assert [each.address for each in await claim(second)] == [BRUNO]
    assert await put_off(second) == [(ANA, "pair_rate", NOW + timedelta(seconds=6))]
    clock.forward(seconds=4)
    assert [each.address for each in await claim(second)] == [ANA]


async def test_preflight_knows_what_is_left_and_lets_the_rest_spill_to_the_next_day(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    channel = await number(context, workspace_id)
    scene = await campaign(engine_context, context, workspace_id, channel, ANA)
    await claim(scene)
    clock.forward(seconds=3600)
    people = [person(each) for each in (BRUNO, CARLA)]
    list_id = await add_list(context, workspace_id=workspace_id, people=people, name="more")
    draft = {**scene.document, "contactList": list_id, "name": "draft"}
    made = await campaigns.create(context, workspace_id=workspace_id, raw=draft)
    seen = await outlook.look_ahead(context, workspace_id=workspace_id, campaign_id=made.id)
    assert seen.forecast is not None
    hours = [(each.hour, each.attempts) for each in seen.forecast.planned]
    now = NOW + timedelta(hours=1)
    assert hours == [(now, 1), (NOW + DAY, 1)]


async def test_whoever_wrote_lately_needs_no_place(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    channel = await number(context, workspace_id, portfolio_limit=1)
    await wrote(
        engine_context, workspace_id=workspace_id, channel_id=channel.id, addresses=[ANA, BRUNO]
    )
    scene = await campaign(engine_context, context, workspace_id, channel, ANA, BRUNO, CARLA, DANA)
    assert {each.address for each in await claim(scene)} == {ANA, BRUNO, CARLA}
    assert [address for address, _, _ in await put_off(scene)] == [DANA]


async def answers(engine: Context, channel: Channel) -> list[str]:
    """To whom answers go out on a channel now."""
    async with engine.db.transaction() as tx:
        await owners.promise(tx, channel_id=channel.id, owner_id=1, lines=10, trunk=None)
    claimed = await answering.claim(
        engine, channel_id=channel.id, owner_id=1, limit=10, ask_after=timedelta(minutes=1)
    )
    return [each.address for each in claimed]


async def test_answers_to_one_person_are_apart_too(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    free = {"portfolio": None, "portfolio_limit": None, "pair_seconds": 6.0}
    channel = await number(context, workspace_id, **free)
    scene = await campaign(engine_context, context, workspace_id, channel, ANA)
    await claim(scene)
    clock.forward(seconds=1)
    await wrote(engine_context, workspace_id=workspace_id, channel_id=channel.id, addresses=[ANA])
    [(thread,)] = await scene.rows("select id from conversations")
    for text in ("One.", "Two."):
        await conversations.answer(
            context,
            workspace_id=workspace_id,
            conversation_id=thread,
            author="Bruno",
            text=text,
            values={},
        )
    assert await answers(engine_context, channel) == []
    for second, sent in ((4, []), (1, [ANA]), (5, []), (1, [ANA]), (9, [])):
        clock.forward(seconds=second)
        assert await answers(engine_context, channel) == sent


async def test_a_template_to_somebody_silent_takes_a_place_and_an_answer_none(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    channel = await number(context, workspace_id, portfolio_limit=1)
    await published(context, workspace_id)
    scene = await campaign(engine_context, context, workspace_id, channel, ANA)
    assert len(await claim(scene)) == 1
    for address in (BRUNO, CARLA):
        await wrote(
            engine_context, workspace_id=workspace_id, channel_id=channel.id, addresses=[address]
        )
    clock.forward(hours=23)
    await wrote(engine_context, workspace_id=workspace_id, channel_id=channel.id, addresses=[CARLA])
    clock.forward(minutes=59)
    clock.forward(minutes=2)
    # Bruno is silent for a day; Ana's place is hers, for the attempt was a minute before that.
    await claim(await campaign(engine_context, context, workspace_id, channel, DANA))
    threads = dict(await scene.rows("select address, id from conversations"))
    for address in (BRUNO, CARLA):
        await conversations.answer(
            context,
            workspace_id=workspace_id,
            conversation_id=threads[address],
            author="Bruno",
            text=None,
            template="again",
            values={},
        )
    assert await answers(engine_context, channel) == [CARLA]
    clock.forward(hours=24)
    assert await answers(engine_context, channel) == [BRUNO]
