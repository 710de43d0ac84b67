"""A reader that remembers the last number it saw misses nothing, however transactions overlap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import psycopg
import pytest

from campana.domain.errors import Unavailable
from campana.domain.event import Event, EventName, NewEvent
from campana.services import event_feed
from campana.services.context import Context
from campana.services.event_feed import Horizon
from campana.store import events, retention
from campana.store.db import Database, Role, Tx
from tests.support.database import NOW
from tests.support.waiting import eventually


def event(workspace_id: int, subject: str) -> NewEvent:
    return NewEvent(
        type=EventName.WEBHOOK_TEST,
        workspace_id=workspace_id,
        subject=subject,
        campaign_id=None,
        at=NOW,
        data={"said": subject},
    )


async def read(
    context: Context, horizon: Horizon, *, workspace_id: int, after: int = 0
) -> Sequence[Event]:
    return await event_feed.page(
        context,
        workspace_id=workspace_id,
        horizon=await horizon.reach(),
        after=after,
        limit=1000,
    )


def subjects(found: Sequence[Event]) -> list[str]:
    return [each.subject for each in found]


@asynccontextmanager
async def writing(context: Context) -> AsyncIterator[Tx]:
    """A transaction on a connection of its own, open until the block ends."""
    async with context.db.transaction() as tx:
        yield tx


@pytest.fixture
def horizon(engine_context: Context) -> Horizon:
    return Horizon(engine_context.db)


async def test_a_lower_number_that_commits_later_is_not_passed(
    engine_context: Context, workspace_id: int, horizon: Horizon
) -> None:
    """The trap: 1 is drawn, 2 is drawn and committed, a reader comes, 1 is committed."""
    async with AsyncExitStack() as first:
        slow = await first.enter_async_context(writing(engine_context))
        await events.add(slow, event(workspace_id, "slow"))
        async with writing(engine_context) as quick:
            await events.add(quick, event(workspace_id, "quick"))
        async with engine_context.db.read() as tx:
            naive = await events.page(
                tx, workspace_id=workspace_id, after=0, horizon=1 << 60, limit=10
            )
        # Without a horizon the reader would now remember 2 and never see 1.
        assert subjects(naive) == ["quick"]
        assert await read(engine_context, horizon, workspace_id=workspace_id) == []
    assert subjects(await read(engine_context, horizon, workspace_id=workspace_id)) == [
        "slow",
        "quick",
    ]


async def test_whoever_rolls_back_holds_nobody_up_and_is_not_seen(
    engine_context: Context, workspace_id: int, horizon: Horizon
) -> None:
    async def undone() -> None:
        async with writing(engine_context) as tx:
            await events.add(tx, event(workspace_id, "never"))
            raise LookupError

    with pytest.raises(LookupError):
        await undone()
    async with writing(engine_context) as tx:
        await events.add(tx, event(workspace_id, "after it"))
    assert subjects(await read(engine_context, horizon, workspace_id=workspace_id)) == ["after it"]


async def test_what_was_certain_is_read_while_a_writer_hangs(
    engine_context: Context, workspace_id: int, horizon: Horizon
) -> None:
    async with writing(engine_context) as tx:
        await events.add(tx, event(workspace_id, "before"))
    assert len(await read(engine_context, horizon, workspace_id=workspace_id)) == 1
    async with writing(engine_context) as hanging:
        await events.add(hanging, event(workspace_id, "hanging"))
        async with writing(engine_context) as tx:
            await events.add(tx, event(workspace_id, "after"))
        found = await read(engine_context, horizon, workspace_id=workspace_id)
        assert subjects(found) == ["before"]


async def test_strangers_that_write_for_long_hold_nobody_up(
    engine_context: Context, workspace_id: int, horizon: Horizon
) -> None:
    """A horizon by the oldest transaction of the server would wait for this one."""
    async with engine_context.db.transaction() as other:
        await other.execute("update workspaces set default_country = 'CA'")
        async with engine_context.db.read() as snapshot:
            await snapshot.execute("select count(*) from events")
            async with writing(engine_context) as tx:
                await events.add(tx, event(workspace_id, "seen"))
            found = await read(engine_context, horizon, workspace_id=workspace_id)
            assert subjects(found) == ["seen"]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
async def test_every_order_of_commits_reads_each_once_and_in_order(
    engine_context: Context, workspace_id: int, order: Sequence[int]
) -> None:
    """Three transactions draw 1 2 3 and commit in any order, a reader polls after each step."""
    horizon = Horizon(engine_context.db)
    stacks = [AsyncExitStack() for _ in order]
    seen: list[Event] = []

    async def poll() -> None:
        after = seen[-1].id if seen else 0
        seen.extend(await read(engine_context, horizon, workspace_id=workspace_id, after=after))

    for number, stack in enumerate(stacks):
        tx = await stack.enter_async_context(writing(engine_context))
        await events.add(tx, event(workspace_id, str(number)))
        await poll()
    for number in order:
        await stacks[number].aclose()
        await poll()
    assert subjects(seen) == ["0", "1", "2"]


@pytest.mark.timeout(180)
async def test_many_writers_at_once_and_a_reader_that_never_rests(
    engine_context: Context, conninfo: str, workspace_id: int
) -> None:
    db = Database(conninfo, role=Role.ENGINE, max_connections=12)
    await db.open()
    context = replace(engine_context, db=db)
    written = 0
    is_done = False

    async def write(writer: int) -> None:
        nonlocal written
        for turn in range(40):
            async with context.db.transaction() as tx:
                await events.add(tx, event(workspace_id, f"{writer}:{turn}:a"))
                await asyncio.sleep((writer * 5 + turn * 7) % 11 / 2000)
                await events.add(tx, event(workspace_id, f"{writer}:{turn}:b"))
                if (writer + turn) % 5 == 0:
                    await tx.execute("savepoint here")
                    await events.add(tx, event(workspace_id, "undone"))
                    await tx.execute("rollback to savepoint here")
            written += 2

    seen: list[Event] = []

    async def follow() -> None:
        horizon = Horizon(db)
        while True:
            last_turn = is_done
            after = seen[-1].id if seen else 0
            seen.extend(await read(context, horizon, workspace_id=workspace_id, after=after))
            if last_turn:
                return
            await asyncio.sleep(0)

    reader = asyncio.create_task(follow())
    await asyncio.gather(*(write(writer) for writer in range(8)))
    is_done = True
    await reader
    assert len(seen) == written == 640
    assert [each.id for each in seen] == sorted({each.id for each in seen})
    # The two lines of one transaction, and the turns of one writer, stay in order.
    for writer in range(8):
        mine = [s for s in subjects(seen) if s.startswith(f"{writer}:")]
        assert mine == [f"{writer}:{turn}:{half}" for turn in range(40) for half in "ab"]
    await db.close()


async def test_a_writer_that_was_cut_off_lets_the_others_go_on(
    engine_context: Context, workspace_id: int, horizon: Horizon, conninfo: str
) -> None:
    """Its process is gone in the middle of a transaction: the server ends it."""
    lost = await psycopg.AsyncConnection.connect(conninfo)
    await lost.execute("set role campana_engine")
    await lost.execute("set search_path = campana")
    await events.add(lost, event(workspace_id, "lost"))
    async with writing(engine_context) as tx:
        await events.add(tx, event(workspace_id, "kept"))
    assert await read(engine_context, horizon, workspace_id=workspace_id) == []
    with psycopg.connect(conninfo, autocommit=True) as admin:
        admin.execute("select pg_terminate_backend(%s)", (lost.info.backend_pid,))
    await lost.close()
    found = await eventually(lambda: read(engine_context, horizon, workspace_id=workspace_id))
    assert subjects(found) == ["kept"]


async def test_a_horizon_without_a_database_says_so(engine_context: Context) -> None:
    horizon = Horizon(engine_context.db)
    await engine_context.db.close()
    with pytest.raises(Unavailable):
        await horizon.reach()


async def test_events_cannot_be_changed_by_any_role(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    async with engine_context.db.transaction() as tx:
        await events.add(tx, event(workspace_id, "once said"))
    for each in (context, engine_context):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with each.db.transaction(workspace_id=workspace_id) as tx:
                await tx.execute("update events set data = '{}'")


async def test_old_events_are_forgotten(
    engine_context: Context, workspace_id: int, horizon: Horizon
) -> None:
    later = NOW + timedelta(hours=1)
    async with engine_context.db.transaction() as tx:
        old, new = event(workspace_id, "old"), event(workspace_id, "new")
        await events.add(tx, old, replace(new, at=later))
        assert (
            await retention.forget_events(tx, workspace_id=workspace_id, before=later, limit=10)
            == 1
        )
    found = await read(engine_context, horizon, workspace_id=workspace_id)
    assert subjects(found) == ["new"]
