"""Kill -9 of work processes in the middle of sending, judged by the sandbox's log."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.chaos.fleet import PATIENCE, environment
from tests.support.database import SECRET_KEY
from tests.support.stage import Stage, over, twice
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

PEOPLE, KILLS = 200, 3


@contextmanager
def worker(
    conninfo: str,
    url: str,
    folder: Path,
    *,
    words: Sequence[str] = ("-m", "campana", "work"),
    name: str = "work",
    **given: str,
) -> Generator[subprocess.Popen[bytes]]:
    """`campana work` on the test's database, whose carriers report to `url`; or another program.

    The server knows its sessions by `name`; what is `given` is in its environment too.
    """
    # Whoever starts first seals what a channel has to hide: with the key of all of them.
    settings = environment(conninfo, folder=folder / "data", secret_key=SECRET_KEY, drain_seconds=5)
    with (folder / "work.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, *words],
            env={**settings, "CAMPANA_PUBLIC_URL": url, "PGAPPNAME": name, **given},
            stdout=log,
            stderr=log,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE)


@pytest.mark.timeout(300)
async def test_three_kills_in_200_sends_reach_nobody_twice_and_lose_nobody(
    stage: Stage, conninfo: str, tmp_path: Path
) -> None:
    # The answer takes longer than the kill: whoever dies has sends under way.
    seconds = {"reply": [0.2, 0.6], "ring": [0, 0.1], "answer": [0, 0.1], "talk": [0, 0.1]}
    stage.sandboxed.change(seconds=seconds, mix={"Voice": {"completed": 1}})
    scene = await stage.campaign(people=PEOPLE, rate=25)
    for kill in range(KILLS):
        wanted = PEOPLE // (KILLS + 1) * (kill + 1)
        with worker(conninfo, stage.url, tmp_path) as process:
            await eventually(lambda n=wanted: len(stage.sandboxed.lines("send")) >= n)
            process.kill()
            await asyncio.to_thread(process.wait)
    [[in_flight]] = await scene.rows("select count(*) from attempts where owner_id <> 0")
    with worker(conninfo, stage.url, tmp_path):
        assert await over(scene) == {"completed": PEOPLE}, "unknown, or lost"
    assert twice(stage.sandboxed.lines("send"), "attempt") == []
    assert twice(stage.sandboxed.accepted(), "to") == []
    # Else this proved nothing: kills hit sends, and somebody asked about them.
    assert in_flight > 0
    assert stage.sandboxed.lines("lookup")
