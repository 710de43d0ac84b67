"""Imports as jobs: a real worker does them, and no kill loses a row or does one twice."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from psycopg.types.json import Jsonb

from campana.jobs.app import build
from campana.services import imports, lists, undoing
from campana.services.context import Context
from campana.store import imports as import_rows
from campana.store.imports import Import, ImportState
from tests.support.people import ANA, csv_of, everybody, reserved_numbers, start

PROCESS = Path(__file__).with_name("import_process.py")


@pytest.fixture
async def list_id(context: Context, workspace_id: int) -> str:
    return (await lists.create(context, workspace_id=workspace_id, name="People")).id


async def work(context: Context) -> None:
    """Run every job that is due, as `campana work` does."""
    async with build(context).open_async() as app:
        await app.run_worker_async(wait=False, listen_notify=False, install_signal_handlers=False)


async def jobs_of(context: Context, task: str) -> list[tuple[str, int]]:
    async with context.db.read() as tx:
        cursor = await tx.execute(
            "select status::text, attempts from procrastinate_jobs where task_name = %s",
            (task,),
        )
        return [(str(status), int(attempts)) for status, attempts in await cursor.fetchall()]


async def seen(context: Context, workspace_id: int, import_id: str) -> Import:
    return await lists.get_import(context, workspace_id=workspace_id, import_id=import_id)


async def test_a_worker_does_what_a_request_deferred(
    context: Context, engine_context: Context, workspace_id: int, list_id: str
) -> None:
    started = await start(
        context, workspace_id=workspace_id, list_id=list_id, content=b"phone\n" + ANA.encode()
    )
    assert await jobs_of(engine_context, lists.IMPORT_TASK) == [("todo", 0)]
    await work(engine_context)
    done = await seen(context, workspace_id, started.id)
    assert (done.state, done.rows_accepted) == (ImportState.DONE, 1)
    assert await jobs_of(engine_context, lists.IMPORT_TASK) == []


async def test_a_job_whose_import_is_held_comes_back_later(
    context: Context, engine_context: Context, workspace_id: int, list_id: str
) -> None:
    started = await start(
        context, workspace_id=workspace_id, list_id=list_id, content=b"phone\n" + ANA.encode()
    )
    async with engine_context.db.session() as other:
        await import_rows.hold(other, import_id=started.id)
        await work(engine_context)
    assert await jobs_of(engine_context, lists.IMPORT_TASK) == [("todo", 1)]
    assert (await seen(context, workspace_id, started.id)).state is ImportState.QUEUED


async def test_a_job_of_a_dead_worker_runs_again(
    context: Context, engine_context: Context, workspace_id: int, list_id: str
) -> None:
    started = await start(
        context, workspace_id=workspace_id, list_id=list_id, content=b"phone\n" + ANA.encode()
    )
    async with engine_context.db.transaction() as tx:
        # What a killed worker leaves: a job that is being done, by nobody.
        await tx.execute("update procrastinate_jobs set status = 'doing', worker_id = null")
        await tx.execute(
            "select procrastinate_defer_jobs_v1(array[row('default', 'retry_stalled_jobs', 0,"
            " null, null, %s, null)::procrastinate_job_to_defer_v1])",
            (Jsonb({"timestamp": 0}),),
        )
    await work(engine_context)
    await work(engine_context)
    assert (await seen(context, workspace_id, started.id)).state is ImportState.DONE


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_no_kill_loses_a_row_or_does_one_twice(
    engine_context: Context, workspace_id: int, list_id: str
) -> None:
    place = {"workspace_id": workspace_id, "list_id": list_id}
    numbers = reserved_numbers()[:10_000]
    rows = [[number, str(n)] for n, number in enumerate(numbers)]
    rows += [[number, ""] for number in numbers[:5000]]
    # So many that it is not over before the last kill, should this process stand still meanwhile.
    rows += [["nobody", ""]] * 45_000
    started = await start(engine_context, **place, content=csv_of(["phone", "id"], rows))
    reached = 0
    for kill in range(5):
        process = importing(engine_context, started.id)
        before = reached
        while reached == before and process.poll() is None:
            reached = (await seen(engine_context, workspace_id, started.id)).rows_done
        for _ in range(kill * 10):  # further into the next chunk each time, and no further
            if (await seen(engine_context, workspace_id, started.id)).rows_done > reached:
                break
        process.send_signal(signal.SIGKILL)
        process.wait()
    halfway = await seen(engine_context, workspace_id, started.id)
    assert 0 < halfway.rows_done < 60_000
    assert len(await everybody(engine_context, **place)) == halfway.rows_accepted
    assert importing(engine_context, started.id).wait() == 0
    done = await seen(engine_context, workspace_id, started.id)
    assert (done.state, done.rows_done) == (ImportState.DONE, 60_000)
    assert (done.rows_accepted, done.rows_duplicate, done.rows_rejected) == (10_000, 5000, 45_000)
    found = await everybody(engine_context, **place)
    assert [contact.phone for contact in found] == numbers
    assert [contact.external_id for contact in found] == [str(n) for n in range(10_000)]


@pytest.mark.slow
@pytest.mark.timeout(2400)
async def test_no_kill_loses_a_row_of_a_million(
    engine_context: Context, workspace_id: int, list_id: str
) -> None:
    """Also what it needs: memory does not grow with the file."""
    total = 1_000_000
    started = await start(
        engine_context,
        workspace_id=workspace_id,
        list_id=list_id,
        content=b"id,email,city\n"
        + b"".join(
            b"%d,p%d@example.%s,Porto\n" % (n, n, b"org" if n % 50 else b"org,x")
            for n in range(total)
        ),
    )
    for part in range(1, 6):
        process = importing(engine_context, started.id)
        # Waiting for rows, not for time: each kill comes a sixth of the file after the last.
        while (await seen(engine_context, workspace_id, started.id)).rows_done < part * total / 6:
            assert process.poll() is None
            await asyncio.sleep(0.05)
        assert memory_of(process) < 400 << 20
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert importing(engine_context, started.id).wait() == 0
    done = await seen(engine_context, workspace_id, started.id)
    assert (done.state, done.rows_done) == (ImportState.DONE, total)
    assert (done.rows_accepted, done.rows_rejected) == (total * 49 // 50, total // 50)
    async with engine_context.db.read() as tx:
        people = await tx.execute("select count(*), count(distinct external_id) from contacts")
        refused = await tx.execute("select count(*), min(row_number) from import_errors")
        assert await people.fetchone() == (done.rows_accepted, done.rows_accepted)
        assert await refused.fetchone() == (done.rows_rejected, 1)
    await undoing.request(engine_context, workspace_id=workspace_id, import_id=started.id)
    assert importing(engine_context, started.id).wait() == 0
    undone = await seen(engine_context, workspace_id, started.id)
    assert (undone.state, undone.undone_removed) == (ImportState.UNDONE, done.rows_accepted)


def memory_of(process: subprocess.Popen[bytes]) -> int:
    """Bytes a process holds at most so far; 0 where the system does not say."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return 0
    [peak] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return int(peak.split()[1]) << 10


def importing(context: Context, import_id: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(PROCESS), context.db.conninfo, str(context.blobs.root), import_id]
    )


async def test_an_import_that_ended_is_left_alone(
    engine_context: Context, workspace_id: int, list_id: str
) -> None:
    started = await start(
        engine_context,
        workspace_id=workspace_id,
        list_id=list_id,
        content=b"phone\n" + ANA.encode(),
    )
    for _ in range(2):
        await imports.run(engine_context, import_id=started.id)
    done = await seen(engine_context, workspace_id, started.id)
    assert (done.rows_done, done.rows_accepted) == (1, 1)
    await work(engine_context)
    assert await seen(engine_context, workspace_id, started.id) == done
