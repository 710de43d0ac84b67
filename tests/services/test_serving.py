"""One dispatcher serves a channel; the others leave it alone until it is left behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campana.services import dispatch, granting
from campana.services.context import Context
from campana.services.granting import Allowance
from tests.support.campaign import Scene, add_channel, launched, person
from tests.support.database import FixedClock
from tests.support.people import reserved_numbers

AHEAD = timedelta(milliseconds=250)
FIRST, SECOND = 1, 2


async def scene_of(engine: Context, web: Context, **channel: Any) -> Scene:
    """Twenty people on a channel of ten sends a second."""
    values = {"rate": 10.0, "burst": 1, "lines": 100, **channel}
    return await launched(
        engine,
        web,
        workspace_id=1,
        channel=await add_channel(web, workspace_id=1, **values),
        people=[person(number) for number in reserved_numbers()[:20]],
        window={"always": True},
    )


async def ask(engine: Context, scene: Scene, owner_id: int, **how: Any) -> Allowance:
    return await granting.grant_ahead(
        engine,
        channel_id=scene.channel.id,
        owner_id=owner_id,
        wanted=5,
        ahead=AHEAD,
        **{"serves": True, "yields": True, **how},
    )


async def sees(engine: Context, scene: Scene, owner_id: int, *, beside: bool = False) -> bool:
    """Does anybody wait there for this owner?"""
    channel_id = scene.channel.id
    found = await dispatch.ready(
        engine,
        channel_ids=[channel_id],
        owner_id=owner_id,
        beside=[channel_id] if beside else [],
    )
    return bool(found)


@pytest.mark.parametrize("burst", [1, 4])
async def test_while_one_is_granted_in_time_nobody_else_is_and_then_anybody(
    burst: int, engine_context: Context, context: Context, clock: FixedClock
) -> None:
    scene = await scene_of(engine_context, context, burst=burst)
    first = await ask(engine_context, scene, FIRST)
    assert (first.sends > 0, first.is_ours, first.was_behind) == (True, True, True)
    for _ in range(5):
        clock.forward(seconds=0.12)
        assert not await sees(engine_context, scene, SECOND)
        refused = await ask(engine_context, scene, SECOND)
        assert (refused.sends, refused.is_ours) == (0, False)
        assert timedelta(0) < refused.again_after <= AHEAD
        assert await sees(engine_context, scene, FIRST)
        again = await ask(engine_context, scene, FIRST)
        assert (again.sends > 0, again.is_ours, again.was_behind) == (True, True, False)
    # It is stopped, or gone: what it was granted is over within what one grant covers.
    clock.forward(seconds=0.4)
    assert await sees(engine_context, scene, SECOND)
    taken = await ask(engine_context, scene, SECOND)
    assert (taken.sends > 0, taken.is_ours, taken.was_behind) == (True, True, True)
    assert not await sees(engine_context, scene, FIRST)
    assert (await ask(engine_context, scene, FIRST)).sends == 0


async def test_a_helper_is_granted_what_is_left_and_the_channel_stays_where_it_is(
    engine_context: Context, context: Context, clock: FixedClock
) -> None:
    scene = await scene_of(engine_context, context)
    await ask(engine_context, scene, FIRST)
    clock.forward(seconds=0.12)
    assert await sees(engine_context, scene, SECOND, beside=True)
    helped = await ask(engine_context, scene, SECOND, yields=False)
    assert (helped.sends > 0, helped.is_ours, helped.was_behind) == (True, False, False)
    assert not await sees(engine_context, scene, SECOND)
    assert (await ask(engine_context, scene, SECOND)).sends == 0
    clock.forward(seconds=0.12)
    assert (await ask(engine_context, scene, FIRST)).is_ours


async def test_whoever_is_slow_serves_no_channel_and_gives_it_up(
    engine_context: Context, context: Context, clock: FixedClock
) -> None:
    scene = await scene_of(engine_context, context)
    await ask(engine_context, scene, FIRST)
    clock.forward(seconds=0.12)
    slow = await ask(engine_context, scene, FIRST, serves=False)
    assert (slow.sends > 0, slow.is_ours) == (True, False)
    assert await sees(engine_context, scene, SECOND)
    clock.forward(seconds=0.12)
    assert (await ask(engine_context, scene, SECOND)).is_ours


async def test_what_was_not_used_leaves_the_channel_to_others_the_sooner(
    engine_context: Context, context: Context, clock: FixedClock
) -> None:
    scene = await scene_of(engine_context, context)
    first = await ask(engine_context, scene, FIRST)
    await granting.give_back(
        engine_context,
        channel_id=scene.channel.id,
        owner_id=FIRST,
        sends=first.sends,
        allowed=first,
    )
    clock.forward(seconds=0.01)
    assert (await ask(engine_context, scene, SECOND)).sends == first.sends


async def test_answers_in_conversations_are_sent_whoever_serves_the_channel(
    engine_context: Context, context: Context, clock: FixedClock
) -> None:
    scene = await scene_of(engine_context, context)
    await ask(engine_context, scene, FIRST)
    clock.forward(seconds=0.31)
    assert await granting.grant(
        engine_context, channel_id=scene.channel.id, owner_id=SECOND, wanted=1
    )
    assert (await ask(engine_context, scene, FIRST)).is_ours
