"""Lines of a channel: never more than there are, and none lost when a worker dies with some."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from campana.store import owners
from tests.engine.test_dispatcher_kills import worker
from tests.support.campaign import Scene
from tests.support.stage import Stage, over, twice
from tests.support.waiting import eventually

LINES = 5


def most_at_once(stage: Stage) -> int:
    """The most calls that were up at any moment, by the sandbox's own log."""
    edges: list[tuple[float, int]] = []
    for line in stage.sandboxed.accepted():
        began = datetime.fromisoformat(line["time"]).timestamp()
        edges += [(began, 1), (began + line["happenings"][-1][0], -1)]
    up = most = 0
    for _, change in sorted(edges):
        up += change
        most = max(most, up)
    return most


async def lines_in_use(scene: Scene) -> int:
    async with scene.engine.db.read() as tx:
        return await owners.lines_in_use(tx, channel_id=scene.channel.id, owner_id=0)


@pytest.mark.timeout(300)
@pytest.mark.slow
@pytest.mark.parametrize(
    ("kills", "people"), [(1, 40), pytest.param(4, 100, marks=pytest.mark.long)]
)
async def test_no_line_is_lost_however_workers_die(
    kills: int, people: int, stage: Stage, conninfo: str, tmp_path: Path
) -> None:
    """Two workers on five lines; one is killed in the middle of its sends."""
    seconds = {"reply": [0.1, 0.3], "ring": [0, 0.1], "answer": [0, 0.1], "talk": [0, 0.1]}
    stage.sandboxed.change(seconds=seconds, mix={"Voice": {"completed": 1}})
    scene = await stage.campaign(people=people, rate=60, lines=LINES)
    with worker(conninfo, stage.url, tmp_path):
        for kill in range(kills):
            wanted = people // (kills + 2) * (kill + 1)
            with worker(conninfo, stage.url, tmp_path) as victim:
                await eventually(lambda n=wanted: len(stage.sandboxed.lines("send")) >= n)
                victim.kill()
                await asyncio.to_thread(victim.wait)
        assert await over(scene) == {"completed": people}
        assert twice(stage.sandboxed.accepted(), "to") == []
        assert most_at_once(stage) <= LINES
        # All of them, and for whoever asks next.
        await eventually(lambda: lines_are_free(scene))
        await eventually(lambda: no_promise_of_the_dead(scene))


async def lines_are_free(scene: Scene) -> bool:
    return await lines_in_use(scene) == 0


async def no_promise_of_the_dead(scene: Scene) -> bool:
    return await scene.rows("select 1 from grants where lines > 0") == []
