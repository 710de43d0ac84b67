"""The database's clock jumps: nothing is dialed, opened or closed by a time nobody believes yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from campana.domain.clock import wire
from campana.services import closing
from campana.store.db import DatabaseClock
from tests.support.stage import Stage, dispatching

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.timeout(120)


async def sampled(stage: Stage, clock: DatabaseClock, *, off: timedelta) -> None:
    """The server says so much more than it should."""
    clock._shift = off
    async with stage.engine.db.read() as tx:
        await clock.sample(tx)


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
async def test_dialing_stops_until_two_samples_agree(jump: timedelta, stage: Stage) -> None:
    clock = DatabaseClock()
    await sampled(stage, clock, off=timedelta(0))
    jumping = replace(stage, engine=replace(stage.engine, clock=clock))
    # Due whichever way the clock goes.
    scene = await stage.campaign(people=2, rate=1)
    async with stage.engine.db.transaction() as tx:
        await tx.execute("update due set due_at = '2020-01-01'")
        await tx.execute("update open_windows set open_until = 'infinity'")
        await tx.execute("update pacing set arrival_at = '2020-01-01'")
    async with dispatching(jumping) as work:
        await sampled(stage, clock, off=jump)
        before = clock.now()
        assert not await work.step()
        await sampled(stage, clock, off=jump)
        assert abs(clock.now() - before - jump) < timedelta(minutes=1)
        assert await work.step()
    assert await scene.rows("select count(*) from attempts") == [(1,)]


async def test_one_odd_sample_ends_no_campaign(stage: Stage) -> None:
    clock = DatabaseClock()
    await sampled(stage, clock, off=timedelta(0))
    engine = replace(stage.engine, clock=clock)
    scene = await stage.campaign(people=2, endDate=wire(clock.now() + timedelta(minutes=30)))
    await sampled(stage, clock, off=HOUR)
    assert await closing.close_expired(engine) == []
    await sampled(stage, clock, off=timedelta(0))
    assert clock.is_steady
    assert await closing.close_expired(engine) == []
    # What two samples agree on is the time.
    for _ in range(2):
        await sampled(stage, clock, off=HOUR)
    assert await closing.close_expired(engine) == [scene.campaign_id]
