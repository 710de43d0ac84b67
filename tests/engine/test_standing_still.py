"""A process that stands still in the middle of a transaction holds up nobody for long, and goes on
as if nothing had been: real processes, stopped at the very step."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from campana.services import control
from campana.services.control import InFlight
from campana.store import owners
from tests.engine.test_dispatcher_kills import worker
from tests.support.chaos.failpoints import BEFORE, POINTS, SIGNAL
from tests.support.chaos.fleet import FAILPOINTS
from tests.support.stage import Stage, over, twice
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

PEOPLE, RATE = 90, 30.0
NOTHING_OPEN = """
select 1 where not exists (select from attempts where state not in ('ended', 'unknown'))
"""
PATIENCE = 8.0
"""Seconds: many times what it takes, and less than the ten that other transactions are given."""


@contextmanager
def stopping(
    stage: Stage, conninfo: str, folder: Path, *, step: str
) -> Generator[subprocess.Popen[bytes]]:
    """A work process that stops itself in a transaction of that name, and goes on at the end."""
    points = {POINTS: f"{step}: {BEFORE}=3", SIGNAL: "SIGSTOP"}
    words = (*FAILPOINTS, "work")
    with worker(conninfo, stage.url, folder, words=words, name="still", **points) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGCONT)


async def until_stopped(process: subprocess.Popen[bytes]) -> None:
    await eventually(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)


def complaints(folder: Path) -> list[str]:
    """What was logged of errors."""
    lines = (folder / "work.log").read_text().splitlines()
    return [line for line in lines if "ERROR" in line or "Traceback" in line]


async def at_work(stage: Stage) -> bool:
    async with stage.engine.db.read() as tx:
        return await owners.is_served(tx, kind="sandbox")


@pytest.mark.timeout(120)
async def test_others_send_though_the_channel_is_held_by_one_that_stands_still(
    stage: Stage, conninfo: str, tmp_path: Path
) -> None:
    with worker(conninfo, stage.url, tmp_path, name="other") as other:
        await eventually(lambda: at_work(stage))
        # Until the one serves the channel.
        other.send_signal(signal.SIGSTOP)
        try:
            scene = await stage.campaign(people=PEOPLE, rate=RATE)
            step = "services.granting.grant_ahead"
            with stopping(stage, conninfo, tmp_path, step=step) as still:
                await until_stopped(still)
                before = len(stage.sandboxed.lines("send"))
                other.send_signal(signal.SIGCONT)
                async with asyncio.timeout(PATIENCE):
                    await eventually(lambda: len(stage.sandboxed.lines("send")) > before + 5)
                still.send_signal(signal.SIGCONT)
                assert await over(scene) == {"completed": PEOPLE}, "unknown, or lost"
        finally:
            other.send_signal(signal.SIGCONT)
    assert twice(stage.sandboxed.lines("send"), "attempt") == []
    assert twice(stage.sandboxed.accepted(), "to") == []
    assert still.returncode == 0
    assert complaints(tmp_path) == []


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("step", "in_flight"),
    [
        ("services.dispatch.claim", InFlight.DRAIN),
        # It holds attempts, which whoever has calls hung up wants.
        ("services.reports.apply_kept", InFlight.HANGUP),
    ],
)
async def test_a_pause_is_answered_though_one_stands_still_with_the_campaign(
    step: str, in_flight: InFlight, stage: Stage, conninfo: str, tmp_path: Path
) -> None:
    scene = await stage.campaign(people=PEOPLE, rate=RATE)
    where = {"workspace_id": stage.workspace_id, "campaign_id": scene.campaign_id}
    with stopping(stage, conninfo, tmp_path, step=step) as still:
        await until_stopped(still)
        async with asyncio.timeout(PATIENCE):
            await control.pause(stage.web, **where, in_flight=in_flight)
        before = len(stage.sandboxed.lines("send"))
        still.send_signal(signal.SIGCONT)
        # It has seen that it is paused when it has written down what it had under way.
        await eventually(lambda: scene.rows(NOTHING_OPEN))
        assert len(stage.sandboxed.lines("send")) == before
        await control.resume(stage.web, **where)
        if in_flight is InFlight.DRAIN:
            assert await over(scene) == {"completed": PEOPLE}, "unknown, or lost"
    assert twice(stage.sandboxed.lines("send"), "attempt") == []
    assert twice(stage.sandboxed.accepted(), "to") == []
    assert still.returncode == 0
    assert complaints(tmp_path) == []
