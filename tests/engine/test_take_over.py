"""Kill -9 of the process that serves a channel, and of the one on duty, and one that only stands
still: another one takes over."""

from __future__ import annotations

import asyncio
import math
import signal
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from campana.store.owners import DUTY_SPACE, LOCK_SPACE
from tests.engine.test_dispatcher_kills import worker
from tests.engine.test_pacing import WINDOW, longest_silence, most_within_window
from tests.support.stage import Stage, over, twice
from tests.support.waiting import eventually

PEOPLE, RATE, PROCESSES = 260, 40.0, 3

HOLDER = """
select a.application_name from pg_locks l join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.granted and l.classid::bigint = %s and l.objid::bigint = %s
  and l.database = (select oid from pg_database where datname = current_database())
"""
SERVING = "select served_by from pacing where served_until > clock_timestamp()"


Asked = Callable[[], str | None]


@contextmanager
def holders(conninfo: str) -> Generator[tuple[Asked, Asked]]:
    """Who serves the channel now, and who is on duty, by name."""
    with psycopg.connect(conninfo, autocommit=True) as conn:

        def holder(space: int, number: int) -> str | None:
            row = conn.execute(HOLDER, (space, number)).fetchone()
            return row[0] if row else None

        def serving() -> str | None:
            row = conn.execute(SERVING).fetchone()
            return holder(LOCK_SPACE, row[0]) if row else None

        yield serving, lambda: holder(DUTY_SPACE, 0)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_another_process_serves_the_channel_and_is_on_duty_when_the_one_is_killed(
    stage: Stage, conninfo: str, tmp_path: Path
) -> None:
    # Some ends are never reported: whoever is on duty asks for them, and takes up what the dead
    # had under way.
    stage.sandboxed.change(
        seconds={"reply": [0.2, 0.5], "ring": [0, 0.1], "answer": [0, 0.1], "talk": [0, 0.1]},
        callbacks={"drop": 0.2},
    )
    scene = await stage.campaign(people=PEOPLE, rate=RATE, config={"askAfterSeconds": 1})
    with ExitStack() as stack, holders(conninfo) as (serving, on_duty):

        def sent() -> int:
            return len(stage.sandboxed.lines("send"))

        started = {
            name: stack.enter_context(worker(conninfo, stage.url, tmp_path, name=name))
            for name in (f"work {number + 1}" for number in range(PROCESSES))
        }

        async def kill(asked: Asked) -> str:
            """Whoever that is now; returns who it was."""
            name = await eventually(asked)
            started[name].kill()
            await asyncio.to_thread(started[name].wait)
            return name

        await eventually(lambda: sent() > PEOPLE / 4 and serving() and on_duty())
        first = await kill(serving)
        # Where all are too slow nobody serves it, and they send all the same.
        await eventually(lambda: serving() not in {None, first} or sent() >= PEOPLE)
        await eventually(lambda: sent() > PEOPLE / 2 and on_duty() not in {None, first})
        second = await kill(on_duty)
        await eventually(lambda: on_duty() not in {None, first, second})
        assert await over(scene) == {"completed": PEOPLE}, "unknown, or lost"
    assert twice(stage.sandboxed.lines("send"), "attempt") == []
    assert twice(stage.sandboxed.accepted(), "to") == []
    assert stage.sandboxed.lines("lookup")
    times = sorted(line["at"] for line in stage.sandboxed.lines("send"))
    # What the judge did not write down while it stood still it writes down at once.
    silence = longest_silence([line["at"] for line in stage.sandboxed.lines()])
    unjudged = math.floor(RATE * max(0.0, silence - 2 / RATE))
    assert most_within_window(times) <= math.ceil(WINDOW * RATE) + 1 + unjudged


@pytest.mark.slow
@pytest.mark.timeout(200)
async def test_another_process_sends_while_the_one_stands_still(
    stage: Stage, conninfo: str, tmp_path: Path
) -> None:
    scene = await stage.campaign(people=160, rate=RATE)
    with ExitStack() as stack, holders(conninfo) as (serving, _):

        def sent() -> int:
            return len(stage.sandboxed.lines("send"))

        started = {
            name: stack.enter_context(worker(conninfo, stage.url, tmp_path, name=name))
            for name in ("work 1", "work 2")
        }
        await eventually(lambda: sent() > RATE and serving())
        still = await eventually(serving)
        started[still].send_signal(signal.SIGSTOP)
        try:
            # Within ten seconds at the latest, should it stand in a transaction; with all it holds.
            before = sent()
            await eventually(lambda: sent() > before + RATE)
        finally:
            started[still].send_signal(signal.SIGCONT)
        assert await over(scene) == {"completed": 160}, "unknown, or lost"
    assert twice(stage.sandboxed.lines("send"), "attempt") == []
    assert twice(stage.sandboxed.accepted(), "to") == []
