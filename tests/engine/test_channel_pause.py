"""A channel that is paused begins nothing: judged by the sandbox's log of real work processes, and
by the calls a line was given."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from campana.domain.campaign import ChannelType
from campana.services import channel_pause
from campana.services.context import Context
from tests.engine.test_answerer import a_channel, answer, conversation, rows, say, talking
from tests.engine.test_dispatcher_kills import worker
from tests.engine.test_pause import SLOW, RunningClock, WitnessDriver, working
from tests.support import ledger
from tests.support.campaign import add_channel, launched, person
from tests.support.people import reserved_numbers
from tests.support.stage import Stage, over, twice
from tests.support.waiting import eventually

ON_THE_WIRE = 0.8
"""On a busy machine what left before the answer may reach the carrier's process after it."""


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_of_two_work_processes_none_sends_after_the_answer(
    stage: Stage, conninfo: str, tmp_path: Path
) -> None:
    people, pauses = 150, 3
    scene = await stage.campaign(people=people, rate=40)
    where = {"workspace_id": stage.workspace_id, "wanted": scene.channel.id, "actor": "Ana"}
    quiet: list[tuple[float, float]] = []
    with ExitStack() as workers:
        for name in ("one", "two"):
            folder = tmp_path / name
            folder.mkdir()
            workers.enter_context(worker(conninfo, stage.url, folder))
        for _ in range(pauses):
            sent = len(stage.sandboxed.lines("send"))
            await eventually(lambda n=sent + 5: len(stage.sandboxed.lines("send")) >= n)
            await channel_pause.pause(stage.web, **where)
            answered = time.monotonic()
            # As long as anything that was under way could take, and a grant after it.
            await asyncio.sleep(1.6)
            quiet.append((answered, time.monotonic()))
            await channel_pause.resume(stage.web, **where)
        assert await over(scene) == {"completed": people}
    sends = stage.sandboxed.lines("send")
    late = [
        line["at"] - answered
        for line in sends
        for answered, resumed in quiet
        if answered + ON_THE_WIRE < line["at"] < resumed
    ]
    assert late == []
    # And whatever the machine: none was even begun.
    skew = stage.engine.clock.now().timestamp() - time.monotonic()
    begun = await scene.rows("select extract(epoch from created_at)::float from attempts")
    assert [
        moment - skew - answered
        for (moment,) in begun
        for answered, resumed in quiet
        if answered < moment - skew < resumed
    ] == []
    assert twice(sends, "to") == []


@pytest.mark.timeout(180)
async def test_no_call_is_placed_after_the_answer(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    clock = RunningClock()
    engine, web = replace(engine_context, clock=clock), replace(context, clock=clock)
    channel = await add_channel(web, workspace_id=workspace_id, rate=50.0, burst=5, lines=20)
    people = [person(phone) for phone in reserved_numbers()[:2000]]
    await launched(
        engine, web, workspace_id=workspace_id, people=people, channel=channel, voiceBot=SLOW
    )
    where = {"workspace_id": workspace_id, "wanted": channel.id, "actor": "Ana"}
    driver = WitnessDriver(clock, (0.02, "hang_up", ""))
    quiet: list[tuple[datetime, datetime]] = []
    async with working(engine, driver):
        for number in range(6):
            placed = len(driver.placed)
            await eventually(lambda count=placed + number % 3: len(driver.placed) > count)
            await channel_pause.pause(web, **where)
            answered = clock.now()
            until = answered + timedelta(seconds=0.05 if number % 3 else 0.7)
            await eventually(lambda until=until: clock.now() > until)
            quiet.append((answered, clock.now()))
            await channel_pause.resume(web, **where)
    broken = [moment for moment in driver.placed for first, last in quiet if first < moment < last]
    assert broken == []
    assert await ledger.broken(engine) == []


@pytest.mark.timeout(180)
async def test_an_answer_waits_for_its_channel_and_goes_out_when_it_is_resumed(
    stage: Stage,
) -> None:
    paused, other = (
        await a_channel(stage, ChannelType.SMS),
        await add_channel(
            stage.web,
            workspace_id=stage.workspace_id,
            name="other",
            kind="sandbox",
            channel_type=ChannelType.SMS,
            config=stage.sandboxed.config(),
        ),
    )
    where = {"workspace_id": stage.workspace_id, "wanted": paused.id, "actor": "Ana"}
    async with talking(stage):
        await say(stage, paused, "hello?")
        thread = await conversation(stage)
        await channel_pause.pause(stage.web, **where)
        await answer(stage, thread, "Good morning.")
        # Whoever writes is heard all the same, and answered where nobody paused anything.
        await say(stage, other, "HELP")
        await eventually(lambda: stage.sandboxed.lines("send"))
        assert await rows(stage, "select state from messages where text = 'Good morning.'") == [
            ("queued",)
        ]
        await channel_pause.resume(stage.web, **where)
        await eventually(lambda: len(stage.sandboxed.lines("send")) == 2)
