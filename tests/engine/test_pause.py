"""Pause means pause, judged by the line: no call is placed after the answer, and calls in progress
end when somebody asked for that."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from campana.carriers.voice_sip import VoiceSip
from campana.engine.runner import Loop, repeat
from campana.engine.voice_worker import VoiceWorker
from campana.services import control
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.control import InFlight
from campana.store.db import Tx
from campana.voice.driver import Placement, Progress
from campana.voice.speech import Speech
from tests.support import ledger
from tests.support.campaign import ANA, BOT, Scene, add_channel, launched, person
from tests.support.database import NOW
from tests.support.locks import onlooking
from tests.support.people import reserved_numbers
from tests.support.waiting import eventually, standing_still, usual
from tests.voice.scripted import ScriptedCall, ScriptedDriver


class RunningClock:
    """The test's day, moved on by the machine's monotonic clock."""

    is_steady = True

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def now(self) -> datetime:
        return NOW + timedelta(seconds=time.monotonic() - self._begun)


class WitnessDriver(ScriptedDriver):
    """Notes when each call was placed, on the clock of whoever asks."""

    def __init__(self, clock: RunningClock, *deeds: Any) -> None:
        super().__init__(*deeds, ring=0.0)
        self.placed: list[datetime] = []
        self._clock = clock

    async def place(
        self, placement: Placement, *, on_progress: Callable[[Progress], None]
    ) -> ScriptedCall:
        self.placed.append(self._clock.now())
        return await super().place(placement, on_progress=on_progress)


@asynccontextmanager
async def working(context: Context, driver: ScriptedDriver) -> AsyncIterator[VoiceWorker]:
    """A worker whose loops run as in a process of its own."""
    speech = Speech(engine=None, reason="not needed")
    worker = VoiceWorker(context, carrier=VoiceSip(), driver=driver, speech=speech, lines=20)
    stop = asyncio.Event()
    keeping = asyncio.create_task(worker.ownership.keep())
    await eventually(lambda: worker.ownership.is_held)
    loops = [
        asyncio.create_task(repeat(Loop(name="voice", step=worker.step, rest=0.02), stop)),
        asyncio.create_task(repeat(Loop(name="hang up", step=worker.obey, rest=0.1), stop)),
    ]
    try:
        yield worker
    finally:
        stop.set()
        await asyncio.gather(*loops)
        await worker.drain(seconds=0)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        speech.close()


SLOW = {**BOT, "steps": [{**BOT["steps"][0], "timeoutSeconds": 60}, BOT["steps"][1]]}


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_of_fifty_pauses_none_is_followed_by_a_call(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    clock = RunningClock()
    engine, web = replace(engine_context, clock=clock), replace(context, clock=clock)
    channel = await add_channel(web, workspace_id=workspace_id, rate=50.0, burst=5, lines=20)
    people = [person(phone) for phone in reserved_numbers()[:6000]]
    scene = await launched(
        engine, web, workspace_id=workspace_id, people=people, channel=channel, voiceBot=SLOW
    )
    where = {"workspace_id": workspace_id, "campaign_id": scene.campaign_id}
    driver = WitnessDriver(clock, (0.02, "hang_up", ""))
    quiet: list[tuple[datetime, datetime]] = []
    waited: list[timedelta] = []
    async with working(engine, driver):
        for number in range(50):
            placed = len(driver.placed)
            # At another moment of the dispatcher's work each time.
            await eventually(lambda count=placed + number % 3: len(driver.placed) > count)
            asked = clock.now()
            await control.pause(web, **where)
            answered = clock.now()
            # Now and then for longer than any intent lives.
            until = answered + timedelta(seconds=0.05 if number % 5 else 0.7)
            await eventually(lambda until=until: clock.now() > until)
            quiet.append((answered, clock.now()))
            waited.append(answered - asked)
            await control.resume(web, **where)
    broken = [moment for moment in driver.placed for first, last in quiet if first < moment < last]
    assert broken == []
    assert usual(waited) < timedelta(seconds=1)
    assert await ledger.broken(engine) == []


async def talking(scene: Scene) -> Any:
    return await scene.rows("select 1 from attempts where state = 'in_progress'")


@pytest.mark.parametrize(
    ("stop", "became"), [(control.pause, "paused"), (control.cancel, "cancelled")]
)
async def test_calls_in_progress_are_hung_up_when_asked(
    stop: Any, became: str, engine_context: Context, context: Context, workspace_id: int
) -> None:
    clock = RunningClock()
    engine, web = replace(engine_context, clock=clock), replace(context, clock=clock)
    scene = await launched(
        engine, web, workspace_id=workspace_id, people=[person(ANA)], voiceBot=SLOW
    )
    async with working(engine, ScriptedDriver(ring=0.0)), standing_still() as still:
        await eventually(lambda: talking(scene))
        await stop(
            web,
            workspace_id=workspace_id,
            campaign_id=scene.campaign_id,
            in_flight=InFlight.HANGUP,
        )
        await eventually(lambda: scene.rows("select 1 from attempts where state = 'ended'"))
        [[ended_at, ordered_at, disposition]] = await scene.rows(
            "select ended_at, hang_up_at, disposition from attempts"
        )
        assert ended_at - ordered_at < timedelta(seconds=1) + still()
    assert disposition == "cancelled"
    assert await scene.rows("select state from campaigns") == [(became,)]
    assert await scene.rows("select state, disposition from targets") == [("finished", "cancelled")]


async def test_calls_in_progress_go_on_unless_asked_otherwise(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    clock = RunningClock()
    engine, web = replace(engine_context, clock=clock), replace(context, clock=clock)
    scene = await launched(
        engine, web, workspace_id=workspace_id, people=[person(ANA)], voiceBot=SLOW
    )
    async with working(engine, ScriptedDriver(ring=0.0)) as worker:
        await eventually(lambda: talking(scene))
        await control.pause(web, workspace_id=workspace_id, campaign_id=scene.campaign_id)
        await worker.obey()
        assert await talking(scene)


async def test_an_intent_ordered_to_end_is_never_sent(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    from campana.services import dispatch
    from campana.store import attempts

    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    [claimed] = await scene.claim(owner_id=7)
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await attempts.order_hang_up(tx, attempt_ids=[claimed.attempt_id], now=NOW)
    assert not await dispatch.begin_sending(
        engine_context, claimed=claimed, owner_id=7, from_number="+12025550100"
    )


async def test_who_resumes_while_calls_are_ordered_to_end_loses_none_begun_since(
    engine_context: Context, context: Context, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from campana.store import attempts

    web = replace(context, clock=RunningClock())
    scene = await launched(
        engine_context,
        web,
        workspace_id=workspace_id,
        people=[person(phone) for phone in reserved_numbers()[:2]],
    )
    [first] = await scene.claim(limit=1)
    later: list[Claimed] = []

    async def order(tx: Tx, **given: Any) -> None:
        await control.resume(web, workspace_id=workspace_id, campaign_id=scene.campaign_id)
        later.extend(await scene.claim())
        await ordering(tx, **given)

    ordering = attempts.order_hang_up
    monkeypatch.setattr(attempts, "order_hang_up", order)
    await control.pause(
        web,
        workspace_id=workspace_id,
        campaign_id=scene.campaign_id,
        in_flight=InFlight.HANGUP,
    )
    [second] = later
    ordered = "select id, hang_up_at is not null from attempts"
    assert dict(await scene.rows(ordered)) == {first.attempt_id: True, second.attempt_id: False}


@pytest.mark.parametrize("stop", [control.pause, control.cancel])
async def test_an_outcome_and_an_order_to_hang_up_do_not_wait_for_each_other(
    stop: Any, engine_context: Context, context: Context, workspace_id: int, conninfo: str
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    await scene.claim()
    stopping = replace(context, clock=RunningClock())
    async with onlooking(conninfo) as until_one_waits, engine_context.db.transaction() as tx:
        # As whoever writes an outcome does: first the attempt, then the campaign.
        await tx.execute("select from attempts for update")
        ordering = asyncio.create_task(
            stop(
                stopping,
                workspace_id=workspace_id,
                campaign_id=scene.campaign_id,
                in_flight=InFlight.HANGUP,
            )
        )
        await until_one_waits()
        await tx.execute("select from campaigns for share")
    await ordering
    assert await scene.rows("select 1 from attempts where hang_up_at is not null")
