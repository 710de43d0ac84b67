"""A dry run tells what a real one would do, row by row, and leaves the list as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campana.services import import_rows, lists
from campana.services.context import Context
from campana.store.imports import Duplicates, Import, ImportState, RejectedRow
from tests.support.people import ANA, BRUNO, CARLA, csv_of, everybody, imported

HEADER = ["phone", "id", "email", "first_name"]


def counts(found: Import) -> tuple[ImportState, int, int, int, int, str | None]:
    return (
        found.state,
        found.rows_accepted,
        found.rows_updated,
        found.rows_duplicate,
        found.rows_rejected,
        found.problem,
    )


async def refused(context: Context, found: Import, workspace_id: int) -> list[RejectedRow]:
    return await lists.rejected_rows(context, workspace_id=workspace_id, import_id=found.id)


ROW = st.tuples(
    st.sampled_from([ANA, BRUNO, CARLA, "nobody"]),
    st.sampled_from(["", "a", "b"]),
    st.sampled_from(["", "x@example.org", "y@example.org"]),
    st.sampled_from(["", "Ana", "Bruno"]),
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(ROW, min_size=1, max_size=3),
    st.lists(ROW, min_size=1, max_size=7),
    st.sampled_from([Duplicates.SKIP, Duplicates.UPDATE]),
)
@pytest.mark.timeout(120)
async def test_every_row_has_the_fate_it_then_has(
    engine_context: Context,
    workspace_id: int,
    there: list[tuple[str, ...]],
    file: list[tuple[str, ...]],
    how: Duplicates,
) -> None:
    name = engine_context.new_id("name")
    made = await lists.create(engine_context, workspace_id=workspace_id, name=name)
    place: dict[str, Any] = {"workspace_id": workspace_id, "list_id": made.id}
    await imported(engine_context, **place, content=csv_of(HEADER, there))
    before = await everybody(engine_context, **place)
    content = csv_of(HEADER, file)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(import_rows, "_CHUNK_ROWS", 2)
        tried = await imported(
            engine_context, **place, content=content, duplicates=how, is_dry_run=True
        )
        assert await everybody(engine_context, **place) == before
        patched.setattr(import_rows, "_CHUNK_ROWS", 3)
        done = await imported(engine_context, **place, content=content, duplicates=how)
    assert counts(tried) == counts(done)
    assert await refused(engine_context, tried, workspace_id) == await refused(
        engine_context, done, workspace_id
    )
    async with engine_context.db.read() as tx:
        for table in ("trial_people", "trial_keys"):
            left = await tx.execute(f"select count(*) from {table}")  # pyright: ignore[reportArgumentType, reportCallIssue]  # noqa: S608
            assert await left.fetchone() == (0,)


async def test_says_where_a_file_that_must_have_no_duplicates_would_stop(
    engine_context: Context, workspace_id: int
) -> None:
    made = await lists.create(engine_context, workspace_id=workspace_id, name="People")
    place: dict[str, Any] = {"workspace_id": workspace_id, "list_id": made.id}
    content = csv_of(["phone"], [[ANA], [BRUNO], [ANA]])
    tried = await imported(
        engine_context, **place, content=content, duplicates=Duplicates.FAIL, is_dry_run=True
    )
    assert tried.state is ImportState.FAILED
    assert (tried.problem or "").startswith(f"row 3: {ANA}")
    assert await everybody(engine_context, **place) == []
