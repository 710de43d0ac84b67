"""Kill -9 of the processes that deliver: everything arrives, nothing is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from campana.engine.webhooks import Deliverer
from campana.services import deliveries
from campana.services.context import Context
from campana.store import owners
from campana.store.db import DatabaseClock
from tests.support.receiver import Message, answers, hangs, receiver
from tests.support.telling import add_webhook, rows, states, tell, work
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

PROCESS = Path(__file__).with_name("deliver_process.py")
ROOT = Path(__file__).parents[2]
ON_DUTY = """
select pid from pg_locks where locktype = 'advisory' and granted and classid = %s and objid = 0
  and database = (select oid from pg_database where datname = current_database())
"""


@contextmanager
def delivering(
    conninfo: str, *, ahead: timedelta = timedelta(0)
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that delivers, by a clock that is so far ahead."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    words = [sys.executable, str(PROCESS), conninfo, str(ahead.total_seconds())]
    process = subprocess.Popen(words, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def real_time(context: Context, *, ahead: timedelta = timedelta(0)) -> Context:
    """The same context by the database's clock, which its processes go by too."""
    clock = DatabaseClock(shift=ahead)
    async with context.db.read() as tx:
        await clock.sample(tx)
    return replace(context, clock=clock)


@pytest.mark.timeout(120)
async def test_what_a_killed_process_had_under_way_is_sent_again(
    conninfo: str, context: Context, engine_context: Context, workspace_id: int
) -> None:
    here = await real_time(context)
    async with receiver(hangs) as peer:
        await add_webhook(here, peer.url, workspace_id=workspace_id)
        wanted = await tell(here, *(f"tgt_{n % 4}" for n in range(12)), workspace_id=workspace_id)
        with delivering(conninfo) as process:
            await eventually(lambda: len(peer.came) == 4)
            process.send_signal(signal.SIGKILL)
            process.wait()
        # Sent and not answered: nobody knows whether they were taken.
        first = {each.id for each in peer.came}
        peer.behavior = peer.takes
        await work(Deliverer(await real_time(engine_context)))
        assert peer.taken == []
        later = await real_time(engine_context, ahead=deliveries.CLAIM)
        await work(Deliverer(later))
    assert sorted(peer.ids()) == sorted(wanted)
    assert first <= set(peer.ids())
    for subject in range(4):
        mine = [each.id for each in peer.taken if each.event["subject"] == f"tgt_{subject}"]
        assert mine == [each for each in wanted if each in mine]


@pytest.mark.timeout(120)
async def test_when_the_process_on_duty_is_killed_another_delivers(
    conninfo: str, context: Context, engine_context: Context, workspace_id: int
) -> None:
    here = await real_time(context)

    async def on_duty(*but: int) -> set[int]:
        found = await rows(engine_context, ON_DUTY, owners.DUTY_SPACE)
        return {row[0] for row in found} - {*but}

    async with receiver() as peer:
        await add_webhook(here, peer.url, workspace_id=workspace_id)
        with delivering(conninfo) as one:
            [first] = await eventually(on_duty)
            with delivering(conninfo):
                wanted = await tell(here, "tgt_1", "tgt_2", "tgt_1", workspace_id=workspace_id)

                async def are_stored() -> bool:
                    return await states(engine_context) == {"delivered": 3}

                # With nothing in its hands: what it had there would wait for its claim to run out.
                await eventually(are_stored)
                one.send_signal(signal.SIGKILL)
                one.wait()
                wanted += await tell(here, "tgt_1", "tgt_2", "tgt_1", workspace_id=workspace_id)
                await eventually(lambda: {each.id for each in peer.taken} == set(wanted))
                # Not by its seldom looks alone: it looks as often as the one before it did, once
                # the server has noticed the death.
                await eventually(lambda: on_duty(first))
    for subject in ("tgt_1", "tgt_2"):
        mine = [each.id for each in peer.taken if each.event["subject"] == subject]
        assert list(dict.fromkeys(mine)) == [each for each in wanted if each in mine]


@pytest.mark.timeout(300)
async def test_kills_of_two_processes_at_once_lose_nothing(
    conninfo: str, context: Context, engine_context: Context, workspace_id: int,
) -> None:  # fmt: skip
    here = await real_time(context)
    count = 0

    async def sometimes(message: Message, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        if count % 7 == 0:
            await answers(500)(message, writer)
        elif count % 11 == 0:
            await hangs(message, writer)
        else:
            await peer.takes(message, writer)

    async with receiver() as peer:
        peer.behavior = sometimes
        await add_webhook(here, peer.url, workspace_id=workspace_id)
        await add_webhook(here, f"{peer.url}&two", workspace_id=workspace_id)
        wanted: list[str] = []
        ahead = timedelta(0)
        for turn in range(8):
            wanted += await tell(here, *(f"tgt_{n}" for n in range(10)), workspace_id=workspace_id)
            seen = len(peer.came)
            # Each time so much later that what the killed ones had in hand may be taken again.
            ahead = turn * deliveries.CLAIM
            with delivering(conninfo, ahead=ahead) as one, delivering(conninfo, ahead=ahead) as two:
                await eventually(lambda seen=seen: len(peer.came) >= seen + 12)
                for process in (one, two):
                    process.send_signal(signal.SIGKILL)
        peer.behavior = peer.takes
        for _ in range(6):
            ahead += timedelta(minutes=30)
            await work(Deliverer(await real_time(engine_context, ahead=ahead)))
    assert await rows(engine_context, "select distinct state from webhook_deliveries") == [
        ("delivered",)
    ]
    for suffix in ("", "&two"):
        mine = [each for each in peer.taken if each.target == f"/hook?a=b{suffix}"]
        assert {each.id for each in mine} == set(wanted)
        for subject in {each.event["subject"] for each in mine}:
            order = [each.id for each in mine if each.event["subject"] == subject]
            firsts = list(dict.fromkeys(order))
            assert firsts == [each for each in wanted if each in firsts]
