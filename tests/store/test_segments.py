"""A segment asked of PostgreSQL has those of whom CEL says that it is true, and nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random  # noqa: TID251 - seeded, so every run is the same

import psycopg
import pytest
from psycopg import AsyncClientCursor

from campana.flow.conditions import Condition, EvaluationFailed
from campana.flow.segments import read
from campana.services import lists
from campana.services.context import Context
from campana.store import segments
from campana.store.sql import load
from tests.support.crowd import Author, Oracle, Person, crowd, store
from tests.support.database import NOW

SEGMENTS_ALONE = ("tags", "kinds", "days", "hours", "date", "addedAt", "lastOutcome", "inList",
                  "reached", "attempts")  # fmt: skip
FILL = (
    "insert into campana.contacts (workspace_id, list_id, zones, tags, attributes, created_at,"
    " updated_at) select workspace_id, id, '{UTC}', case when n %% 5000 = 0 then array['rare']"
    " when n %% 10 = 0 then array['often'] else '{}' end, jsonb_build_object('n', n), created_at,"
    " created_at from campana.contact_lists, generate_series(1, 20000) n where id = %(list_id)s",
    "analyze campana.contacts",
)
QUERY = "select c.id from contacts c where c.list_id = %(list_id)s"


@pytest.fixture
async def named(engine_context: Context, workspace_id: int) -> Mapping[str, str]:
    """Two lists by name."""
    return {
        name: (await lists.create(engine_context, workspace_id=workspace_id, name=name)).id
        for name in ("First", "Second")
    }


@pytest.fixture
async def people(conninfo: str, workspace_id: int, named: Mapping[str, str]) -> list[Person]:
    found = crowd(Random(7), list(named.values()), 80)  # noqa: S311 - nothing is secret
    await store(conninfo, workspace_id, found)
    return found


async def told(
    context: Context, workspace_id: int, named: Mapping[str, str], source: str
) -> set[int]:
    whom = segments.members(read(source), lists=named.values(), named=named)
    async with context.db.read(workspace_id=workspace_id) as tx:
        cursor = await tx.execute(segments.asked_of(QUERY, whom), {**whom.values, "now": NOW})
        return {row[0] for row in await cursor.fetchall()}


async def compared(
    context: Context, workspace_id: int, named: Mapping[str, str], people: list[Person], *,
    seed: int, times: int,
) -> int:  # fmt: skip
    """How many expressions of so many told some from others; each says what CEL says."""
    author, oracle, telling = Author(Random(seed)), Oracle(named), 0  # noqa: S311 - nothing is secret
    for _ in range(times):
        source = author.condition()
        expected = oracle.holds(source, people)
        assert await told(context, workspace_id, named, source) == expected, source
        telling += 0 < len(expected) < len(people)
    return telling


async def test_it_means_what_cel_means(
    context: Context, workspace_id: int, named: Mapping[str, str], people: list[Person]
) -> None:
    """Of random expressions over random people; most of them tell one from another."""
    telling = await compared(context, workspace_id, named, people, seed=1, times=100)
    assert telling > 50


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(2, 10))
async def test_it_means_what_cel_means_for_long(
    context: Context, workspace_id: int, named: Mapping[str, str], people: list[Person], seed: int
) -> None:
    telling = await compared(context, workspace_id, named, people, seed=seed, times=1_000)
    assert telling > 500


async def test_what_flows_can_say_means_the_same_in_both(
    context: Context, workspace_id: int, named: Mapping[str, str], people: list[Person]
) -> None:
    """A flow's own condition, of the same person, decides as the segment does."""
    author, compared_with = Author(Random(5)), 0  # noqa: S311 - nothing is secret
    while compared_with < 40:
        source = author.condition(2)
        if any(word in source for word in SEGMENTS_ALONE):
            continue
        condition, expected = Condition(source), set[int]()
        for person in people:
            try:
                if condition.holds({"contact": person.contact, "now": NOW}):
                    expected.add(person.id)
            except EvaluationFailed:
                continue
        assert await told(context, workspace_id, named, source) == expected, source
        compared_with += 1


async def test_nobody_s_words_become_sql(
    context: Context, workspace_id: int, named: Mapping[str, str], people: list[Person]
) -> None:
    """Quotes, comments and placeholders are values like any other."""
    for evil in ("'; drop table contacts; --", "%(now)s", "%s", "\\", "{}", "$1", "a\nb"):
        text = evil.replace("\\", "\\\\").replace("\n", "\\n")
        for source in (
            f'contact["{text}"] == "{text}" || "{text}" in tags || contact.x.contains("{text}")',
            f'!has(contact.x) || inList("{text}") || contact.x in ["{text}"]',
        ):
            oracle = Oracle(named).holds(source, people)
            assert await told(context, workspace_id, named, source) == oracle


async def test_a_large_expression_stays_cheap(
    context: Context, workspace_id: int, named: Mapping[str, str], people: list[Person]
) -> None:
    """Nested as deep as it may be, the statement grows with it and not by doubling."""
    source = "contact.x"
    for _ in range(14):
        source = f"(({source}) in [true, 1]) in [true]"
    whom = segments.members(read(source), lists=named.values(), named=named)
    assert len(whom.sql) < 10_000
    assert await told(context, workspace_id, named, source) == Oracle(named).holds(source, people)


@pytest.mark.new_database
async def test_tags_are_found_by_index(
    context: Context, engine_context: Context, workspace_id: int, named: Mapping[str, str],
    conninfo: str,
) -> None:  # fmt: skip
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn:
        for statement in FILL:
            await conn.execute(statement, {"list_id": named["First"]})  # pyright: ignore[reportArgumentType, reportCallIssue]
    source = '"rare" in tags && contact.n > 5 && !reached("Voice", days(30))'
    whom = segments.members(read(source), lists=named.values(), named=named)
    query = "explain (costs off) " + segments.asked_of(QUERY, whom)
    for role in (context, engine_context):
        async with role.db.read(workspace_id=workspace_id) as tx:
            cursor = AsyncClientCursor(tx)
            await cursor.execute(query, {**whom.values, "now": NOW})
            plan = "\n".join(str(row[0]) for row in await cursor.fetchall())
        assert "contacts_by_tag" in plan
        for index in ("attempts_by_address", "targets_of_contact"):
            assert index in plan


def test_the_statements_segments_are_asked_through_say_once_of_whom() -> None:
    whom = segments.members(read('"a" in tags'), lists=["list_1"], named={})
    for noun, name in (("segments", "page"), ("targets", "enroll"), ("outlook", "judged")):
        assert whom.sql in segments.asked_of(load(noun)[name], whom)
