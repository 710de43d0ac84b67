"""What leaves as a file comes back as it was."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from campana.domain.address import AddressKind
from campana.domain.contact import ContactAddress, NewContact
from campana.services import export_files, exports, lists
from campana.services.context import Context
from campana.services.export_files import Format
from campana.services.exports import What
from campana.services.upserts import Given, upsert
from campana.store.contacts import Contact
from campana.store.imports import Duplicates
from tests.support.campaign import ANA as NEW_YORK
from tests.support.campaign import BRUNO as LOS_ANGELES
from tests.support.campaign import launched, person
from tests.support.people import ANA, BRUNO, CARLA, everybody, imported

PEOPLE = [
    Given(
        fields={"external_id": "=1+1", "first_name": "Ana", "tags": "vip, é"},
        phones=[ANA, "+13125550177"], whatsapp=[ANA], emails=["ana@example.org"],
        attributes={
            "balance": 120.5, "n": 5, "note": "@SUM(A1)", "Plan": "Gold", "phone": "none",
            "name": "Ana Reyes", "mixed": "5", "flag": True, "long": 'a\nb "c", d',
        },
    ),
    Given(
        fields={"external_id": "B", "last_name": "-Núñez🙂", "language": "es"},
        phones=[BRUNO], whatsapp=[], emails=[],
        attributes={
            "balance": -3, "n": 1e-7, "mixed": 5, "flag": False, "note": "'=quoted", "Plan": "x",
        },
    ),
    Given(
        fields={"external_id": "C", "time_zone": "Europe/Madrid"},
        phones=[], whatsapp=[], emails=["c@example.org", "c2@example.org"],
        attributes={"mixed": 1.5, "date": "2026-03-31", "phone_2": "x", "email": "y"},
    ),
    Given(
        fields={"external_id": "D", "tags": "old"}, phones=[CARLA], whatsapp=[], emails=[],
        attributes={"note": "+12015550199", "text": "007", "tags": "not tags"},
    ),
]  # fmt: skip


@pytest.fixture
async def list_id(context: Context, workspace_id: int) -> str:
    made = await lists.create(
        context, workspace_id=workspace_id, name="People", default_country="US"
    )
    found = await upsert(context, workspace_id=workspace_id, list_id=made.id, people=PEOPLE)
    assert [each.reason for each in found] == [None] * len(PEOPLE)
    return made.id


async def file_of(context: Context, workspace_id: int, list_id: str, how: Format) -> bytes:
    export = await exports.of_list(context, workspace_id=workspace_id, list_id=list_id)
    return b"".join([piece async for piece in export_files.written(export, how)])


def bare(people: Sequence[Contact]) -> list[dict[str, Any]]:
    """What is known of people, apart from where and when they are stored."""
    own = {"id", "list_id", "created_at", "updated_at", "attributes"}
    return [
        {
            **{name: getattr(each, name) for name in each.__dataclass_fields__ if name not in own},
            # true is not 1
            "attributes": msgspec.json.encode(each.attributes, order="sorted"),
        }
        for each in people
    ]


async def test_an_export_imported_again_changes_nothing(
    context: Context, engine_context: Context, workspace_id: int, list_id: str
) -> None:
    before = await everybody(context, workspace_id=workspace_id, list_id=list_id)
    content = await file_of(context, workspace_id, list_id, Format.CSV)
    done = await imported(
        engine_context, workspace_id=workspace_id, list_id=list_id, content=content,
        duplicates=Duplicates.UPDATE,
    )  # fmt: skip
    assert (done.rows_done, done.rows_duplicate) == (len(PEOPLE), len(PEOPLE)), done
    assert await everybody(context, workspace_id=workspace_id, list_id=list_id) == before


async def test_an_export_makes_the_same_people_elsewhere(
    context: Context, engine_context: Context, workspace_id: int, list_id: str
) -> None:
    other = await lists.create(context, workspace_id=workspace_id, name="Others")
    content = await file_of(context, workspace_id, list_id, Format.CSV)
    done = await imported(
        engine_context, workspace_id=workspace_id, list_id=other.id, content=content
    )
    assert done.rows_accepted == len(PEOPLE)
    here = await everybody(context, workspace_id=workspace_id, list_id=list_id)
    there = await everybody(context, workspace_id=workspace_id, list_id=other.id)
    assert bare(there) == bare(here)
    assert await file_of(context, workspace_id, other.id, Format.CSV) == content


async def test_no_cell_is_a_formula(context: Context, workspace_id: int, list_id: str) -> None:
    content = await file_of(context, workspace_id, list_id, Format.CSV)
    header, *rows = csv.reader(io.StringIO(content.decode()))
    assert "balance:number" in header
    assert {"Plan:text", "name:text", "phone:text", "mixed:json", "flag:json"} <= set(header)
    assert {"phone", "phone_2", "whatsapp", "email", "email_2", "tags", "note"} <= set(header)
    for row in rows:
        for cell in row:
            is_number = cell.lstrip("+-").replace(".", "").replace("e-", "").isdigit()
            assert cell[:1] not in {"=", "@", "+", "-", "\t", "\r"} or is_number, cell


@pytest.mark.usefixtures("list_id")
async def test_a_segment_leaves_as_a_list_does(context: Context, workspace_id: int) -> None:
    made = await lists.create(
        context, workspace_id=workspace_id, name="S", where='"vip" in tags && contact.balance > 0'
    )
    content = await file_of(context, workspace_id, made.id, Format.CSV)
    assert [row["external_id"] for row in csv.DictReader(io.StringIO(content.decode()))] == [
        "'=1+1"
    ]
    empty = await lists.create(context, workspace_id=workspace_id, name="E", where="false")
    content = await file_of(context, workspace_id, empty.id, Format.CSV)
    assert content == b"external_id,first_name,last_name,language,time_zone,phone,tags\r\n"
    parquet = await file_of(context, workspace_id, made.id, Format.PARQUET)
    assert (parquet[:4], parquet[-4:]) == (b"PAR1", b"PAR1")


async def test_rows_come_page_by_page(
    context: Context, workspace_id: int, list_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await file_of(context, workspace_id, list_id, Format.CSV)
    monkeypatch.setattr(exports, "PAGE", 1)
    export = await exports.of_list(context, workspace_id=workspace_id, list_id=list_id)
    pieces = [piece async for piece in export_files.written(export, Format.CSV)]
    assert (len(pieces), b"".join(pieces)) == (1 + len(PEOPLE), whole)


async def test_targets_and_attempts_leave_with_all_that_happened(
    context: Context, engine_context: Context, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [person(NEW_YORK), person("+12125550177", first_name="Dana"), person(LOS_ANGELES)]
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=people)
    claimed = await scene.claim(limit=1)
    monkeypatch.setattr(exports, "PAGE", 2)
    tables: dict[What, list[dict[str, str]]] = {}
    for what in What:
        export = await exports.of_campaign(
            context, workspace_id=workspace_id, campaign_id=scene.campaign_id, what=what
        )
        content = b"".join([p async for p in export_files.written(export, Format.CSV)])
        tables[what] = list(csv.DictReader(io.StringIO(content.decode())))
    targets, attempts = tables[What.TARGETS], tables[What.ATTEMPTS]
    assert sorted(each["state"] for each in targets) == ["attempting", "attempting", "waiting"]
    assert {each["first_name"] for each in targets} == {"Ana", "Bruno", "Dana"}
    assert {each["id"] for each in attempts} == {f"att_{each.attempt_id.hex}" for each in claimed}
    assert {each["target_id"] for each in attempts} < {each["id"] for each in targets}
    assert [each["number"] for each in attempts] == ["1", "1"]
    assert all(each["created_at"] == "2026-03-10T15:00:00Z" for each in attempts)


def test_a_person_keeps_tags_that_a_row_does_not_name() -> None:
    def tagged(*tags: str) -> NewContact:
        return NewContact(
            external_id="A", first_name=None, last_name=None, time_zone=None, language=None,
            attributes={}, zones=(), tags=tags,
            addresses=(ContactAddress(kind=AddressKind.PHONE, value=ANA, country="US"),),
        )  # fmt: skip

    assert tagged("b").under(tagged("c", "a")).tags == ("a", "b", "c")
    assert tagged("b").under(tagged()).tags == ("b",)
