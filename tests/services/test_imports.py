"""Files into lists: every row has one fate, whatever is in the file and whoever else is at work."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from campana.domain.errors import NotFound
from campana.domain.tag import MAX_TAGS
from campana.services import accounts, import_rows, imports, lists
from campana.services.context import Context
from campana.services.imports import ImportHeld
from campana.store import imports as store_imports
from campana.store.imports import Duplicates, Import, ImportState, Outcomes
from tests.support.people import (
    ANA,
    BRUNO,
    CARLA,
    csv_of,
    everybody,
    imported,
    reserved_numbers,
    start,
)


@pytest.fixture
async def list_id(engine_context: Context, workspace_id: int) -> str:
    return (await lists.create(engine_context, workspace_id=workspace_id, name="People")).id


def counts(done: Import) -> tuple[int, int, int, int]:
    return done.rows_accepted, done.rows_updated, done.rows_duplicate, done.rows_rejected


async def test_brings_good_rows_in_and_says_why_not_of_the_others(
    engine_context: Context, workspace_id: int, list_id: str
) -> None:
    place = {"workspace_id": workspace_id, "list_id": list_id}
    content = csv_of(
        ["Phone", "First Name", "id", "tz", "Balance"],
        [
            ["201-555-0101", "Ana", "1", "", "5"],
            ["nobody", "Bruno", "2", "", "6"],
            [BRUNO, "Bruno", "2", "America/Denver", ""],
            ["", "", "", "", ""],
            [CARLA, "Carla", "3", "Mars/X", "7"],
            [ANA, "Ana again", "", "", ""],
        ],
    )
    done = await imported(engine_context, **place, content=content)
    assert (done.state, done.rows_done, counts(done)) == (ImportState.DONE, 5, (2, 0, 1, 2))
    assert done.bytes_done == done.bytes_total == len(content)
    assert done.finished_at is not None
    ana, bruno = await everybody(engine_context, **place)
    assert (ana.phone, ana.first_name, ana.external_id, ana.attributes) == (
        ANA,
        "Ana",
        "1",
        {"balance": "5"},
    )
    assert (ana.zones, ana.time_zone) == (["America/New_York"], None)
    assert (bruno.zones, bruno.time_zone) == (["America/Denver"], "America/Denver")
    rejected = await lists.rejected_rows(
        engine_context, workspace_id=workspace_id, import_id=done.id
    )
    assert [(row.row_number, row.column_name, row.value) for row in rejected] == [
        (2, "Phone", "nobody"),
        (4, "tz", "Mars/X"),
    ]
    assert not list(engine_context.blobs.path("imports").iterdir())


@pytest.mark.parametrize(
    ("of_import", "of_list", "of_workspace", "expected"),
    [
        ("US", "DE", "FR", ANA),
        (None, "US", "FR", ANA),
        (None, None, "US", ANA),
        (None, None, None, None),
    ],
)
async def test_the_nearest_country_reads_a_number_without_one(
    engine_context: Context,
    workspace_id: int,
    of_import: str | None,
    of_list: str | None,
    of_workspace: str | None,
    expected: str | None,
) -> None:
    await accounts.allow_countries(
        engine_context, workspace_id=workspace_id, countries=["US", "FR"], default=of_workspace
    )
    made = await lists.create(
        engine_context, workspace_id=workspace_id, name="L", default_country=of_list
    )
    place = {"workspace_id": workspace_id, "list_id": made.id}
    done = await imported(
        engine_context, **place, content=b"phone\n2015550101\n", default_country=of_import
    )
    found = [contact.phone for contact in await everybody(engine_context, **place)]
    assert found == ([expected] if expected else [])
    assert done.rows_rejected == (0 if expected else 1)


async def test_updates_whom_the_list_has(
    engine_context: Context, workspace_id: int, list_id: str
) -> None:
    place = {"workspace_id": workspace_id, "list_id": list_id}
    first = [[ANA, "1", "Ana", "Porto"], [BRUNO, "", "Bruno", "Faro"]]
    await imported(
        engine_context, **place, content=csv_of(["phone", "id", "first_name", "city"], first)
    )
    later = [
        [CARLA, "1", "", "Braga", "x"],
        [BRUNO, "2", "Bruno B", "", ""],
        [ANA, "3", "A", "", ""],
    ]
    done = await imported(
        engine_context,
        **place,
        content=csv_of(["phone", "id", "first_name", "city", "plan"], later),
        duplicates=Duplicates.UPDATE,
    )
    assert counts(done) == (1, 2, 0, 0)
    found = await everybody(engine_context, **place)
    assert [(c.phone, c.external_id, c.first_name, c.attributes) for c in found] == [
        (CARLA, "1", "Ana", {"city": "Braga", "plan": "x"}),
        (BRUNO, "2", "Bruno B", {"city": "Faro"}),
        (ANA, "3", "A", {}),
    ]
    assert found[0].zones == ["America/Los_Angeles"]


async def test_nobody_gets_more_tags_than_one_may_have(
    engine_context: Context, workspace_id: int, list_id: str
) -> None:
    """Tags of files add to one another, so two files may each be right and too much together."""
    place = {"workspace_id": workspace_id, "list_id": list_id}
    header = ["phone", "Etiquetas"]
    many = [f"t{number:02}" for number in range(MAX_TAGS)]
    await imported(engine_context, **place, content=csv_of(header, [[ANA, ",".join(many[:-1])]]))
    done = await imported(
        engine_context,
        **place,
        content=csv_of(
            header,
            [[ANA, "one, two"], [ANA, f"{many[0]},{many[-1]}"], [ANA, "x"], [BRUNO, "one,two"]],
        ),
        duplicates=Duplicates.UPDATE,
    )
    assert (done.rows_done, counts(done)) == (4, (1, 1, 0, 2))
    refused = await lists.rejected_rows(
        engine_context, workspace_id=workspace_id, import_id=done.id
    )
    assert [(each.row_number, each.column_name, each.value) for each in refused] == [
        (1, "Etiquetas", "one,two"),
        (3, "Etiquetas", "x"),
    ]
    assert refused[0].reason == "the contact has tags already, and with these more than 50"
    ana, bruno = await everybody(engine_context, **place)
    assert (list(ana.tags), list(bruno.tags)) == (many, ["one", "two"])


async def test_a_second_import_of_the_same_file_changes_nothing(
    engine_context: Context, workspace_id: int, list_id: str
) -> None:
    place = {"workspace_id": workspace_id, "list_id": list_id}
    content = csv_of(["phone"], [[number] for number in reserved_numbers()[:2500]])
    assert counts(await imported(engine_context, **place, content=content)) == (2500, 0, 0, 0)
    assert counts(await imported(engine_context, **place, content=content)) == (0, 0, 2500, 0)
    assert len(await everybody(engine_context, **place)) == 2500


async def test_monstrous_rows_are_refused_and_the_others_go_in(
    engine_context: Context, workspace_id: int, list_id: str
) -> None:
    place = {"workspace_id": workspace_id, "list_id": list_id}
    content = b"phone,note\n" + b"\n".join(
        [
            ANA.encode() + b",fine",
            BRUNO.encode() + b",N\0UL",
            b"+12015550110," + b"x" * (10 << 20),
            b"+12015550111" + b",y" * 1_000_000,
            b'+12015550112,"' + b"many\nlines\n" * 2000 + b'"',
            b"'; drop table contacts; --,x",
            CARLA.encode() + b",also fine",
            b'+12015550113,"never closed',
            b"+12015550114,last",
        ]
    )
    done = await imported(engine_context, **place, content=content)
    assert (done.state, counts(done)) == (ImportState.DONE, (3, 0, 0, 6))
    found = await everybody(engine_context, **place)
    assert [contact.phone for contact in found] == [ANA, CARLA, "+12015550114"]
    rejected = await lists.rejected_rows(
        engine_context, workspace_id=workspace_id, import_id=done.id
    )
    assert [row.row_number for row in rejected] == [2, 3, 4, 5, 6, 8]
    assert all(row.reason and len(row.value or "") <= 200 for row in rejected)


async def test_one_process_at_a_time_works_on_an_import(
    engine_context: Context, workspace_id: int, list_id: str
) -> None:
    started = await start(
        engine_context,
        workspace_id=workspace_id,
        list_id=list_id,
        content=b"phone\n" + ANA.encode(),
    )
    async with engine_context.db.session() as other:
        assert await store_imports.hold(other, import_id=started.id)
        with pytest.raises(ImportHeld):
            await imports.run(engine_context, import_id=started.id)
        await store_imports.let_go(other, import_id=started.id)
    await imports.run(engine_context, import_id=started.id)
    done = await lists.get_import(engine_context, workspace_id=workspace_id, import_id=started.id)
    assert counts(done) == (1, 0, 0, 0)


async def test_a_worker_that_was_overtaken_stores_nothing(
    engine_context: Context, workspace_id: int, list_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"workspace_id": workspace_id, "list_id": list_id}
    started = await start(engine_context, **place, content=f"phone\n{ANA}\n{BRUNO}\n".encode())
    monkeypatch.setattr(import_rows, "_CHUNK_ROWS", 1)
    store = import_rows._store
    overtaken = False

    async def overtake(*given: object, **named: object) -> None:
        nonlocal overtaken
        if not overtaken:
            overtaken = True
            async with engine_context.db.transaction() as tx:
                await store_imports.advance(
                    tx,
                    import_id=started.id,
                    rows_before=0,
                    outcomes=Outcomes(accepted=0, updated=0, duplicate=0, rejected=1),
                    bytes_done=1,
                    now=engine_context.clock.now(),
                )
        await store(*given, **named)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(import_rows, "_store", overtake)
    await imports.run(engine_context, import_id=started.id)
    assert await everybody(engine_context, **place) == []
    halfway = await lists.get_import(
        engine_context, workspace_id=workspace_id, import_id=started.id
    )
    assert (halfway.state, halfway.rows_done) == (ImportState.RUNNING, 1)
    await imports.run(engine_context, import_id=started.id)
    assert [contact.phone for contact in await everybody(engine_context, **place)] == [BRUNO]


async def test_goes_on_behind_the_last_row_stored(
    engine_context: Context, workspace_id: int, list_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"workspace_id": workspace_id, "list_id": list_id}
    numbers = reserved_numbers()[:50]
    rows = [row for number in numbers for row in ([number], ["nobody"])]
    started = await start(engine_context, **place, content=csv_of(["phone"], rows))
    monkeypatch.setattr(import_rows, "_CHUNK_ROWS", 7)
    store = import_rows._store
    stored = 0

    async def fails_now_and_then(*given: object, **named: object) -> None:
        nonlocal stored
        stored += 1
        if stored % 4 == 0:
            raise asyncio.CancelledError
        await store(*given, **named)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(import_rows, "_store", fails_now_and_then)
    for _ in range(10):
        with suppress(asyncio.CancelledError):
            await imports.run(engine_context, import_id=started.id)
    done = await lists.get_import(engine_context, workspace_id=workspace_id, import_id=started.id)
    assert (done.state, counts(done)) == (ImportState.DONE, (50, 0, 0, 50))
    assert [contact.phone for contact in await everybody(engine_context, **place)] == numbers


async def test_two_imports_into_one_list_share_its_people(
    engine_context: Context, workspace_id: int, list_id: str
) -> None:
    place = {"workspace_id": workspace_id, "list_id": list_id}
    numbers = reserved_numbers()[:4000]
    one = await start(engine_context, **place, content=csv_of(["phone"], [[n] for n in numbers]))
    two = await start(
        engine_context, **place, content=csv_of(["phone"], [[n] for n in reversed(numbers)])
    )
    await asyncio.gather(
        imports.run(engine_context, import_id=one.id), imports.run(engine_context, import_id=two.id)
    )
    both = [
        await lists.get_import(engine_context, workspace_id=workspace_id, import_id=each.id)
        for each in (one, two)
    ]
    assert [each.state for each in both] == [ImportState.DONE, ImportState.DONE]
    assert sum(each.rows_accepted for each in both) == 4000
    assert sum(each.rows_duplicate for each in both) == 4000
    assert len(await everybody(engine_context, **place)) == 4000


async def test_ends_quietly_when_its_list_is_deleted(
    engine_context: Context, workspace_id: int, list_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"workspace_id": workspace_id, "list_id": list_id}
    started = await start(engine_context, **place, content=f"phone\n{ANA}\n{BRUNO}\n".encode())
    monkeypatch.setattr(import_rows, "_CHUNK_ROWS", 1)
    store = import_rows._store

    async def delete_after_the_first(*given: object, **named: object) -> None:
        await store(*given, **named)  # pyright: ignore[reportArgumentType]
        with suppress(NotFound):
            await lists.delete(engine_context, **place)

    monkeypatch.setattr(import_rows, "_store", delete_after_the_first)
    await imports.run(engine_context, import_id=started.id)
    with pytest.raises(NotFound):
        await lists.get_import(engine_context, workspace_id=workspace_id, import_id=started.id)
    assert not list(engine_context.blobs.path("imports").iterdir())


async def test_says_when_the_file_is_gone(
    engine_context: Context, workspace_id: int, list_id: str
) -> None:
    started = await start(
        engine_context,
        workspace_id=workspace_id,
        list_id=list_id,
        content=b"phone\n" + ANA.encode(),
    )
    engine_context.blobs.remove(f"imports/{started.id}")
    await imports.run(engine_context, import_id=started.id)
    done = await lists.get_import(engine_context, workspace_id=workspace_id, import_id=started.id)
    assert (done.state, done.problem) == (
        ImportState.FAILED,
        "the uploaded file is no longer there",
    )


async def test_a_mistake_of_ours_ends_the_import_with_a_sentence(
    engine_context: Context, workspace_id: int, list_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = await start(
        engine_context,
        workspace_id=workspace_id,
        list_id=list_id,
        content=b"phone\n" + ANA.encode(),
    )

    async def mistake(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(import_rows, "_store", mistake)
    with pytest.raises(ZeroDivisionError):
        await imports.run(engine_context, import_id=started.id)
    done = await lists.get_import(engine_context, workspace_id=workspace_id, import_id=started.id)
    assert done.state is ImportState.FAILED
    assert done.problem is not None
    assert "ZeroDivision" not in done.problem
