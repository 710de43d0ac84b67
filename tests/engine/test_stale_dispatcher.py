"""Two dispatchers, and one that was stopped for so long that its work was taken over."""

from __future__ import annotations

import signal
from pathlib import Path

import psycopg
import pytest

from tests.engine.test_dispatcher_kills import worker
from tests.support.stage import Stage, over, twice, working
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

PEOPLE = 90

SESSIONS = "select pid from pg_stat_activity where datname = current_database()"


def sessions(conninfo: str) -> set[int]:
    with psycopg.connect(conninfo) as superuser:
        return {row[0] for row in superuser.execute(SESSIONS)}


@pytest.mark.timeout(240)
async def test_a_stopped_worker_whose_sessions_were_cut_sends_nothing_when_it_goes_on(
    stage: Stage, conninfo: str, tmp_path: Path
) -> None:
    scene = await stage.campaign(people=PEOPLE, rate=10)
    ours = sessions(conninfo)
    with worker(conninfo, stage.url, tmp_path) as stale:
        await eventually(lambda: len(stage.sandboxed.lines("send")) >= 8)
        stale.send_signal(signal.SIGSTOP)
        # With its sessions its identity is free: others take its attempts up while it sleeps.
        theirs = sessions(conninfo) - ours
        with psycopg.connect(conninfo) as superuser:
            superuser.execute("select pg_terminate_backend(pid) from unnest(%s) pid", ([*theirs],))
        async with working(stage.engine, stage.url), working(stage.engine, stage.url):
            await eventually(lambda: len(stage.sandboxed.lines("send")) >= PEOPLE - 15)
            stale.send_signal(signal.SIGCONT)
            assert await over(scene) == {"completed": PEOPLE}
    assert twice(stage.sandboxed.lines("send"), "attempt") == []
    assert twice(stage.sandboxed.accepted(), "to") == []
    # It lives on under another number: being cut off ended nothing but its old identity.
    assert stale.returncode == 0
