"""A large file is read in a process of its own: what comes of it is what comes of a small one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from campana.domain.errors import Unavailable
from campana.services import erasures, import_process, import_rows, lists, upserts
from campana.services.context import Context
from campana.services.import_process import Order
from campana.services.table import TableProblem
from campana.services.upserts import Given
from campana.services.values import AttributeType
from campana.store.contacts import Contact
from campana.store.imports import Duplicates, Import
from tests.support.people import ANA, BRUNO, CARLA, csv_of, everybody, imported, reserved_numbers

HEADER = ["id", "name", "Phone", "Phone 2", "email", "tags", "balance", "zone"]
FIRST = [
    ["a", "Ana Ruiz", ANA, "", "ana@example.org", "gold, north", "12.5", ""],
    ["b", "Bruno", "(312) 555-0102", BRUNO, "", "", "", "America/Chicago"],
    ["c", 'Carla "C", Díaz', CARLA, "", "", "", "7", ""],
    ["d", "nobody", "call after 5", "", "", "", "", ""],
    ["e", "NUL \0", "+12125550100", "", "", "", "", ""],
    ["f", "again", ANA, "", "", "", "", ""],
    ["g", "", "", "", "g@example.org", "", "x", ""],
]
SECOND = [
    ["a", "Ana Ruiz", "", "", "ana.ruiz@example.org", "south", "13", ""],
    ["z", "takes Bruno's", BRUNO, "", "", "", "", ""],
    ["c", "Carla", CARLA, "", "c@example.org", "", "", ""],
    ["h", "new", "+12125550111", "", "", "", "", ""],
    ["h", "new, later", "+12125550111", "+12125550112", "", "", "", ""],
    ["i", "new too", "+12125550113", "", "", "", "", ""],
]
TYPES = {"balance": AttributeType.NUMBER}


@pytest.fixture
async def list_id(engine_context: Context, workspace_id: int) -> str:
    made = await lists.create(
        engine_context, workspace_id=workspace_id, name="People", default_country="US"
    )
    return made.id


def order(**given: Any) -> Order:
    usual = Order(
        key="people.csv",
        mapping={},
        types={},
        country="US",
        rows_done=0,
        chunk_rows=100,
        needs_cells=False,
        prepares=True,
    )
    return Order(**{name: getattr(usual, name) for name in Order.__struct_fields__} | given)


def counts(done: Import) -> tuple[Any, ...]:
    return (
        done.state,
        done.problem,
        done.rows_accepted,
        done.rows_updated,
        done.rows_duplicate,
        done.rows_rejected,
    )


def said(contacts: list[Contact]) -> list[dict[str, Any]]:
    """Without what differs between any two lists."""
    return [
        {
            name: getattr(each, name)
            for name in Contact.__dataclass_fields__
            if name not in {"id", "list_id", "created_at", "updated_at"}
        }
        for each in contacts
    ]


@pytest.mark.parametrize("was_empty", [False, True], ids=["", "empty"])
@pytest.mark.parametrize(
    ("how", "is_dry_run"), [*((how, False) for how in Duplicates), (Duplicates.UPDATE, True)]
)
async def test_the_same_comes_of_a_file_however_it_is_read(
    engine_context: Context,
    workspace_id: int,
    monkeypatch: pytest.MonkeyPatch,
    how: Duplicates,
    is_dry_run: bool,
    was_empty: bool,
) -> None:
    became: list[Any] = []
    monkeypatch.setattr(import_rows, "_CHUNK_ROWS", 3)
    monkeypatch.setattr(import_rows, "_LARGE_CHUNK_ROWS", 3)
    for name, large in (("here", 1 << 40), ("beside", 0)):
        made = await lists.create(
            engine_context, workspace_id=workspace_id, name=name, default_country="US"
        )
        place = {"workspace_id": workspace_id, "list_id": made.id}
        if not was_empty:
            await imported(engine_context, **place, content=csv_of(HEADER, FIRST), types=TYPES)
        monkeypatch.setattr(import_rows, "_LARGE_BYTES", large)
        done = await imported(
            engine_context,
            **place,
            content=csv_of(HEADER, [*FIRST, *SECOND, *FIRST] if was_empty else [*SECOND, *FIRST]),
            types=TYPES,
            duplicates=how,
            is_dry_run=is_dry_run,
        )
        refused = await lists.rejected_rows(
            engine_context, workspace_id=workspace_id, import_id=done.id
        )
        became.append((counts(done), said(await everybody(engine_context, **place)), refused))
    here, beside = became
    assert beside == here


def somebody(external_id: str, phone: str) -> Given:
    return Given(
        fields={"external_id": external_id}, phones=[phone], whatsapp=(), emails=(), attributes={}
    )


Meanwhile = Callable[[], Awaitable[object]]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Meanwhile], list[bool]]:
    """Has something happen after the first chunk of the next import; says how files were read."""

    def after_the_first(happens: Meanwhile) -> list[bool]:
        store, read, ways = import_rows._store, import_rows._read_beside, list[bool]()
        monkeypatch.setattr(import_rows, "_LARGE_BYTES", 0)
        monkeypatch.setattr(import_rows, "_LARGE_CHUNK_ROWS", 10)

        async def stored(*given: Any, rows_before: int) -> None:
            await store(*given, rows_before=rows_before)
            if rows_before == 0:
                await happens()

        def read_beside(*given: Any, **named: Any) -> Any:
            ways.append(named["meets_itself"])
            return read(*given, **named)

        monkeypatch.setattr(import_rows, "_store", stored)
        monkeypatch.setattr(import_rows, "_read_beside", read_beside)
        return ways

    return after_the_first


@pytest.mark.parametrize("by", ["number", "external id"])
async def test_who_comes_into_the_list_meanwhile_is_met_all_the_same(
    engine_context: Context,
    context: Context,
    workspace_id: int,
    list_id: str,
    meanwhile: Callable[[Meanwhile], list[bool]],
    by: str,
) -> None:
    place = {"workspace_id": workspace_id, "list_id": list_id}
    numbers = reserved_numbers()[:40]
    external_id, phone = ("x", numbers[24]) if by == "number" else ("c24", reserved_numbers()[50])

    async def comes() -> None:
        await upserts.upsert(context, **place, people=[somebody(external_id, phone)])

    ways = meanwhile(comes)
    content = csv_of(["id", "phone"], [[f"c{n}", each] for n, each in enumerate(numbers)])
    done = await imported(engine_context, **place, content=content)
    assert ways == [True, False]
    assert (done.rows_done, done.rows_accepted, done.rows_duplicate) == (40, 39, 1)
    people = await everybody(engine_context, **place)
    assert len(people) == 40
    expected = {f"c{n}": each for n, each in enumerate(numbers) if n != 24}
    assert {person.external_id or "": person.phone for person in people} == {
        **expected,
        external_id: phone,
    }


async def test_who_is_erased_meanwhile_does_not_come_in(
    engine_context: Context,
    context: Context,
    workspace_id: int,
    list_id: str,
    meanwhile: Callable[[Meanwhile], list[bool]],
) -> None:
    place = {"workspace_id": workspace_id, "list_id": list_id}
    numbers = reserved_numbers()[:40]
    other = await lists.create(context, workspace_id=workspace_id, name="Others")
    elsewhere = {"workspace_id": workspace_id, "list_id": other.id}
    await upserts.upsert(context, **elsewhere, people=[somebody("x", numbers[24])])

    async def is_erased() -> None:
        [person] = await everybody(engine_context, **elsewhere)
        asked = await erasures.request(
            context,
            workspace_id=workspace_id,
            contact_id=person.id,
            reason="asked",
            requested_by="key key_1",
        )
        with pytest.raises(erasures.StillMoving, match="an import that began before"):
            await erasures.run(engine_context, erasure_id=asked.id)

    ways = meanwhile(is_erased)
    content = csv_of(["phone"], [[each] for each in numbers])
    done = await imported(engine_context, **place, content=content)
    assert ways == [True, False]
    assert (done.rows_accepted, done.rows_rejected) == (39, 1)
    [refused] = await lists.rejected_rows(
        engine_context, workspace_id=workspace_id, import_id=done.id
    )
    assert (refused.row_number, refused.value) == (25, None)


def test_a_file_that_is_no_table_says_so(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b'{"phone": 1')
    with path.open("rb") as file, pytest.raises(TableProblem, match="JSON object"):
        list(import_process.chunks(file, order()))


def test_a_reader_that_is_killed_is_told_and_another_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    numbers = reserved_numbers()[:5_000]
    path.write_bytes(csv_of(["id", "phone"], [[f"c{n}", each] for n, each in enumerate(numbers)]))
    before = set(psutil.Process().children())
    read: list[int] = []
    with path.open("rb") as file:
        found = import_process.chunks(file, order(chunk_rows=10))
        read += [row.row_number for row in next(found).given]
        [reader] = set(psutil.Process().children()) - before
        reader.kill()
        with pytest.raises(Unavailable):
            read.extend(row.row_number for chunk in found for row in chunk.given)
        assert 10 <= len(read) < len(numbers)
        for chunk in import_process.chunks(file, order(rows_done=len(read))):
            read += [row.row_number for row in chunk.given]
    assert read == list(range(1, len(numbers) + 1))


def test_a_mistake_of_the_reader_is_not_tried_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(csv_of(["phone"], [[ANA]]))
    with path.open("rb") as file, pytest.raises(RuntimeError, match="failed"):
        list(import_process.chunks(file, order(chunk_rows="many")))


def test_the_reader_ends_with_whoever_wanted_it(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(csv_of(["phone"], [[each] for each in reserved_numbers()[:5_000]]))
    before = set(psutil.Process().children())
    with path.open("rb") as file:
        found = import_process.chunks(file, order(chunk_rows=10))
        next(found)
        [reader] = set(psutil.Process().children()) - before
        found.close()
    assert not reader.is_running()
