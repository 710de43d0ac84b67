"""A campaign's own limits: however many workers claim, never one more than they allow."""

from __future__ import annotations

import asyncio
import math
from datetime import datetime, timedelta
from typing import Any

import pytest

from campana.domain.disposition import Disposition
from campana.domain.errors import InvalidParameter
from campana.services import campaigns, channels, dispatch, granting, outcomes
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.granting import Allowance
from tests.domain.test_pacing import most_within
from tests.support.campaign import Scene, add_channel, launched, person
from tests.support.database import NOW, FixedClock

PEOPLE = [person(f"+1212555{n:04}") for n in range(1000)]
WORKERS = range(1, 17)


async def all_claim(scene: Scene, *, limit: int = 3) -> list[Claimed]:
    """What sixteen workers take at once."""
    taken = await asyncio.gather(*(scene.claim(owner_id=n, limit=limit) for n in WORKERS))
    return [each for one in taken for each in one]


async def settle(scene: Scene, claimed: list[Claimed]) -> None:
    for each in claimed:
        await outcomes.settle(
            scene.engine,
            attempt_id=each.attempt_id,
            disposition=Disposition.COMPLETED,
            reason="test",
        )


@pytest.mark.parametrize("cap", [1, 7])
async def test_sixteen_workers_never_hold_more_lines_than_the_campaign_may(
    cap: int, engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=PEOPLE[:100],
        pacing={"lines": cap},
    )
    for _ in range(3):
        taken = await all_claim(scene)
        assert len(taken) == cap
        assert await all_claim(scene) == []
        await settle(scene, taken)
        # Asked again a moment later, not at once: the dispatcher does not spin on a full campaign.
        assert await dispatch.ready(engine_context, channel_ids=[scene.channel.id]) == []
        clock.forward(seconds=0.2)


async def test_a_quota_of_the_day_is_whole_again_at_midnight_utc(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=PEOPLE[:50],
        pacing={"dailyAttempts": 5},
    )
    taken = await all_claim(scene)
    assert len(taken) == 5
    await settle(scene, taken)
    clock.forward(hours=8, minutes=59)
    assert await all_claim(scene) == []
    clock.forward(minutes=1)
    assert clock.now().hour == 0
    assert len(await all_claim(scene)) == 5


async def sends(
    scene: Scene, clock: FixedClock, *, seconds: float, ahead: timedelta, every: float
) -> list[datetime]:
    """From when each attempt may be sent, when sixteen workers ask in turn, so often a second."""
    moments: list[datetime] = []
    turn = 0
    while clock.now() < NOW + timedelta(seconds=seconds):
        for group in await dispatch.ready(scene.engine, channel_ids=[scene.channel.id]):
            claimed = await dispatch.claim(
                scene.engine,
                group=group,
                channel_type="Voice",
                owner_id=1 + turn % 16,
                limit=1,
                ahead=ahead,
            )
            moments += [each.not_before for each in claimed]
            await settle(scene, claimed)
        turn += 1
        clock.forward(seconds=every)
    return moments


async def test_its_rate_is_kept_and_used(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=PEOPLE,
        pacing={"rate": 4},
    )
    moments = await sends(scene, clock, seconds=20, ahead=timedelta(milliseconds=200), every=0.07)
    assert most_within(moments, timedelta(seconds=1.05)) <= math.ceil(4) + 1
    assert 0.98 * 80 <= len(moments) <= 80 + 1


async def test_a_ramp_begins_low_and_ends_at_the_rate(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=PEOPLE,
        pacing={"rate": 5, "rampUpSeconds": 20},
    )
    moments = await sends(scene, clock, seconds=30, ahead=timedelta(milliseconds=200), every=0.07)
    tenths = [
        sum(
            NOW + timedelta(seconds=n) <= each < NOW + timedelta(seconds=n + 10) for each in moments
        )
        for n in (0, 10, 20)
    ]
    assert tenths[0] < 0.4 * tenths[2]
    assert tenths[0] < tenths[1] < tenths[2] <= 51
    assert tenths[2] >= 0.98 * 50


async def test_a_change_is_in_force_with_the_next_claim(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=PEOPLE[:50],
        pacing={"dailyAttempts": 2},
    )

    async def patch(**pacing: Any) -> None:
        await campaigns.change(
            context,
            workspace_id=workspace_id,
            campaign_id=scene.campaign_id,
            patch={"pacing": pacing},
            version=None,
        )

    assert len(await all_claim(scene)) == 2
    await patch(dailyAttempts=6)
    assert len(await all_claim(scene)) == 4
    await patch(dailyAttempts=20, lines=8)
    assert len(await all_claim(scene)) == 2
    clock.forward(seconds=1)
    await patch(lines=3)
    assert await all_claim(scene) == []


async def test_a_channels_quota_and_changes_to_its_limits(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    channel = await add_channel(
        context, workspace_id=workspace_id, rate=100.0, burst=10, daily_attempts=4
    )

    async def ask() -> int:
        allowed = await granting.grant_ahead(
            engine_context, channel_id=channel.id, owner_id=1, wanted=10, ahead=timedelta(0)
        )
        last.append(allowed)
        return allowed.sends

    last: list[Allowance] = []

    async def limits(**patch: Any) -> None:
        await channels.change(context, workspace_id=workspace_id, wanted=channel.id, patch=patch)

    assert await ask() == 4
    clock.forward(seconds=1)
    assert await ask() == 0
    await granting.give_back(
        engine_context, channel_id=channel.id, owner_id=1, sends=3, allowed=last[0]
    )
    assert await ask() == 3
    await limits(dailyAttempts=6)
    clock.forward(seconds=1)
    assert await ask() == 2
    await limits(dailyAttempts=None, burst=3)
    clock.forward(seconds=1)
    assert await ask() == 3
    await limits(rate=1, burst=1, lines=1)
    clock.forward(seconds=1)
    assert await ask() == 1
    clock.forward(seconds=0.5)
    assert await ask() == 0
    with pytest.raises(InvalidParameter) as refused:
        await limits(rate=0, burst=0, lines=0, dailyAttempts=0, kind="sandbox")
    assert {problem.pointer for problem in refused.value.problems} == {
        "/burst",
        "/dailyAttempts",
        "/kind",
        "/lines",
        "/rate",
    }


@pytest.mark.parametrize("workers", [1, 4, 16])
async def test_a_channels_pace_is_kept_and_used_by_any_number_of_workers(
    workers: int, engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    """The real grants on a clock that moves by hand: each worker asks now and then, in disorder."""
    rate, seconds, ahead = 5.0, 60, timedelta(milliseconds=200)
    channel = await add_channel(context, workspace_id=workspace_id, rate=rate, burst=1, lines=100)
    moments: list[datetime] = []
    turn = 0
    while clock.now() < NOW + timedelta(seconds=seconds):
        allowed = await granting.grant_ahead(
            engine_context,
            channel_id=channel.id,
            owner_id=1 + turn * 7 % workers,
            wanted=1,
            ahead=ahead,
        )
        moments += [
            max(clock.now(), clock.now() + allowed.first_after + n * allowed.interval)
            for n in range(allowed.sends)
        ]
        turn += 1
        # 20 to 180 milliseconds, the same in every run.
        clock.forward(milliseconds=20 + turn * 53 % 161)
    assert most_within(moments, timedelta(seconds=1.05)) <= math.ceil(rate) + 1
    assert 0.98 * rate * seconds <= len(moments) <= rate * seconds + 1


async def test_weights_and_priorities_of_campaigns_reach_the_chooser(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id)
    for document in ({"priority": "low"}, {"weight": 7}, {"priority": "urgent"}):
        await launched(
            engine_context,
            context,
            workspace_id=workspace_id,
            channel=channel,
            people=PEOPLE[:1],
            **document,
        )
    groups = await dispatch.ready(engine_context, channel_ids=[channel.id])
    assert [(each.urgency, each.weight) for each in groups] == [(0, 1.0), (2, 7.0), (3, 1.0)]


async def test_limits_that_make_no_sense_are_refused_all_at_once(
    context: Context, workspace_id: int
) -> None:
    document = {
        "name": "N",
        "type": "VoiceBot",
        "channelType": "Voice",
        "weight": 0,
        "priority": "now",
        "pacing": {"rate": 1e6, "lines": 0, "dailyAttempts": 0, "rampUpSeconds": -1},
        "breakers": {"maxFailureRate": 2, "minimum": 0, "sampleSize": 10_000},
        "canary": {"percent": 0},
    }
    with pytest.raises(InvalidParameter) as refused:
        await campaigns.create(context, workspace_id=workspace_id, raw=document)
    assert {problem.pointer for problem in refused.value.problems} == {
        "/weight",
        "/priority",
        "/pacing/rate",
        "/pacing/lines",
        "/pacing/dailyAttempts",
        "/pacing/rampUpSeconds",
        "/breakers/maxFailureRate",
        "/breakers/minimum",
        "/breakers/sampleSize",
        "/canary/percent",
    }
