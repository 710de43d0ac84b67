"""Imports taken back: everything is as it was, but for those whom somebody has dealt with since."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campana.domain.errors import InvalidTransition, NotFound
from campana.services import import_rows, import_undo, imports, lists, targets, undoing, upserts
from campana.services.context import Context
from campana.services.upserts import Given
from campana.store.contacts import Contact
from campana.store.imports import Duplicates, Import, ImportState
from tests.support.campaign import launched
from tests.support.ledger import broken
from tests.support.people import ANA, BRUNO, CARLA, csv_of, everybody, imported, reserved_numbers

HEADER = ["phone", "id", "first_name", "city", "email"]


@pytest.fixture
async def list_id(engine_context: Context, workspace_id: int) -> str:
    return (await lists.create(engine_context, workspace_id=workspace_id, name="People")).id


@pytest.fixture
def place(workspace_id: int, list_id: str) -> dict[str, Any]:
    return {"workspace_id": workspace_id, "list_id": list_id}


async def brought(
    context: Context, place: dict[str, Any], *rows: list[str], header: list[str] = HEADER
) -> Import:
    """An import that updates whom it meets."""
    return await imported(
        context, **place, content=csv_of(header, rows), duplicates=Duplicates.UPDATE
    )


async def undone(context: Context, found: Import, *, workspace_id: int) -> Import:
    await undoing.request(context, workspace_id=workspace_id, import_id=found.id)
    await imports.run(context, import_id=found.id)
    return await lists.get_import(context, workspace_id=workspace_id, import_id=found.id)


def counts(found: Import) -> tuple[int, int, int]:
    return found.undone_removed, found.undone_restored, found.undone_kept


async def kept(context: Context, found: Import, *, workspace_id: int) -> list[tuple[str, str]]:
    each = await undoing.kept(context, workspace_id=workspace_id, import_id=found.id)
    return [(one.address or "", one.reason) for one in each]


async def test_what_it_made_goes_and_what_it_changed_goes_back(
    engine_context: Context, workspace_id: int, place: dict[str, Any]
) -> None:
    await brought(
        engine_context,
        place,
        [ANA, "a", "Ana", "Porto", "ana@example.org"],
        [BRUNO, "", "Bruno", "", ""],
    )
    before = await everybody(engine_context, **place)
    second = await brought(
        engine_context,
        place,
        [CARLA, "a", "Anna", "", "anna@example.org"],
        [BRUNO, "b", "", "Faro", ""],
        [ANA, "n", "New", "", ""],
        [CARLA, "a", "Annie", "", ""],
    )
    assert (second.rows_accepted, second.rows_updated) == (1, 3)
    assert await everybody(engine_context, **place) != before
    after = await undone(engine_context, second, workspace_id=workspace_id)
    assert (after.state, counts(after)) == (ImportState.UNDONE, (1, 2, 0))
    assert await everybody(engine_context, **place) == before


async def test_numbers_that_changed_hands_change_back(
    engine_context: Context,
    workspace_id: int,
    place: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A ring: each took the number of the next, so that one alone could not go back."""
    numbers = reserved_numbers()[:30]
    ids = [str(n) for n in range(30)]
    header = ["phone", "id"]
    await brought(engine_context, place, *map(list, zip(numbers, ids, strict=True)), header=header)
    before = await everybody(engine_context, **place)
    spare = reserved_numbers()[30]
    first = await brought(engine_context, place, [spare, "0"], header=header)
    turned = [[numbers[n - 1], ids[n]] for n in range(1, 30)] + [[numbers[29], "0"]]
    second = await brought(engine_context, place, *turned, header=header)
    monkeypatch.setattr(import_undo, "_STRETCH", 4)
    assert counts(await undone(engine_context, second, workspace_id=workspace_id)) == (0, 30, 0)
    assert counts(await undone(engine_context, first, workspace_id=workspace_id)) == (0, 1, 0)
    assert await everybody(engine_context, **place) == before


async def test_whom_somebody_changed_since_stays_and_is_told(
    engine_context: Context, workspace_id: int, place: dict[str, Any]
) -> None:
    await brought(engine_context, place, [ANA, "a", "Ana", "", ""])
    second = await brought(
        engine_context, place, [ANA, "a", "Anna", "", ""], [BRUNO, "b", "Bruno", "", ""],
        [CARLA, "c", "Carla", "", ""],
    )  # fmt: skip
    person = Given(
        fields={"external_id": "b"}, phones=[BRUNO], whatsapp=[], emails=[], attributes={"x": 1}
    )
    await upserts.upsert(engine_context, **place, people=[person])
    third = await brought(engine_context, place, [ANA, "a", "Annie", "", ""])
    after = await undone(engine_context, second, workspace_id=workspace_id)
    assert counts(after) == (1, 0, 2)
    assert await kept(engine_context, after, workspace_id=workspace_id) == [
        (ANA, "changed_since"),
        (BRUNO, "changed_since"),
    ]
    # Once the later import is undone, nothing stands in the earlier one's way any more.
    await undone(engine_context, third, workspace_id=workspace_id)
    again = await undone(engine_context, second, workspace_id=workspace_id)
    assert counts(again) == (1, 1, 1)
    names = [each.first_name for each in await everybody(engine_context, **place)]
    assert names == ["Ana", "Bruno"]


async def test_a_number_somebody_else_has_by_now_keeps_its_old_owner_as_they_are(
    engine_context: Context, workspace_id: int, place: dict[str, Any]
) -> None:
    await brought(engine_context, place, [ANA, "a", "Ana", "", ""])
    second = await brought(engine_context, place, [BRUNO, "a", "", "", ""])
    await brought(engine_context, place, [ANA, "z", "Zoe", "", ""])
    after = await undone(engine_context, second, workspace_id=workspace_id)
    assert counts(after) == (0, 0, 1)
    assert await kept(engine_context, after, workspace_id=workspace_id) == [
        (BRUNO, "address_taken")
    ]


async def test_who_was_contacted_since_stays_and_the_others_leave_their_campaigns(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    list_id = await scene.rows("select list_id from campaigns")
    place = {"workspace_id": workspace_id, "list_id": str(list_id[0][0])}
    numbers = reserved_numbers()[5000:5004]
    second = await brought(engine_context, place, *([each, "", "", "", ""] for each in numbers))
    async with engine_context.db.transaction() as tx:
        await tx.execute(
            "update enrollments set finished_at = null where campaign_id = %s",
            (scene.campaign_id,),
        )
    await targets.enroll(engine_context, campaign_id=scene.campaign_id)
    # Three of each zone, so two of the four: an attempt is a row before anybody is called.
    claimed = await scene.claim(limit=3)
    contacted = [each.address for each in claimed if each.address in numbers]
    assert len(contacted) == 2
    after = await undone(engine_context, second, workspace_id=workspace_id)
    assert counts(after) == (2, 0, 2)
    assert await kept(engine_context, after, workspace_id=workspace_id) == [
        (number, "contacted") for number in contacted
    ]
    left = await scene.rows("select address from targets order by id offset 3")
    assert [row[0] for row in left] == contacted
    assert await scene.rows("select enrolled from enrollments") == [(5,)]
    assert await broken(engine_context) == []


async def test_an_outcome_written_at_the_same_moment_is_let_pass(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    list_id = await scene.rows("select list_id from campaigns")
    place = {"workspace_id": workspace_id, "list_id": str(list_id[0][0])}
    numbers = reserved_numbers()[5000:5002]
    second = await brought(engine_context, place, *([each, "", "", "", ""] for each in numbers))
    async with engine_context.db.transaction() as tx:
        await tx.execute("update enrollments set finished_at = null")
    await targets.enroll(engine_context, campaign_id=scene.campaign_id)
    targeted = await scene.rows("select id from targets order by id offset 3")
    [first], [last] = targeted
    await undoing.request(engine_context, workspace_id=workspace_id, import_id=second.id)
    met_somebody = asyncio.Event()

    async def doze(_seconds: float) -> None:
        met_somebody.set()
        await asyncio.sleep(0.01)

    patient = replace(engine_context, doze=doze)
    async with engine_context.db.transaction() as outcome:
        # From the last to the first: the other way round than the undo.
        await outcome.execute("update targets set state = state where id = %s", (last,))
        undo = asyncio.create_task(imports.run(patient, import_id=second.id))
        await met_somebody.wait()
        await outcome.execute("set local lock_timeout = '5s'")
        await outcome.execute("update targets set state = state where id = %s", (first,))
    await undo
    after = await lists.get_import(engine_context, workspace_id=workspace_id, import_id=second.id)
    assert (after.state, counts(after)) == (ImportState.UNDONE, (2, 0, 0))


async def test_a_running_import_stops_and_goes_back(
    engine_context: Context,
    workspace_id: int,
    place: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_rows, "_CHUNK_ROWS", 10)
    store = import_rows._store
    stored = 0

    async def ask_after_the_third(*given: Any, **named: Any) -> None:
        nonlocal stored
        await store(*given, **named)
        stored += 1
        if stored == 3:
            found = given[1].id
            await undoing.request(engine_context, workspace_id=workspace_id, import_id=found)

    monkeypatch.setattr(import_rows, "_store", ask_after_the_third)
    content = csv_of(["phone"], [[number] for number in reserved_numbers()[:100]])
    after = await imported(engine_context, **place, content=content)
    assert (after.state, after.rows_done, counts(after)) == (ImportState.UNDONE, 30, (30, 0, 0))
    assert await everybody(engine_context, **place) == []
    assert not list(engine_context.blobs.path("imports").iterdir())


async def test_a_file_that_must_have_no_duplicates_goes_in_whole_or_not_at_all(
    engine_context: Context, place: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_rows, "_CHUNK_ROWS", 2)
    await imported(engine_context, **place, content=csv_of(["phone"], [[ANA]]))
    before = await everybody(engine_context, **place)
    numbers = reserved_numbers()[5000:5006]
    fine = csv_of(["phone"], [[number] for number in numbers])
    broken_off = await imported(
        engine_context, **place, content=fine + ANA.encode() + b"\n", duplicates=Duplicates.FAIL
    )
    assert broken_off.state is ImportState.UNDONE
    assert broken_off.problem is not None
    assert broken_off.problem.startswith(f"row 7: {ANA} is in the list or in a row above already")
    assert counts(broken_off) == (6, 0, 0)
    assert await everybody(engine_context, **place) == before
    whole = await imported(engine_context, **place, content=fine, duplicates=Duplicates.FAIL)
    assert (whole.state, whole.rows_accepted) == (ImportState.DONE, 6)


async def test_goes_on_where_it_died(
    engine_context: Context,
    workspace_id: int,
    place: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = reserved_numbers()[:60]
    await brought(engine_context, place, *([n, n, "", "", ""] for n in numbers[:30]))
    before = await everybody(engine_context, **place)
    second = await brought(engine_context, place, *([n, n, "Changed", "", ""] for n in numbers))
    monkeypatch.setattr(import_undo, "_STRETCH", 7)
    moved = import_undo._moved
    died = 0

    async def dies_now_and_then(*given: Any, **named: Any) -> Any:
        nonlocal died
        died += 1
        if died % 3 == 0:
            raise asyncio.CancelledError
        return await moved(*given, **named)

    monkeypatch.setattr(import_undo, "_moved", dies_now_and_then)
    await undoing.request(engine_context, workspace_id=workspace_id, import_id=second.id)
    for _ in range(20):
        try:
            await imports.run(engine_context, import_id=second.id)
        except asyncio.CancelledError:
            continue
    after = await lists.get_import(engine_context, workspace_id=workspace_id, import_id=second.id)
    assert (after.state, counts(after)) == (ImportState.UNDONE, (30, 30, 0))
    assert await everybody(engine_context, **place) == before


async def test_a_mistake_of_ours_can_be_followed_by_another_try(
    engine_context: Context,
    workspace_id: int,
    place: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    second = await brought(engine_context, place, [ANA, "a", "", "", ""])

    async def mistake(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(import_undo, "_moved", mistake)
        with pytest.raises(ZeroDivisionError):
            await undone(engine_context, second, workspace_id=workspace_id)
    seen = await lists.get_import(engine_context, workspace_id=workspace_id, import_id=second.id)
    assert seen.state is ImportState.FAILED
    assert counts(await undone(engine_context, second, workspace_id=workspace_id)) == (1, 0, 0)


async def test_what_cannot_be_undone_says_so(
    context: Context, engine_context: Context, workspace_id: int, place: dict[str, Any]
) -> None:
    with pytest.raises(NotFound):
        await undoing.request(context, workspace_id=workspace_id, import_id="imp_none")
    found = await brought(engine_context, place, [ANA, "a", "", "", ""])
    await undone(engine_context, found, workspace_id=workspace_id)
    with pytest.raises(InvalidTransition, match="undone already"):
        await undoing.request(context, workspace_id=workspace_id, import_id=found.id)
    tried = await imported(
        engine_context, **place, content=csv_of(["phone"], [[ANA]]), is_dry_run=True
    )
    with pytest.raises(InvalidTransition, match="nothing to undo"):
        await undoing.request(context, workspace_id=workspace_id, import_id=tried.id)


ROW = st.tuples(
    st.sampled_from([ANA, BRUNO, CARLA, "+12015550104"]),
    st.sampled_from(["", "a", "b", "c"]),
    st.sampled_from(["", "Ana", "Bruno"]),
    st.sampled_from(["", "Porto"]),
    st.sampled_from(["", "x@example.org", "y@example.org"]),
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(ROW, min_size=1, max_size=5), st.lists(ROW, min_size=1, max_size=5))
@pytest.mark.timeout(120)
async def test_whatever_the_second_file_says_undoing_it_leaves_what_the_first_did(
    engine_context: Context,
    workspace_id: int,
    one: list[tuple[str, ...]],
    two: list[tuple[str, ...]],
) -> None:
    name = engine_context.new_id("name")
    made = await lists.create(engine_context, workspace_id=workspace_id, name=name)
    place = {"workspace_id": workspace_id, "list_id": made.id}
    await brought(engine_context, place, *map(list, one))
    before: list[Contact] = await everybody(engine_context, **place)
    second = await brought(engine_context, place, *map(list, two))
    after = await undone(engine_context, second, workspace_id=workspace_id)
    assert after.undone_kept == 0
    assert await everybody(engine_context, **place) == before
