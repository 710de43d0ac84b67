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

from campana.domain.errors import Unavailable
from campana.services import channel_pause, control
from campana.services.control import InFlight
from campana.store import campaigns, channels
from tests.engine.test_dispatcher_kills import worker
from tests.support.chaos.failpoints import BEFORE, POINTS, SIGNAL
from tests.support.chaos.fleet import FAILPOINTS
from tests.support.stage import Stage, over, twice, working
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
    """What the program logged of errors."""
    lines = (folder / "work.log").read_text().splitlines()
    return [line for line in lines if "level=error logger=campana" in line]


@pytest.mark.timeout(120)
async def test_others_send_though_the_channel_is_held_by_one_that_stands_still(
    stage: Stage, conninfo: str, tmp_path: Path
) -> None:
    scene = await stage.campaign(people=PEOPLE, rate=RATE)
    step = "services.granting.grant_ahead"
    with stopping(stage, conninfo, tmp_path, step=step) as still:
        await until_stopped(still)
        before = len(stage.sandboxed.lines("send"))
        async with working(stage.engine, stage.url):
            async with asyncio.timeout(PATIENCE):
                await eventually(lambda: len(stage.sandboxed.lines("send")) > before)
            still.send_signal(signal.SIGCONT)
            assert await over(scene) == {"completed": PEOPLE}, "unknown, or lost"
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


@pytest.mark.parametrize("changed", ["campaign", "channel"])
async def test_a_pause_is_answered_though_whoever_changes_the_same_thing_stands_still(
    changed: str, stage: Stage
) -> None:
    scene = await stage.campaign(people=1)
    web, workspace_id = stage.web, stage.workspace_id

    async def change() -> None:
        async with web.db.transaction(workspace_id=workspace_id) as tx:
            if changed == "campaign":
                await campaigns.lock(tx, campaign_id=scene.campaign_id, now=web.clock.now())
            else:
                await channels.lock(tx, workspace_id=workspace_id, wanted=scene.channel.id)
            # Nothing goes on here until the server has ended it.
            async with asyncio.timeout(PATIENCE):
                await pause()
            await tx.execute("select")

    async def pause() -> None:
        if changed == "campaign":
            await control.pause(web, workspace_id=workspace_id, campaign_id=scene.campaign_id)
        else:
            await channel_pause.pause(
                web, workspace_id=workspace_id, wanted=scene.channel.id, actor="somebody"
            )

    with pytest.raises(Unavailable, match="stood still"):
        await change()
    [[state, is_paused]] = await scene.rows(
        "select c.state, h.paused_at is not null from campaigns c, channels h"
    )
    assert (state, is_paused) == (("paused", False) if changed == "campaign" else ("running", True))
