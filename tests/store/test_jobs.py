"""Work deferred in a transaction: there when it commits, gone when not, unread by requests."""

from __future__ import annotations

from contextlib import suppress

import psycopg
import pytest

from campana.services.context import Context
from campana.store import jobs


async def deferred(context: Context) -> list[tuple[object, ...]]:
    async with context.db.read() as tx:
        cursor = await tx.execute(
            "select task_name, args, lock, queueing_lock, queue_name, status::text"
            " from procrastinate_jobs order by id"
        )
        return list(await cursor.fetchall())


async def test_a_request_defers_work_in_its_own_transaction(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        assert await jobs.defer(
            tx, task="import_contacts", arguments={"import_id": "imp_1"}, lock="imp_1"
        )
        assert await deferred(engine_context) == []
    assert await deferred(engine_context) == [
        ("import_contacts", {"import_id": "imp_1"}, "imp_1", None, "default", "todo")
    ]


async def test_work_goes_with_the_transaction_that_fails(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    with suppress(ZeroDivisionError):
        async with context.db.transaction(workspace_id=workspace_id) as tx:
            await jobs.defer(tx, task="enroll", arguments={})
            raise ZeroDivisionError
    assert await deferred(engine_context) == []


async def test_what_waits_already_is_not_deferred_again(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        assert await jobs.defer(tx, task="enroll", arguments={}, queueing_lock="camp_1")
        assert not await jobs.defer(tx, task="enroll", arguments={}, queueing_lock="camp_1")
        assert await jobs.defer(tx, task="enroll", arguments={}, queueing_lock="camp_2")
    assert len(await deferred(engine_context)) == 2


async def test_a_request_cannot_read_what_others_deferred(
    context: Context, workspace_id: int
) -> None:
    async with context.db.read(workspace_id=workspace_id) as tx:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await tx.execute("select args from procrastinate_jobs")
