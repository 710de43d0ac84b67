"""What people do with files: send them twice, in other formats, mended, mapped once for all."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campana.services import import_chunks, import_rows, lists, rejections, uploads
from campana.services.context import Context
from campana.services.values import AttributeType
from campana.store.contacts import Contact
from campana.store.imports import Duplicates, Import, ImportState
from tests.support.database import FixedClock
from tests.support.people import ANA, BRUNO, CARLA, csv_of, everybody, imported, start
from tests.support.sheets import ods, xlsx


@pytest.fixture
async def place(engine_context: Context, workspace_id: int) -> dict[str, Any]:
    made = await lists.create(
        engine_context, workspace_id=workspace_id, name="People", default_country="US"
    )
    return {"workspace_id": workspace_id, "list_id": made.id}


def counts(done: Import) -> tuple[int, int, int, int]:
    return done.rows_accepted, done.rows_updated, done.rows_duplicate, done.rows_rejected


def addresses(contact: Contact) -> list[tuple[str, str]]:
    return [(each.kind, each.value) for each in contact.addresses]


async def test_a_person_has_all_the_addresses_of_the_row_in_order(
    engine_context: Context, place: dict[str, Any]
) -> None:
    content = csv_of(
        ["email", "Phone 2", "WhatsApp", "mobile", "name"],
        [["Ana@Example.org", BRUNO, ANA, ANA, "Ana"], ["", "", "", CARLA, "Carla"]],
    )
    await imported(engine_context, **place, content=content)
    ana, carla = await everybody(engine_context, **place)
    assert addresses(ana) == [
        ("phone", BRUNO), ("phone", ANA), ("whatsapp", ANA), ("email", "ana@example.org"),
    ]  # fmt: skip
    assert addresses(carla) == [("phone", CARLA)]
    assert ana.zones == ["America/Chicago"]


async def test_a_list_of_mail_addresses_needs_no_phone(
    engine_context: Context, place: dict[str, Any]
) -> None:
    content = csv_of(["E-Mail", "name"], [["ana@example.org", "Ana"], ["ana@", "B"], ["", "C"]])
    done = await imported(engine_context, **place, content=content)
    assert counts(done) == (1, 0, 0, 2)
    [ana] = await everybody(engine_context, **place)
    assert (addresses(ana), ana.phone, ana.zones) == ([("email", "ana@example.org")], None, [])


@pytest.mark.parametrize("how", [Duplicates.SKIP, Duplicates.UPDATE])
async def test_the_same_file_again_by_external_id_changes_nothing(
    engine_context: Context, place: dict[str, Any], clock: FixedClock, how: Duplicates
) -> None:
    content = csv_of(
        ["id", "phone", "phone 2", "email", "name", "city", "tz"],
        [
            ["1", ANA, BRUNO, "ana@example.org", "Ana Silva", "Porto", "America/Denver"],
            ["2", CARLA, "", "", "Carla", "", ""],
        ],
    )
    await imported(engine_context, **place, content=content)
    before = await everybody(engine_context, **place)
    clock.forward(hours=1)
    again = await imported(engine_context, **place, content=content, duplicates=how)
    assert counts(again) == (0, 0, 2, 0)
    assert await everybody(engine_context, **place) == before


async def test_rejected_rows_come_back_in_their_own_columns_to_be_mended_and_sent_again(
    engine_context: Context, workspace_id: int, place: dict[str, Any]
) -> None:
    content = csv_of(
        ["phone", "Note", "email"],
        [[ANA, "fine", ""], ["2015550", "=1+1", ""], [BRUNO, "-x", "bruno@example,org"]],
    )
    first = await imported(engine_context, **place, content=content)
    assert counts(first) == (1, 0, 0, 2)
    pieces = await rejections.as_csv(engine_context, workspace_id=workspace_id, import_id=first.id)
    file = b"".join([piece async for piece in pieces])
    assert file.count(b"\r\n") == 3
    assert b"write bruno@example.org" in file
    mended = file.replace(b"2015550,", CARLA.encode() + b",", 1).replace(
        b"example,org", b"example.org", 1
    )
    second = await imported(engine_context, **place, content=mended)
    assert counts(second) == (2, 0, 0, 0), await lists.rejected_rows(
        engine_context, workspace_id=workspace_id, import_id=second.id
    )
    _, carla, bruno = await everybody(engine_context, **place)
    assert (carla.phone, carla.attributes) == (CARLA, {"note": "=1+1"})
    assert (bruno.phone, bruno.attributes) == (BRUNO, {"note": "-x"})


async def test_a_row_of_too_many_cells_comes_back_whole_and_is_not_taken_unmended(
    engine_context: Context, workspace_id: int, place: dict[str, Any]
) -> None:
    content = csv_of(["phone", "name", "balance"], [[ANA, "Cy", "7", "extra, 1"]])
    first = await imported(engine_context, **place, content=content)
    pieces = await rejections.as_csv(engine_context, workspace_id=workspace_id, import_id=first.id)
    file = b"".join([piece async for piece in pieces])
    [given_back] = list(csv.DictReader(io.StringIO(file.decode())))
    assert given_back["phone"] == ""
    [row] = csv.reader([given_back["Campana value"].removeprefix("'")])
    assert row == [ANA, "Cy", "7", "extra, 1"]
    again = await imported(engine_context, **place, content=file)
    assert counts(again) == (0, 0, 0, 1)


async def test_lines_in_the_form_of_the_api_keep_every_address_and_tag(
    engine_context: Context, place: dict[str, Any]
) -> None:
    people = [
        {
            "externalId": "a",
            "phones": [ANA, BRUNO],
            "whatsapp": [CARLA],
            "emails": ["a@example.org", "b@example.org"],
            "tags": ["gold", "north"],
            "attributes": {"balance": 7},
        },
        {"externalId": "b", "phone": "+12125550144", "tags": "south"},
    ]
    content = "\n".join(map(json.dumps, people)).encode()
    done = await imported(engine_context, **place, content=content)
    assert counts(done) == (2, 0, 0, 0)
    first, second = await everybody(engine_context, **place)
    assert [(each.kind, each.value) for each in first.addresses] == [
        ("phone", ANA), ("phone", BRUNO), ("whatsapp", CARLA),
        ("email", "a@example.org"), ("email", "b@example.org"),
    ]  # fmt: skip
    assert (first.tags, first.attributes) == (["gold", "north"], {"balance": 7})
    assert (second.phone, second.tags) == ("+12125550144", ["south"])


async def test_a_mapping_is_remembered_for_the_next_file_as_far_as_it_fits(
    engine_context: Context, place: dict[str, Any]
) -> None:
    told = {"phone": "Handset", "plan": "Tariff"}
    header = ["Handset", "Tariff", "Owed"]
    await imported(
        engine_context,
        **place,
        content=csv_of(header, [[ANA, "x", "1.234,50"]]),
        mapping=told,
        types={"owed": AttributeType.NUMBER},
    )
    found = await lists.get(engine_context, **place)
    assert (found.mapping, found.types) == (told, {"owed": "number"})
    second = await imported(
        engine_context, **place, content=csv_of(["Owed", "Handset"], [["7", BRUNO], ["x", CARLA]])
    )
    assert second.mapping == {"phone": "Handset"}
    assert counts(second) == (1, 0, 0, 1)
    ana, bruno = await everybody(engine_context, **place)
    assert (ana.attributes, bruno.attributes) == ({"plan": "x", "owed": 1234.5}, {"owed": 7})
    await imported(engine_context, **place, content=csv_of(["phone"], [[CARLA]]), mapping={})
    assert (await lists.get(engine_context, **place)).mapping == {}


@pytest.mark.parametrize("format_", ["xlsx", "ods", "jsonl"])
async def test_other_formats_come_in_with_their_types(
    engine_context: Context, workspace_id: int, place: dict[str, Any], format_: str
) -> None:
    rows = [
        ["id", "phone", "balance", "due", "vip"],
        [7, 2015550101, 12.5, "2026-03-31", True],
        [8, "number of another planet", 1, "", False],
        [9, "+999 12 34 56", 1, "", False],
    ]
    if format_ == "jsonl":
        objects = [dict(zip(map(str, rows[0]), row, strict=True)) for row in rows[1:]]
        content = "\n".join(map(json.dumps, objects)).encode()
    else:
        content = (xlsx if format_ == "xlsx" else ods)(rows)
    done = await imported(engine_context, **place, content=content)
    assert (done.state, done.problem, counts(done)) == (ImportState.DONE, None, (1, 0, 0, 2))
    assert done.bytes_done == done.bytes_total
    [ana] = await everybody(engine_context, **place)
    assert (ana.external_id, ana.phone) == ("7", ANA)
    assert ana.attributes == {"balance": 12.5, "due": "2026-03-31", "vip": True}
    rejected = await lists.rejected_rows(
        engine_context, workspace_id=workspace_id, import_id=done.id
    )
    assert [row.reason for row in rejected] == [
        "this is not a phone number",
        "the country code is not one",
    ]
    assert not list(engine_context.blobs.path("imports").iterdir())


async def test_tells_how_fast_it_goes_and_how_long_the_rest_takes(
    engine_context: Context,
    workspace_id: int,
    place: dict[str, Any],
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_rows, "_CHUNK_ROWS", 100)
    store, seen = import_rows._store, list[Import]()

    async def two_seconds_each(*given: Any, **named: Any) -> None:
        clock.forward(seconds=2)
        await store(*given, **named)
        seen.append(
            await lists.get_import(engine_context, workspace_id=workspace_id, import_id=given[1].id)
        )

    monkeypatch.setattr(import_rows, "_store", two_seconds_each)
    rows = [[f"+1201555{n:04}", "x" * 1000] for n in range(400)]
    done = await imported(engine_context, **place, content=csv_of(["phone", "note"], rows))
    assert [each.rows_per_second for each in seen] == [50.0] * 4
    left = [each.seconds_left for each in seen]
    assert all(each is not None and each >= 0 for each in left)
    assert left[-1] == 0
    assert (done.rows_per_second, done.seconds_left) == (None, None)


async def test_a_file_of_too_many_rows_says_so_and_the_first_are_in(
    engine_context: Context, place: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_chunks, "MAX_ROWS", 2)
    done = await imported(
        engine_context, **place, content=csv_of(["phone"], [[ANA], [BRUNO], [CARLA]])
    )
    assert (done.state, counts(done)) == (ImportState.FAILED, (2, 0, 0, 0))
    assert "more than 2 rows" in (done.problem or "")


async def test_a_sheet_in_the_place_of_its_rows_is_kept_once(
    engine_context: Context, place: dict[str, Any]
) -> None:
    started = await start(engine_context, **place, content=xlsx([["phone"], [ANA]]))
    [kept] = engine_context.blobs.path("imports").iterdir()
    assert kept.name == f"{started.id}.rows"
    assert started.bytes_total == kept.stat().st_size


async def test_files_a_killed_process_left_are_removed(
    engine_context: Context, place: dict[str, Any]
) -> None:
    waiting = await start(engine_context, **place, content=csv_of(["phone"], [[ANA]]))
    for key in ("imports/imp_left", "imports/imp_half.part", "previews/prv_left.rows"):
        with engine_context.blobs.writing(key) as file:
            file.write(b"people")
    written = datetime.fromtimestamp(
        engine_context.blobs.path("imports/imp_left").stat().st_mtime, tz=UTC
    )
    for moved, removed in ((-1, 0), (1, 3)):
        before = written + timedelta(hours=moved)
        assert await uploads.forget_left_behind(engine_context, before=before) == removed
    [left] = engine_context.blobs.path("imports").iterdir()
    assert left.name == waiting.id
