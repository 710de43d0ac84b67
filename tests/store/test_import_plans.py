"""Whom the rows of a chunk meet, and what an undo takes next, is looked up, whatever is stored."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import AsyncClientCursor

from campana.domain.contact import NewContact
from campana.services import lists
from campana.services.context import Context
from campana.store import contacts, holders, segments
from campana.store.sql import load
from tests.support.database import NOW

pytestmark = [pytest.mark.new_database, pytest.mark.timeout(120)]

FILL = """
insert into campana.contacts (workspace_id, list_id, external_id, zones, created_at, updated_at)
  select workspace_id, id, n::text, array['UTC'], created_at, created_at
  from campana.contact_lists, generate_series(1, 20000) n;
insert into campana.contact_addresses (contact_id, position, workspace_id, list_id, kind, value)
  select id, place, workspace_id, list_id, kind, 'v' || external_id
  from campana.contacts, (values (0, 'phone'), (1, 'email')) k (place, kind);
analyze campana.contacts, campana.contact_addresses
"""


@pytest.fixture
async def list_id(engine_context: Context, workspace_id: int, conninfo: str) -> str:
    """A list of many people."""
    made = await lists.create(engine_context, workspace_id=workspace_id, name="Many")
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn:
        for statement in FILL.split(";\n"):
            await conn.execute(statement)  # pyright: ignore[reportArgumentType, reportCallIssue]
    return made.id


async def plan(context: Context, workspace_id: int, query: str, values: dict[str, Any]) -> str:
    async with context.db.read(workspace_id=workspace_id) as tx:
        cursor = AsyncClientCursor(tx)
        noun, _, name = query.partition(".")
        await cursor.execute("explain (costs off) " + load(noun)[name], values)
        return "\n".join(str(row[0]) for row in await cursor.fetchall())


async def test_whom_rows_meet_is_found_by_index(
    context: Context, engine_context: Context, workspace_id: int, list_id: str
) -> None:
    asked = {
        "list_id": list_id,
        "external_ids": [str(n) for n in range(500)],
        "kinds": ["email", "phone"],
        "values": [f"v{n}" for n in range(500)],
    }
    for role in (context, engine_context):
        found = await plan(role, workspace_id, "holders.find", asked)
        assert "Seq Scan" not in found
        for index in ("contacts_by_external_id", "contact_addresses_by_value", "contacts_pkey"):
            assert index in found
        found = await plan(role, workspace_id, "holders.taken", asked)
        assert "Seq Scan" not in found
        assert "contacts_by_external_id" in found
        assert "contact_addresses_by_value" in found


async def test_an_undo_never_starts_from_the_beginning_of_the_list(
    engine_context: Context, workspace_id: int, list_id: str
) -> None:
    asked = {"import_id": "imp_1", "list_id": list_id, "after": 10_000, "limit": 1000}
    for query in ("import_changes.made", "import_changes.changed"):
        found = await plan(engine_context, workspace_id, query, asked)
        assert "Seq Scan" not in found
        assert "> 10000" in found


async def test_many_are_put_back_at_once(
    engine_context: Context, workspace_id: int, list_id: str
) -> None:
    """As many as a stretch of an undo has; ids and addresses of all of them change hands."""
    async with engine_context.db.transaction() as tx:
        page = await segments.page(
            tx,
            workspace_id=workspace_id,
            whom=segments.of_list(list_id),
            after=0,
            limit=1000,
            now=NOW,
        )
        before = await holders.held(tx, list_id=list_id, ids=[each.id for each in page])
        turned = [*before[1:], before[0]]
        swapped: dict[int, NewContact] = {
            each.id: other.contact for each, other in zip(before, turned, strict=True)
        }
        earlier = {
            each.id: holders.Holder(id=each.id, version=7, updated_at=NOW, contact=swapped[each.id])
            for each in before
        }
        await contacts.restore(tx, workspace_id=workspace_id, list_id=list_id, before=earlier)
        after = await holders.held(tx, list_id=list_id, ids=list(earlier))
    assert {each.id: each for each in after} == earlier
