"""Whoever waits for a channel goes on as soon as it has more to give."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from campana.domain.caller_id import CallerIds
from campana.services import caller_ids, channels, conversations, dispatch
from campana.services.context import Context
from campana.store import breakers
from tests.services import test_messaging as messages
from tests.support.campaign import ANA, CARLA, add_channel, launched, person
from tests.support.database import NOW, FixedClock
from tests.support.lifting import change, held, work
from tests.support.talking import wrote

FIRST, SECOND, THIRD = "+12025550100", "+12025550101", "+12025550102"


async def test_another_number_to_call_from_lets_go_whom_the_others_had_no_call_for(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    config = {"trunks": [{"host": "127.0.0.1", "port": 5060}], "callerIds": [FIRST]}
    channel = await add_channel(
        context, workspace_id=workspace_id, config={**config, "callsPerCallerId": 1}
    )
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        channel=channel,
        people=[person(f"+1212555010{n}") for n in range(5)],
    )

    async def called(**patch: Any) -> list[str | None]:
        """From which numbers, once the channel is changed so."""
        changed = await channels.change(
            context, workspace_id=workspace_id, wanted=channel.id, patch={"config": patch}
        )
        await work(engine_context)
        clock.forward(seconds=1)
        pool = caller_ids.pool_of(engine_context, changed)
        return [each.caller_id for each in await scene.claim(callers=pool)]

    assert await called() == [FIRST]
    assert {reason for reason, _ in await held(scene)} == {caller_ids.USED_UP}
    assert await called(callerIds=[FIRST, SECOND]) == [SECOND]
    assert await called(callerIds=[FIRST, SECOND, THIRD], callsPerCallerId=1) == [THIRD]
    assert await called(callsPerCallerId=1) == []
    assert await called(callsPerCallerId=2) == [FIRST, SECOND]


async def test_a_campaign_that_may_call_from_another_number_goes_on(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    pool = CallerIds(numbers=(FIRST, SECOND), calls_a_day=1)
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA), person(CARLA)],
        callerId=FIRST,
    )
    assert len(await scene.claim(callers=pool)) == 1
    await change(scene, callerId=None)
    await work(engine_context)
    clock.forward(seconds=1)
    assert [each.caller_id for each in await scene.claim(callers=pool)] == [SECOND]


CLOUD = {
    "phoneNumberId": "1",
    "accountId": "2",
    "number": "+12025550100",
    "accessToken": "a-token-of-the-cloud",
    "appSecret": "a-secret-of-the-app",
    "verifyToken": "a-word-to-verify",
    "url": "http://127.0.0.1:9",
}


async def test_a_higher_limit_of_a_portfolio_lets_go_whom_it_kept_back_answers_too(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    config = {**CLOUD, "portfolio": "acme", "portfolioLimit": 1}
    channel = await add_channel(
        context,
        workspace_id=workspace_id,
        kind="whatsapp_cloud",
        channel_type="WhatsApp",
        portfolio="acme",
        portfolio_limit=1,
        rate=50.0,
        config=config,
    )
    await messages.published(context, workspace_id)
    clock.moment = NOW - timedelta(days=2)
    await wrote(
        engine_context,
        workspace_id=workspace_id,
        channel_id=channel.id,
        addresses=[messages.DANA],
    )
    clock.moment = NOW
    scene = await messages.campaign(
        engine_context, context, workspace_id, channel, ANA, messages.BRUNO, messages.CARLA
    )
    assert len(await messages.claim(scene)) == 1
    assert {reason for _, reason, _ in await messages.put_off(scene)} == {"portfolio"}
    [(thread,)] = await scene.rows("select id from conversations where address = %s", messages.DANA)
    await conversations.answer(
        context,
        workspace_id=workspace_id,
        conversation_id=thread,
        author="Bruno",
        text=None,
        template="again",
        values={},
    )
    assert await messages.answers(engine_context, channel) == []

    async def allow(people: int) -> None:
        patch = {"config": {"portfolioLimit": people}}
        await channels.change(context, workspace_id=workspace_id, wanted=channel.id, patch=patch)
        await work(engine_context)
        clock.forward(seconds=1)

    await allow(2)
    assert await messages.answers(engine_context, channel) == [messages.DANA]
    # Another owner's claim: what the first was granted is void since the change.
    assert await scene.claim(owner_id=2) == []
    await allow(3)
    assert len(await scene.claim(owner_id=2)) == 1
    assert len(await messages.put_off(scene)) == 1


async def test_another_account_is_tried_at_once_where_the_one_before_was_down(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    channel_id = scene.channel.id
    async with engine_context.db.transaction() as tx:
        until = NOW + timedelta(minutes=10)
        await breakers.set_down(tx, channel_id=channel_id, until=until, failing=5)

    async def ready(**patch: Any) -> bool:
        """Whether anybody may be claimed, once the channel is changed so."""
        await channels.change(context, workspace_id=workspace_id, wanted=channel_id, patch=patch)
        await work(engine_context)
        return bool(await dispatch.ready(engine_context, channel_ids=[channel_id]))

    assert not await ready(rate=50)
    assert await ready(config={"trunks": [{"host": "127.0.0.1", "port": 5070}]})
