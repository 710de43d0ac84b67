"""A list knows how many people it has, whatever becomes of them."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from campana.services import erasures, imports, lists, undoing, upserts
from campana.services.context import Context
from campana.services.upserts import Given
from campana.store import invariants
from campana.store.imports import Duplicates
from tests.support.people import ANA, BRUNO, CARLA, csv_of, everybody, imported


async def miscounted(context: Context) -> int:
    async with context.db.read() as tx:
        judged = await invariants.judge(tx, now=context.clock.now())
    return {each.invariant.name: each.count for each in judged}["lists_are_counted"]


async def test_of_people_who_come_and_go(engine_context: Context, workspace_id: int) -> None:
    here: dict[str, Any] = {"workspace_id": workspace_id}
    made = [(await lists.create(engine_context, name=name, **here)).id for name in ("A", "B")]

    async def counted() -> list[int | None]:
        assert await miscounted(engine_context) == 0
        return [
            (await lists.get(engine_context, list_id=each, **here)).contact_count for each in made
        ]

    assert await counted() == [0, 0]
    for list_id in made:
        content = csv_of(["phone"], [[ANA], [BRUNO], [BRUNO], ["12"]])
        await imported(engine_context, list_id=list_id, content=content, **here)
    assert await counted() == [2, 2]
    second = await imported(
        engine_context,
        list_id=made[0],
        content=csv_of(["phone", "first_name"], [[ANA, "Ana"], [CARLA, "Carla"]]),
        duplicates=Duplicates.UPDATE,
        **here,
    )
    assert await counted() == [3, 2]
    await undoing.request(engine_context, import_id=second.id, **here)
    await imports.run(engine_context, import_id=second.id)
    assert await counted() == [2, 2]
    carla = Given(fields={}, phones=[CARLA], whatsapp=[], emails=[], attributes={})
    await upserts.upsert(engine_context, list_id=made[1], people=[carla], **here)
    assert await counted() == [2, 3]
    # The same person in both lists.
    [ana, *_] = await everybody(engine_context, list_id=made[0], **here)
    await erasures.request(
        engine_context, contact_id=ana.id, reason="asked", requested_by="test", **here
    )
    assert await counted() == [1, 2]
    await lists.delete(engine_context, list_id=made[0], **here)
    made.pop(0)
    assert await counted() == [2]


@pytest.mark.parametrize(
    "statement",
    [
        "update contact_counts set people = 7",
        "insert into contact_counts values ('list_1', 1, 7)",
        "delete from contact_counts",
    ],
)
async def test_nobody_writes_it_by_hand(
    statement: LiteralString, context: Context, engine_context: Context, workspace_id: int
) -> None:
    for each in (context, engine_context):
        with pytest.raises(InsufficientPrivilege):
            async with each.db.transaction(workspace_id=workspace_id) as tx:
                await tx.execute(statement)


async def test_an_upgrade_counts_those_who_are_there(
    engine_context: Context, workspace_id: int, conninfo: str
) -> None:
    made = await lists.create(engine_context, workspace_id=workspace_id, name="A")
    content = csv_of(["phone"], [[ANA], [BRUNO]])
    await imported(engine_context, workspace_id=workspace_id, list_id=made.id, content=content)
    written = resources.files("campana.store") / "migrations" / "0032_pre_many_rows.sql"
    [fill] = re.findall(r"^insert into contact_counts[^;]+;", written.read_text(), re.MULTILINE)
    with psycopg.connect(conninfo, autocommit=True) as superuser:
        superuser.execute("set search_path = campana")
        superuser.execute("delete from contact_counts")
        assert await miscounted(engine_context) == 1
        superuser.execute(fill)
    assert await miscounted(engine_context) == 0
