"""The chain of seals over the audit log: it goes on whoever writes, and shows who tampered."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from campana.domain.errors import Unavailable
from campana.jobs.app import build
from campana.services import auditing
from campana.services.auditing import Asked
from campana.services.context import Context
from campana.store import invariants
from tests.support.database import FixedClock


async def write(context: Context, workspace_id: int, *, count: int = 1) -> None:
    for number in range(count):
        asked = Asked(
            workspace_id=workspace_id,
            person_id=None,
            actor="Ana <ana@example.com>",
            action="list.create",
            subject="",
            fields={"name": f"Patients {number}"},
            client=None,
            request_id="r1",
        )
        await auditing.note_asked(context, asked)


async def broken(engine: Context) -> dict[str, list[str]]:
    async with engine.db.read() as tx:
        judged = await invariants.judge(tx, now=engine.clock.now())
    return {
        each.invariant.name: [f"{breach.subject} {breach.found}" for breach in each.breaches]
        for each in judged
        if not each.holds
    }


async def seals(engine: Context) -> list[tuple[int, int]]:
    async with engine.db.read() as tx:
        query = "select number, entry_id from audit_seals order by workspace_id, number"
        return [(row[0], row[1]) for row in await (await tx.execute(query)).fetchall()]


async def test_each_entry_is_sealed_once_it_has_settled(
    context: Context, engine_context: Context, workspace_id: int, clock: FixedClock
) -> None:
    await write(context, workspace_id, count=3)
    await auditing.seal(engine_context)
    assert await seals(engine_context) == []
    clock.forward(minutes=6)
    await write(context, workspace_id)
    await auditing.seal(engine_context)
    await auditing.seal(engine_context)
    first = await seals(engine_context)
    assert [number for number, _ in first] == [1, 2, 3]
    clock.forward(minutes=6)
    await auditing.seal(engine_context)
    assert [number for number, _ in await seals(engine_context)] == [1, 2, 3, 4]
    assert await broken(engine_context) == {}


async def test_two_that_seal_at_once_make_one_chain(
    context: Context, engine_context: Context, workspace_id: int, clock: FixedClock
) -> None:
    await write(context, workspace_id, count=20)
    clock.forward(minutes=6)
    done = await asyncio.gather(
        *(auditing.seal(engine_context) for _ in range(2)), return_exceptions=True
    )
    # One that comes second finds the numbers taken, and tries another time.
    assert any(each is None for each in done)
    assert not any(isinstance(each, Unavailable) for each in done)
    assert [number for number, _ in await seals(engine_context)] == list(range(1, 21))
    assert await broken(engine_context) == {}


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("update campana.audit_entries set actor = 'Bruno' where id = {second}", [1]),
        ("update campana.audit_entries set detail = '{{}}' where id = {second}", [1]),
        ("delete from campana.audit_entries where id = {second}", [1]),
        ("delete from campana.audit_seals where entry_id = {second}", [2]),
        (
            "insert into campana.audit_entries"
            " (id, workspace_id, at, actor, action, result, request_id) overriding system value"
            " select -2000, workspace_id, at, actor, action, result, request_id"
            " from campana.audit_entries where id = {second}",
            [-2000],
        ),
    ],
)
async def test_whoever_tampers_is_found(
    context: Context,
    engine_context: Context,
    workspace_id: int,
    clock: FixedClock,
    conninfo: str,
    statement: str,
    found: list[int],
) -> None:
    await write(context, workspace_id, count=3)
    clock.forward(minutes=6)
    await auditing.seal(engine_context)
    ids = [entry_id for _, entry_id in await seals(engine_context)]
    with psycopg.connect(conninfo, autocommit=True) as superuser:
        superuser.execute(statement.format(second=ids[1]).encode())
    told = await broken(engine_context)
    assert list(told) == ["audit_is_sealed"]
    wanted = [ids[each] if each >= 0 else each for each in found]
    assert [int(each.split()[2]) for each in told["audit_is_sealed"]] == wanted


def test_a_job_does_it(engine_context: Context) -> None:
    assert any(name.endswith("seal_audit_log") for name in build(engine_context).tasks)
