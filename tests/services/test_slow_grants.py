"""Grants where workers wait: for the pace of a channel, or for a processor."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from campana.services import granting
from campana.services.context import Context
from campana.services.granting import Allowance
from campana.store import owners
from tests.support.campaign import add_channel
from tests.support.database import FixedClock
from tests.support.locks import onlooking

AHEAD = timedelta(milliseconds=250)


async def test_a_grant_counts_from_when_it_is_made_however_long_that_was_waited_for(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock, conninfo: str
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id, rate=10.0, burst=1)

    async def at_once() -> Allowance:
        return await granting.grant_ahead(
            engine_context, channel_id=channel.id, owner_id=1, wanted=1, ahead=timedelta(0)
        )

    async with onlooking(conninfo) as until_one_waits, engine_context.db.transaction() as tx:
        await owners.lock_pace(tx, channel_id=channel.id)
        asking = asyncio.create_task(at_once())
        await until_one_waits()
        waited_until = engine_context.monotonic()
        clock.forward(seconds=2)
    allowed = await asking
    assert allowed.arrival_at is not None
    assert allowed.arrival_at > clock.now()
    [moment] = allowed.moments
    assert moment >= waited_until


async def test_who_does_not_wait_goes_away_while_another_is_being_granted_something(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id, rate=10.0, burst=1)

    async def without_waiting() -> Allowance:
        return await granting.grant_ahead(
            engine_context, channel_id=channel.id, owner_id=1, wanted=1, ahead=AHEAD, waits=False
        )

    async with engine_context.db.transaction() as tx:
        await owners.lock_pace(tx, channel_id=channel.id)
        turned_away = await without_waiting()
    assert turned_away.sends == 0
    assert turned_away.again_after > timedelta(0)
    assert (await without_waiting()).sends == 1


async def test_a_worker_with_a_long_notice_is_granted_nothing_while_quicker_ones_are_served(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id, rate=20.0, burst=1)

    async def slowly(after: datetime | None = None) -> Allowance:
        return await granting.grant_ahead(
            engine_context,
            channel_id=channel.id,
            owner_id=2,
            wanted=100,
            ahead=timedelta(seconds=0.8),
            notice=timedelta(seconds=0.6),
            after=after,
        )

    async def quickly() -> Allowance:
        return await granting.grant_ahead(
            engine_context, channel_id=channel.id, owner_id=1, wanted=100, ahead=AHEAD
        )

    first = await quickly()
    refused = await slowly()
    assert first.sends
    assert refused.sends == 0
    assert first.arrival_at is not None
    assert refused.again_after == first.arrival_at - clock.now()
    # Nobody is served any more.
    clock.forward(seconds=0.3)
    alone = await slowly()
    assert alone.sends
    # What it was granted itself is no sign of others; to whoever else asks it may be one.
    clock.forward(seconds=0.6)
    assert (await slowly()).sends == 0
    assert (await slowly(after=alone.arrival_at)).sends
