"""Grants where workers wait: for the pace of a channel, or for a processor."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from campana.services import granting, intents
from campana.services.context import Context
from campana.services.granting import Allowance
from campana.store import owners
from tests.support.campaign import ANA, add_channel, launched, person
from tests.support.database import FixedClock
from tests.support.locks import StandingStill, onlooking

AHEAD = timedelta(milliseconds=250)


async def test_a_grant_counts_from_when_it_is_made_however_long_that_was_waited_for(
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
    conninfo: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(granting, "LONGEST_WAIT", timedelta(minutes=1))
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


async def test_who_waits_goes_away_from_one_that_stands_still_in_its_grant(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id, rate=10.0, burst=1)

    async def wait_for_it() -> Allowance:
        return await granting.grant_ahead(
            engine_context, channel_id=channel.id, owner_id=1, wanted=1, ahead=AHEAD
        )

    async with engine_context.db.transaction() as tx:
        await owners.lock_pace(tx, channel_id=channel.id)
        turned_away = await wait_for_it()
        # Still held: nobody ended it.
        assert await owners.lock_pace(tx, channel_id=channel.id) is not None
    assert turned_away.sends == 0
    assert turned_away.again_after > timedelta(0)
    assert (await wait_for_it()).sends == 1


@pytest.mark.parametrize("step", ["set_pace", "promise"])
async def test_a_grant_that_stood_still_until_it_was_ended_is_made_again_and_counted_once(
    step: str,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    conninfo: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id, rate=10.0, burst=1)
    still = StandingStill(getattr(owners, step), conninfo=conninfo)
    monkeypatch.setattr(owners, step, still)
    allowed = await granting.grant_ahead(
        engine_context, channel_id=channel.id, owner_id=1, wanted=1, ahead=AHEAD
    )
    assert (allowed.sends, still.calls) == (1, 2)
    async with engine_context.db.transaction() as tx:
        pace = await owners.lock_pace(tx, channel_id=channel.id)
    assert pace is not None
    assert pace.day_sends == 1


async def test_a_claim_that_stood_still_until_it_was_ended_is_made_again_and_written_once(
    engine_context: Context,
    context: Context,
    workspace_id: int,
    conninfo: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = [person(ANA)]
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=people)
    still = StandingStill(intents.write, conninfo=conninfo)
    monkeypatch.setattr(intents, "write", still)
    [claimed] = await scene.claim()
    assert still.calls == 2
    assert await scene.rows("select id from attempts") == [(claimed.attempt_id,)]


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
