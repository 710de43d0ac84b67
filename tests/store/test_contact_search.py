"""Contacts of a workspace come in one order, whatever lists they are in, and of it alone."""

from __future__ import annotations

import psycopg
import pytest

from campana.services.accounts import ensure_workspace
from campana.services.context import Context
from campana.store import contact_search
from campana.store.contact_search import Wanted

# Lists of very different sizes, filled in turns, so that a page takes from one or from all.
FILL = """
insert into campana.contact_lists (id, workspace_id, name, created_at)
  select 'list_' || n, %(here)s, 'People ' || n, now() from generate_series(1, 12) n
  union all select 'list_there', %(there)s, 'People', now();
insert into campana.contacts (workspace_id, list_id, zones, tags, created_at, updated_at)
  select case when n %% 9 = 0 then %(there)s else %(here)s end,
    case when n %% 9 = 0 then 'list_there' when n < 60 then 'list_1'
      when n < 120 then 'list_' || n %% 2 + 2 else 'list_' || n %% 12 + 1 end,
    '{}', case when n %% 4 = 0 then array['vip'] else '{}' end, now(), now()
  from generate_series(1, 200) n
"""


@pytest.fixture
async def there(engine_context: Context, conninfo: str, workspace_id: int) -> int:
    """Another workspace; both have people."""
    there = (await ensure_workspace(engine_context, "there")).workspace_id
    with psycopg.connect(conninfo, autocommit=True) as db:
        cursor = psycopg.ClientCursor(db)
        cursor.execute(FILL, {"here": workspace_id, "there": there})  # pyright: ignore[reportArgumentType]
    return there


async def walked(context: Context, workspace_id: int, wanted: Wanted, *, limit: int) -> list[int]:
    """The ids on all pages of that many."""
    found: list[int] = []
    while True:
        async with context.db.read(workspace_id=workspace_id) as tx:
            page = await contact_search.page(
                tx,
                workspace_id=workspace_id,
                wanted=wanted,
                after=found[-1] if found else 0,
                limit=limit,
            )
        if not page:
            return found
        found += [each.id for each in page]


@pytest.mark.parametrize("limit", [1, 2, 5, 12, 13, 50, 500])
async def test_every_page_goes_on_where_the_last_one_ended(
    limit: int, context: Context, workspace_id: int, there: int
) -> None:
    everybody = [n for n in range(1, 201) if n % 9]
    assert await walked(context, workspace_id, Wanted(), limit=limit) == everybody
    assert await walked(context, there, Wanted(), limit=limit) == list(range(9, 201, 9))
    of_one = [n for n in everybody if n >= 120 and n % 12 == 4]
    assert await walked(context, workspace_id, Wanted(list_id="list_5"), limit=limit) == of_one


@pytest.mark.parametrize("limit", [1, 7, 500])
async def test_so_it_does_among_those_with_a_tag(
    limit: int, context: Context, workspace_id: int, there: int
) -> None:
    tagged = [n for n in range(4, 201, 4) if n % 9]
    wanted = Wanted(tag="vip")
    assert await walked(context, workspace_id, wanted, limit=limit) == tagged
    assert await walked(context, there, wanted, limit=limit) == list(range(36, 201, 36))
    in_list = Wanted(tag="vip", list_id="list_1")
    of_list = [n for n in tagged if n < 60 or (n >= 120 and n % 12 == 0)]
    assert await walked(context, workspace_id, in_list, limit=limit) == of_list
    assert await walked(context, workspace_id, Wanted(tag="none"), limit=limit) == []


async def test_a_tag_is_asked_of_no_other_workspace_than_that_of_the_transaction(
    context: Context, workspace_id: int, there: int
) -> None:
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await tx.execute("select contacts_tagged(%s, 'vip', null, 0, 100)", (there,))
        assert await found.fetchall() == []
