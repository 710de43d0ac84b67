"""Grants: trunks with limits of their own, changes in force at once, and what goes back."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import pytest

from campana.domain.errors import InvalidParameter
from campana.services import campaigns, channel_secrets, channels, dispatch, granting
from campana.services.context import Context
from campana.services.granting import Allowance
from campana.store import owners
from campana.store.channels import Channel
from tests.domain.test_pacing import most_within
from tests.support.campaign import add_channel, launched, person
from tests.support.database import NOW, FixedClock
from tests.support.ownership import dead_owner, until_gone
from tests.support.people import reserved_numbers

AHEAD = timedelta(milliseconds=250)


def named(port: int) -> str:
    return f"sip:127.0.0.1:{port};transport=udp"


async def trunked(web: Context, workspace_id: int, *trunks: dict[str, Any], **of: Any) -> Channel:
    """A channel over trunks on ports 5061, 5062, … with these limits."""
    config = {
        "trunks": [
            {"host": "127.0.0.1", "port": 5061 + n, **limits} for n, limits in enumerate(trunks)
        ],
        "callerIds": ["+12025550100"],
    }
    values = {"rate": 100.0, "burst": 10, "lines": 1000, **of}
    return await add_channel(web, workspace_id=workspace_id, config=config, **values)


async def ask(
    engine: Context, channel: Channel, *, owner_id: int = 1, wanted: int = 1
) -> Allowance:
    return await granting.grant_ahead(
        engine, channel_id=channel.id, owner_id=owner_id, wanted=wanted, ahead=timedelta(0)
    )


async def test_the_first_trunk_that_is_within_its_limits_is_taken(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    channel = await trunked(context, workspace_id, {"rate": 1}, {"dailyAttempts": 2}, {})
    taken = [(await ask(engine_context, channel)).trunk for _ in range(5)]
    assert taken == [named(5061), *[named(5062)] * 2, *[named(5063)] * 2]
    clock.forward(seconds=1.02)
    assert (await ask(engine_context, channel)).trunk == named(5061)


async def test_lines_of_a_trunk_are_attempts_and_promises_of_living_owners(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    channel = await trunked(context, workspace_id, {"lines": 2}, {"lines": 1})
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        channel=channel,
        people=[person(number) for number in reserved_numbers()[:5]],
    )
    async with engine_context.db.session() as session:
        living = await owners.take_identity(session)
        assert (await ask(engine_context, channel, owner_id=living)).trunk == named(5061)
        [mine] = await scene.claim(owner_id=living, limit=1)
        # One is an attempt, one is promised: the first trunk is full.
        assert (await ask(engine_context, channel, owner_id=living)).trunk == named(5061)
        other = await dead_owner(engine_context)
        assert (await ask(engine_context, channel, owner_id=other)).trunk == named(5062)
        await scene.claim(owner_id=other, limit=1)
        assert (await ask(engine_context, channel, owner_id=other)).sends == 0
    await until_gone(engine_context, living)
    assert (await ask(engine_context, channel, owner_id=other)).trunk == named(5061)
    trunks = await scene.rows("select trunk from attempts order by created_at, id")
    assert sorted(row[0] for row in trunks) == [named(5061), named(5062)]
    assert mine.channel_id == channel.id


async def test_a_quota_of_a_trunk_is_of_a_day_and_goes_back_when_unused(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    channel = await trunked(context, workspace_id, {"dailyAttempts": 3})
    assert (await ask(engine_context, channel, wanted=2)).sends == 2
    allowed = await ask(engine_context, channel, wanted=5)
    assert allowed.sends == 1
    await granting.give_back(
        engine_context, channel_id=channel.id, owner_id=1, sends=1, allowed=allowed
    )
    assert (await ask(engine_context, channel, wanted=5)).sends == 1
    assert (await ask(engine_context, channel, wanted=5)).sends == 0
    clock.forward(hours=9)
    assert (await ask(engine_context, channel, wanted=5)).sends == 3


@pytest.mark.parametrize("workers", [1, 16])
async def test_each_trunk_keeps_and_uses_its_own_pace(
    workers: int, engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    rates = {named(5061): 2.0, named(5062): 3.0}
    channel = await trunked(context, workspace_id, {"rate": 2}, {"rate": 3})
    moments: dict[str, list[datetime]] = defaultdict(list)
    seconds, turn = 60, 0
    while clock.now() < NOW + timedelta(seconds=seconds):
        allowed = await granting.grant_ahead(
            engine_context,
            channel_id=channel.id,
            owner_id=1 + turn * 7 % workers,
            wanted=1,
            ahead=AHEAD,
        )
        if allowed.sends:
            assert allowed.trunk is not None
            moments[allowed.trunk].append(clock.now() + allowed.first_after)
        turn += 1
        clock.forward(milliseconds=20 + turn * 53 % 101)
    for trunk, rate in rates.items():
        assert most_within(sorted(moments[trunk]), timedelta(seconds=1.05)) <= math.ceil(rate) + 1
        assert 0.98 * rate * seconds <= len(moments[trunk]) <= rate * seconds + 1


async def test_trunks_that_cannot_be_told_apart_are_refused(
    context: Context, workspace_id: int
) -> None:
    trunk = {"host": "127.0.0.1", "rate": 2}
    with pytest.raises(InvalidParameter) as refused:
        await channels.create(
            context,
            workspace_id=workspace_id,
            raw={
                "name": "twins",
                "kind": "voice_sip",
                "config": {"trunks": [trunk, trunk], "callerIds": ["+12025550100"]},
            },
        )
    [problem] = refused.value.problems
    assert "must differ" in problem.message


async def sent_within(
    engine: Context, channel: Channel, clock: FixedClock, *, seconds: float
) -> int:
    """How many sends one worker that asks often is allowed from now on."""
    until, sends = clock.now() + timedelta(seconds=seconds), 0
    while clock.now() < until:
        allowed = await granting.grant_ahead(
            engine, channel_id=channel.id, owner_id=1, wanted=100, ahead=AHEAD
        )
        sends += allowed.sends
        clock.forward(milliseconds=100)
    return sends


async def test_a_rate_that_is_raised_is_in_force_within_a_second(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    """At one in a hundred seconds the next send is far away; at ten a second it is not."""
    channel = await add_channel(context, workspace_id=workspace_id, rate=0.01, burst=1)
    assert await sent_within(engine_context, channel, clock, seconds=5) == 1
    await channels.change(context, workspace_id=workspace_id, wanted=channel.id, patch={"rate": 10})
    assert await sent_within(engine_context, channel, clock, seconds=1) >= 8
    await channels.change(
        context, workspace_id=workspace_id, wanted=channel.id, patch={"rate": 0.01}
    )
    # What was given ahead of time counts at the new rate.
    assert await sent_within(engine_context, channel, clock, seconds=5) <= 1


@pytest.mark.parametrize(("rate", "burst", "seconds"), [(0.1, 1, 10), (2, 1, 0.5), (0.1, 3, 10)])
async def test_a_rate_that_is_lowered_is_not_paid_for_what_was_granted_ahead(
    rate: float,
    burst: int,
    seconds: float,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
) -> None:
    """A fifth of a second granted ahead at a hundred a second is no silence of minutes."""
    channel = await add_channel(context, workspace_id=workspace_id, rate=100.0, burst=burst)
    assert await sent_within(engine_context, channel, clock, seconds=2) >= 190
    await channels.change(
        context, workspace_id=workspace_id, wanted=channel.id, patch={"rate": rate}
    )
    span = 4 * seconds + 1
    sends = await sent_within(engine_context, channel, clock, seconds=span)
    assert 3 <= sends <= rate * span + burst


async def test_a_campaigns_own_rate_that_is_raised_is_in_force_within_a_second(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(number) for number in reserved_numbers()[:50]],
        pacing={"rate": 0.01},
    )

    async def taken(seconds: float) -> int:
        until, count = clock.now() + timedelta(seconds=seconds), 0
        while clock.now() < until:
            count += len(await scene.claim(limit=1))
            clock.forward(milliseconds=50)
        return count

    assert await taken(5) == 1
    await campaigns.change(
        context,
        workspace_id=workspace_id,
        campaign_id=scene.campaign_id,
        patch={"pacing": {"rate": 10}},
        version=None,
    )
    assert await taken(1) >= 8


async def test_what_was_granted_before_a_limit_was_lowered_claims_nothing(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    assert (await ask(engine_context, scene.channel, wanted=3)).sends == 3
    await channels.change(
        context, workspace_id=workspace_id, wanted=scene.channel.id, patch={"lines": 1}
    )
    assert await scene.claim() == []
    assert (await ask(engine_context, scene.channel, wanted=3)).sends == 1
    [group, *_] = await dispatch.ready(engine_context, channel_ids=[scene.channel.id])
    claimed = await dispatch.claim(
        engine_context, group=group, channel_type="Voice", owner_id=1, limit=1
    )
    assert len(claimed) == 1
    assert (await ask(engine_context, scene.channel, wanted=3)).sends == 0


async def test_nobody_in_another_workspace_can_void_a_grant(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    await ask(engine_context, scene.channel, wanted=3)
    async with context.db.transaction(workspace_id=workspace_id + 1) as tx:
        await tx.execute("select revoke_grants(%s)", (scene.channel.id,))
    assert len(await scene.claim()) == 3


async def test_moments_go_back_only_while_nobody_was_granted_later_ones(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id, rate=100.0, burst=1)

    async def ahead(owner_id: int, wanted: int) -> Allowance:
        return await granting.grant_ahead(
            engine_context, channel_id=channel.id, owner_id=owner_id, wanted=wanted, ahead=AHEAD
        )

    first = await ahead(1, 10)
    await granting.give_back(
        engine_context, channel_id=channel.id, owner_id=1, sends=4, allowed=first
    )
    again = await ahead(1, 10)
    assert again.first_after == first.first_after + 6 * first.interval
    mine, theirs = again, await ahead(2, 3)
    await granting.give_back(
        engine_context, channel_id=channel.id, owner_id=1, sends=10, allowed=mine
    )
    after = await ahead(3, 1)
    assert after.first_after == theirs.first_after + 3 * theirs.interval


async def test_workers_that_claim_at_once_share_what_a_trunk_has(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    """Sixteen ask at the same moment for the five lines of a trunk."""
    channel = await trunked(context, workspace_id, {"lines": 5})
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        channel=channel,
        people=[person(number) for number in reserved_numbers()[:40]],
    )
    [group, *_] = await dispatch.ready(engine_context, channel_ids=[channel.id])

    async def work(owner_id: int) -> int:
        allowed = await ask(engine_context, channel, owner_id=owner_id)
        if not allowed.sends:
            return 0
        claimed = await dispatch.claim(
            engine_context, group=group, channel_type="Voice", owner_id=owner_id, limit=1
        )
        return len(claimed)

    async with engine_context.db.session() as session:
        living = [await owners.take_identity(session) for _ in range(16)]
        made = 0
        for _ in range(3):
            made += sum(await asyncio.gather(*(work(owner_id) for owner_id in living)))
    assert made == 5
    assert await scene.rows("select count(*) from attempts") == [(5,)]


async def test_nothing_is_claimed_that_could_be_sent_after_the_end(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, endDate="2026-03-10T15:00:10Z"
    )
    clock.forward(seconds=9.5)
    assert await scene.claim() == []
    clock.forward(seconds=-0.2)
    assert len(await scene.claim()) == 3


async def test_limits_of_a_trunk_change_while_it_is_used(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    channel = await trunked(context, workspace_id, {"rate": 0.01, "password": "kept"}, {"lines": 3})
    first, second = named(5061), named(5062)

    async def limit(**trunks: Any) -> Channel:
        return await channels.change(
            context, workspace_id=workspace_id, wanted=channel.id, patch={"trunks": trunks}
        )

    assert (await ask(engine_context, channel)).trunk == first
    assert (await ask(engine_context, channel)).trunk == second
    changed = await limit(**{first: {"rate": 10}})
    opened = channel_secrets.opened(context.secrets, context.carriers[changed.kind], changed.config)
    assert opened["trunks"][0]["password"] == "kept"
    assert [each.lines for each in channels.known_trunks(context, changed)] == [None, 3]
    # At the new rate, and from the first time anybody asked.
    assert (await ask(engine_context, channel)).trunk == second
    clock.forward(seconds=0.2)
    assert (await ask(engine_context, channel)).trunk == first
    await limit(**{first: {"dailyAttempts": 1}, second: {"dailyAttempts": 3}})
    clock.forward(seconds=1)
    assert (await ask(engine_context, channel)).trunk == second
    with pytest.raises(InvalidParameter) as refused:
        await limit(**{first: {"rate": 0}, "sip:elsewhere": {"rate": 1}})
    assert {str(each.pointer) for each in refused.value.problems} == {f"/trunks/{first}/rate"}
    with pytest.raises(InvalidParameter) as refused:
        await limit(**{"sip:elsewhere": {"rate": 1}})
    assert [each.pointer for each in refused.value.problems] == ["/trunks/sip:elsewhere"]
