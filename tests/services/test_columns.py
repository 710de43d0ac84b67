"""What headers mean, and which rows are contacts."""

from __future__ import annotations

import pytest

from campana.domain.address import AddressKind
from campana.domain.contact import AttributeValue, ContactAddress, NewContact
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services.columns import Columns, read_header
from campana.services.rows import Candidate, Refusal, read_row
from tests.support.people import ANA


@pytest.mark.parametrize(
    ("header", "meanings"),
    [
        (["phone", "first_name", "last_name"], ["phone", "first_name", "last_name"]),
        (["First Name", "Mobile Phone", "ID"], ["first_name", "phone", "external_id"]),
        (["Téléfono", "Prénom", "Time Zone"], ["phone", "first_name", "time_zone"]),
        (["name", "TEL.", "lang"], ["name", "phone", "language"]),
        (["tel", "E-Mail", "Phone 2", "id"], ["phone", "email", "phone_2", "external_id"]),
        (["WhatsApp", "email", "Email2"], ["whatsapp", "email", "email_2"]),
        (["Number", "name"], ["phone", "name"]),
        (["Number", "phone"], ["number", "phone"]),
        (["phone", "Campana reason", "Phone type"], ["phone", None, "phone_type"]),
    ],
)
def test_finds_what_a_column_means_by_its_header(
    header: list[str], meanings: list[str | None]
) -> None:
    named = read_header(header, {}).named()
    assert [named.get(place) for place in range(len(header))] == meanings


def test_names_every_other_column_so_that_a_script_can_say_it() -> None:
    header = ["phone", "Account Balance", "2nd", "", "balance", "Balance", "first_name", "Phone"]
    assert read_header(header, {}).attributes == {
        "account_balance": 1,
        "_2nd": 2,
        "column_4": 3,
        "balance": 4,
        "balance_2": 5,
    }


def test_a_mapping_comes_before_what_headers_say() -> None:
    columns = read_header(
        ["phone", "Handset", "Owed"], {"phone": "handset", "externalId": "phone", "debt": "Owed"}
    )
    assert columns.addresses == [(AddressKind.PHONE, 1)]
    assert columns.fields == {"external_id": 0}
    assert columns.attributes == {"debt": 2}


def test_says_which_column_is_not_there_and_which_are() -> None:
    with pytest.raises(InvalidParameter) as raised:
        read_header(["phone", "name"], {"first_name": "Vorname", "bad name": "phone"})
    assert raised.value.problems == (
        FieldProblem(
            pointer="/mapping/first_name",
            message="the file has no column 'Vorname'; its columns are: phone, name",
        ),
        FieldProblem(
            pointer="/mapping/bad name",
            message="must be a letter followed by letters, digits and underscores",
        ),
    )


def test_says_what_is_mapped_twice() -> None:
    header = ["phone", "Handset", "name", "nombre"]
    mapping = {
        "phone": "Handset",
        "whatsapp": "handset",
        "phone1": "phone",
        "name": "name",
        "Name": "nombre",
    }
    with pytest.raises(InvalidParameter) as raised:
        read_header(header, mapping)
    assert [(each.pointer, each.message) for each in raised.value.problems] == [
        ("/mapping/whatsapp", "column 'handset' is mapped to phone already"),
        ("/mapping/phone1", "phone 1 is mapped twice"),
        ("/mapping/Name", "name is mapped twice"),
    ]


def test_needs_a_column_of_numbers() -> None:
    with pytest.raises(InvalidParameter, match=r"no column is named like .*: name, city$"):
        read_header(["name", "city"], {})


COLUMNS = read_header(["phone", "name", "id", "tz", "lang", "balance"], {})


def contact(cells: list[AttributeValue], *, country: str | None = "US") -> NewContact:
    found = read_row(COLUMNS, cells, country=country)
    assert isinstance(found, Candidate)
    return found.contact


def refusal(cells: list[str], *, columns: Columns = COLUMNS, country: str | None = "US") -> Refusal:
    found = read_row(columns, cells, country=country)
    assert isinstance(found, Refusal)
    return found


def test_reads_a_whole_row() -> None:
    cells: list[AttributeValue] = [
        "(201) 555-0101",
        "Ana Maria Silva",
        "7",
        "America/Denver",
        "pt-BR",
        "12",
    ]
    assert contact(cells) == NewContact(
        external_id="7",
        first_name="Ana",
        last_name="Maria Silva",
        time_zone="America/Denver",
        language="pt-BR",
        attributes={"balance": "12", "name": "Ana Maria Silva"},
        addresses=(ContactAddress(kind=AddressKind.PHONE, value=ANA, country="US"),),
        zones=("America/Denver",),
    )


def test_takes_the_zones_of_the_number_when_none_is_given() -> None:
    assert contact([ANA]).zones == ("America/New_York",)


def test_a_plus_needs_no_country() -> None:
    assert contact([ANA], country=None).phone == ANA
    assert contact([ANA], country="DE").phone == ANA


@pytest.mark.parametrize(
    ("cells", "column", "value", "reason"),
    [
        (["", "Ana"], "phone", "", "the number is empty"),
        (["nobody"], "phone", "nobody", "this is not a phone number"),
        ([ANA, "", "", "Mars/X"], "tz", "Mars/X", "this is no IANA time zone"),
        ([ANA, "", "", "../etc"], "tz", "../etc", "this is no IANA time zone"),
        ([ANA, "A\0na"], "name", "A\N{SYMBOL FOR NULL}na", "a NUL character"),
        ([ANA, "", "", "", "", "\N{REPLACEMENT CHARACTER}"], "balance", "\ufffd", "no text"),
        ([ANA, "", "x" * 201], "id", "x" * 200, "more than 200 characters"),
        ([ANA, "", "", "", "", "x" * 10_001], "balance", "x" * 200, "more than 10,000"),
        ([ANA, "", "", "", "", "", "extra"], None, "extra", "7 cells, the header has 6"),
    ],
)
def test_says_where_and_why_a_row_is_refused(
    cells: list[str], column: str | None, value: str, reason: str
) -> None:
    found = refusal(cells)
    assert (found.column_name, found.value) == (column, value)
    assert reason in found.reason


def test_refuses_a_row_that_is_too_much_in_all() -> None:
    wide = read_header(["phone", *(f"c{n}" for n in range(11))], {})
    found = refusal([ANA, *["x" * 10_000] * 11], columns=wide)
    assert "more than 100,000 characters" in found.reason


def test_a_number_without_any_country_is_refused() -> None:
    assert "no country code" in refusal(["2015550101"], country=None).reason


def test_empty_cells_behind_the_last_column_are_nothing() -> None:
    assert contact([ANA, "", "", "", "", "", "", ""]).phone == ANA
