"""After the answer of a suppression or a revocation nobody begins to contact the address."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from campana.services import consents, dispatch, suppressions
from campana.services.context import Context
from campana.services.dispatch import SEND_DEADLINE
from campana.store import claims
from campana.store.db import DatabaseClock
from tests.support.campaign import ANA, BRUNO, Scene, launched, person
from tests.support.database import FixedClock
from tests.support.waiting import eventually


async def suppress(context: Context, workspace_id: int) -> None:
    await suppressions.add(context, workspace_id=workspace_id, address=ANA, reason="asked")


async def revoke(context: Context, workspace_id: int) -> None:
    await consents.add(
        context,
        workspace_id=workspace_id,
        address=ANA,
        is_granted=False,
        source="call",
        wording="Stop.",
    )


def never_late(context: Context) -> Context:
    """For whom the time in which an answer is given stands still."""
    return replace(context, monotonic=lambda: 0.0)


Forbid = Callable[[Context, int], Awaitable[None]]
each_way = pytest.mark.parametrize("forbid", [suppress, revoke])


@each_way
async def test_waits_for_claims_that_may_not_have_seen_it(
    engine_context: Context, context: Context, workspace_id: int, forbid: Forbid
) -> None:
    async with engine_context.db.transaction() as tx:
        await claims.begin(tx, workspace_id=workspace_id)
        answering = asyncio.ensure_future(forbid(context, workspace_id))

        async def is_waiting() -> bool:
            async with engine_context.db.read() as look:
                cursor = await look.execute(
                    "select from pg_locks where locktype = 'advisory' and not granted"
                    " and classid::bigint = %s and database ="
                    " (select oid from pg_database where datname = current_database())",
                    (claims.LOCK_SPACE,),
                )
                return await cursor.fetchone() is not None

        await eventually(is_waiting)
    await answering


@each_way
async def test_waits_until_what_was_claimed_is_too_old_to_be_sent(
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
    forbid: Forbid,
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    assert len(await scene.claim()) == 1
    answering = asyncio.ensure_future(forbid(never_late(context), workspace_id))

    async def is_written() -> bool:
        return bool(await scene.rows("select 1 from suppressions union select 1 from consents"))

    await eventually(is_written)
    for _ in range(3):
        await is_written()
    assert not answering.done()
    clock.forward(seconds=1)
    await answering


async def test_does_not_wait_for_other_addresses(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=[person(BRUNO)]
    )
    assert len(await scene.claim()) == 1
    # Whoever waited would wait for ever.
    await suppress(never_late(context), workspace_id)


async def test_a_worker_that_stands_still_in_its_claim_delays_the_answer_by_less_than_a_second(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    """The quickest of a few: what delays each of them is not the machine's standing still."""
    delays: list[float] = []
    async with engine_context.db.transaction() as tx:
        await claims.begin(tx, workspace_id=workspace_id)
        while len(delays) < 5 and min(delays, default=1.0) >= 1.0:
            begun = time.monotonic()
            await suppress(context, workspace_id)
            delays.append(time.monotonic() - begun)
    assert SEND_DEADLINE.total_seconds() <= min(delays) < 1.0


async def test_no_attempt_begins_after_the_answer(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    """Fifty people, suppressed one after the other while workers call them as fast as they can."""
    clock = DatabaseClock()
    async with engine_context.db.glance() as conn:
        await clock.sample(conn)
    engine, web = (replace(each, clock=clock) for each in (engine_context, context))
    numbers = [f"+1212555{n:04d}" for n in range(100, 150)]
    scene = await launched(
        engine,
        web,
        workspace_id=workspace_id,
        people=[person(number) for number in numbers],
        window={"always": True},
    )
    sent: list[tuple[str, float]] = []
    over = asyncio.Event()
    workers = [asyncio.create_task(_call(scene, owner, over, sent)) for owner in (1, 2, 3)]
    answered: dict[str, float] = {}
    for number in reversed(numbers):
        await suppressions.add(web, workspace_id=workspace_id, address=number, reason="asked")
        answered[number] = time.monotonic()
    over.set()
    await asyncio.gather(*workers)
    late = [number for number, at in sent if at > answered[number]]
    assert not late
    assert sent


async def _call(
    scene: Scene, owner_id: int, over: asyncio.Event, sent: list[tuple[str, float]]
) -> None:
    """What a worker does, up to the moment the network is touched."""
    while not over.is_set():
        begun = time.monotonic()
        for claimed in await scene.claim(owner_id=owner_id, limit=1):
            began = await dispatch.begin_sending(
                scene.engine, claimed=claimed, owner_id=owner_id, from_number="+12025550100"
            )
            if began and time.monotonic() < begun + SEND_DEADLINE.total_seconds():
                sent.append((claimed.address, time.monotonic()))
        await asyncio.sleep(0)
