"""The short way through a row never says anything else than the long one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campana.domain.contact import NewContact
from campana.services.columns import Columns, read_header
from campana.services.plain_rows import PlainRows
from campana.services.rows import Candidate, read_row
from campana.services.values import AttributeType
from tests.support.people import ANA, BRUNO

HEADERS = (
    ["phone", "id", "first_name", "last_name", "city", "balance"],
    ["phone", "phone 2", "whatsapp", "email", "name", "time zone", "language", "note"],
    ["email", "first_name", "name", "balance"],
    ["phone", "state", "country", "time zone"],
)
_CELLS = st.one_of(
    st.sampled_from(
        [
            "", ANA, BRUNO, "201-555-0101", "+44 20 7946 0000", "911", "n/a", "+1 900 555 0101",
            "ana@example.org", "ana@", "TX", "New York", "US", "Germany",
            "America/New_York", "Nowhere/Town", "en", "x" * 36,
            "x" * 101, "x" * 201, "12", "1.5", "1,234", "Ana Ruiz", "Ana", "nul\0", "bad\ufffd",
        ]
    ),
    st.text(max_size=12),
)  # fmt: skip


def short_way(columns: Columns, row: list[str], *, country: str | None = "US") -> NewContact | None:
    said = PlainRows(columns, country=country).read(row, "".join(row))
    return None if said is None else NewContact.of(said)


@settings(max_examples=100, deadline=None)
@given(
    header=st.sampled_from(HEADERS),
    cells=st.lists(_CELLS, min_size=3, max_size=9),
    country=st.sampled_from(["US", "GB", None]),
    is_typed=st.booleans(),
)
def test_both_ways_find_the_same(
    header: list[str], cells: list[str], country: str | None, is_typed: bool
) -> None:
    types = {"balance": AttributeType.NUMBER} if is_typed and "balance" in header else {}
    columns = read_header(header, {}, types)
    row = [cell.strip() for cell in cells]
    found = short_way(columns, row, country=country)
    if found is not None:
        told = read_row(columns, row, country=country)
        assert isinstance(told, Candidate)
        assert found == told.contact
        assert found.bare == told.contact.bare
        assert [(a.type, a.zones) for a in found.addresses] == [
            (a.type, a.zones) for a in told.contact.addresses
        ]


@pytest.fixture
def columns() -> Columns:
    return read_header(HEADERS[0], {}, {})


def test_an_ordinary_row_goes_the_short_way(columns: Columns) -> None:
    row = ["(201) 555-0101", "c1", "Ana", "", "Newark", "12"]
    found = short_way(columns, row)
    assert found is not None
    assert (found.addresses[0].value, found.external_id, found.last_name) == (ANA, "c1", None)
    assert found.attributes == {"city": "Newark", "balance": "12"}
    assert found.zones == ("America/New_York",)


def test_a_postal_address_goes_before_the_number() -> None:
    columns = read_header(["phone", "State"], {}, {})
    row = ["201-555-0101", "CA"]
    found = short_way(columns, row)
    assert found is not None
    assert found.zones == ("America/Los_Angeles",)
    # What the list has is laid under a row that says less, and the other way round.
    moved = short_way(columns, ["201-555-0101", "NY"])
    silent = short_way(columns, ["201-555-0101", ""])
    assert moved is not None
    assert silent is not None
    assert found.under(moved).zones == ("America/New_York",)
    assert found.under(silent).zones == ("America/Los_Angeles",)
    assert found.under(found) == found
