"""A process that waits for a processor, or for the database: it sends less, not nothing."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campana.engine.dispatcher import Dispatcher
from campana.engine.runner import Loop, repeat
from campana.services import control
from campana.store.db import Tx
from tests.engine.test_channel_pause import ON_THE_WIRE
from tests.engine.test_pacing import WINDOW, most_within_window
from tests.support.stage import Stage, dispatching, twice
from tests.support.waiting import eventually, standing_still

RATE = 20.0


class Slow:
    """A database at which every transaction takes so many seconds, half of them before its first
    statement and half before its commit."""

    def __init__(self, db: Any, *, seconds: float) -> None:
        self._db = db
        self.seconds = seconds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    @asynccontextmanager
    async def transaction(self, **given: Any) -> AsyncGenerator[Tx]:
        async with self._db.transaction(**given) as tx:
            await asyncio.sleep(self.seconds / 2)
            yield tx
            await asyncio.sleep(self.seconds / 2)


@asynccontextmanager
async def dispatching_slowly(stage: Stage, *, seconds: float) -> AsyncIterator[Dispatcher]:
    """A dispatcher that goes on by itself on such a database."""
    db: Any = Slow(stage.engine.db, seconds=seconds)
    async with dispatching(replace(stage, engine=replace(stage.engine, db=db))) as dispatcher:
        stop = asyncio.Event()
        loop = Loop(name="dispatch", step=dispatcher.step, rest=0.02)
        running = asyncio.create_task(repeat(loop, stop))
        try:
            yield dispatcher
        finally:
            stop.set()
            await running


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seconds", [0.3, 0.5])
async def test_what_a_slow_process_sends_leaves_at_the_rate(stage: Stage, seconds: float) -> None:
    """Longer than the usual notice and what a grant covers lie between grant and send."""
    await stage.campaign(people=100, rate=RATE)
    async with dispatching_slowly(stage, seconds=seconds):
        await eventually(lambda: len(stage.sandboxed.lines("send")) >= 8)
    sends = stage.sandboxed.lines("send")
    assert twice(sends, "to") == []
    times = sorted(line["at"] for line in sends)
    assert most_within_window(times) <= math.ceil(WINDOW * RATE) + 1


@pytest.mark.timeout(180)
async def test_a_pause_is_answered_and_kept_by_a_slow_process(stage: Stage) -> None:
    scene = await stage.campaign(people=100, rate=RATE)
    async with dispatching_slowly(stage, seconds=0.5), standing_still() as still:
        await eventually(lambda: len(stage.sandboxed.lines("send")) >= 3)
        asked = time.monotonic()
        await control.pause(
            stage.web, workspace_id=stage.workspace_id, campaign_id=scene.campaign_id
        )
        answered = time.monotonic()
        assert timedelta(seconds=answered - asked) < timedelta(seconds=1) + still()
        await asyncio.sleep(1.5)
    late = [line["at"] - answered for line in stage.sandboxed.lines("send")]
    assert [each for each in late if each > ON_THE_WIRE] == []
