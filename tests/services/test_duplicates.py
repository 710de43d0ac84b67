"""Rows that meet somebody: skipped, laid over, or refused; the same however the file is cut."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from campana.domain.address import AddressKind
from campana.domain.contact import ContactAddress, NewContact
from campana.services import duplicates
from campana.services.duplicates import Fate, Plan
from campana.store.holders import Holder
from campana.store.imports import Duplicates
from tests.support.database import NOW
from tests.support.people import ANA, BRUNO, CARLA

MAIL = "ana@example.org"


def address(value: str) -> ContactAddress:
    if "@" in value:
        return ContactAddress(kind=AddressKind.EMAIL, value=value, country=None)
    return ContactAddress(kind=AddressKind.PHONE, value=value, country="US")


def person(*values: str, external_id: str | None = None, **given: str) -> NewContact:
    return NewContact(
        external_id=external_id,
        first_name=given.get("first_name"),
        last_name=given.get("last_name"),
        time_zone=given.get("time_zone"),
        language=None,
        attributes={key: given[key] for key in given if key == "city"},
        addresses=tuple(map(address, values)),
        zones=(given["time_zone"],) if "time_zone" in given else ("America/New_York",),
    )


def holder(number: int, contact: NewContact) -> Holder:
    return Holder(id=number, version=1, updated_at=NOW, contact=contact)


def plan(
    *contacts: NewContact, holders: tuple[Holder, ...] = (), how: Duplicates = Duplicates.UPDATE
) -> Plan:
    return duplicates.plan(contacts, holders, duplicates=how)


def fates(made: Plan) -> list[Fate]:
    return [decision.fate for decision in made.decisions]


def after(made: Plan) -> dict[int, NewContact]:
    return {number: changed.now for number, changed in made.changed.items()}


def test_skips_who_is_stored_and_who_came_before() -> None:
    made = plan(
        person(ANA),
        person(BRUNO, external_id="b"),
        person(BRUNO),
        person(CARLA, external_id="b"),
        holders=(holder(1, person(ANA)),),
        how=Duplicates.SKIP,
    )
    assert [each.now.phone for each in made.new] == [BRUNO]
    assert fates(made) == [Fate.DUPLICATE, Fate.ACCEPTED, Fate.DUPLICATE, Fate.DUPLICATE]
    assert made.changed == {}


def test_lays_later_rows_over_earlier_ones() -> None:
    made = plan(
        person(ANA, external_id="a", first_name="Ana", city="Porto", time_zone="America/Denver"),
        person(ANA, last_name="Silva"),
        person(BRUNO, external_id="a", first_name="Anna"),
    )
    assert [each.now for each in made.new] == [
        replace(
            person(BRUNO, external_id="a", first_name="Anna", last_name="Silva", city="Porto"),
            time_zone="America/Denver",
            zones=("America/Denver",),
        )
    ]
    assert fates(made) == [Fate.ACCEPTED, Fate.UPDATED, Fate.UPDATED]


def test_gives_a_stored_person_another_number() -> None:
    made = plan(person(BRUNO, external_id="a"), holders=(holder(1, person(ANA, external_id="a")),))
    assert after(made) == {1: person(BRUNO, external_id="a")}


def test_a_row_that_brings_nothing_new_is_a_duplicate() -> None:
    stored = holder(1, person(ANA, BRUNO, external_id="a", first_name="Ana", city="Porto"))
    made = plan(
        person(ANA, external_id="a"), person(ANA, BRUNO, first_name="Ana"), holders=(stored,)
    )
    assert fates(made) == [Fate.DUPLICATE, Fate.DUPLICATE]
    assert made.changed == {}


def test_given_addresses_take_the_place_of_as_many_of_their_kind() -> None:
    stored = holder(1, person(ANA, BRUNO, MAIL, external_id="a"))
    made = plan(person(CARLA, external_id="a"), holders=(stored,))
    assert [each.value for each in after(made)[1].addresses] == [CARLA, BRUNO, MAIL]


def test_meets_somebody_by_any_of_their_addresses() -> None:
    stored = holder(1, person(ANA, MAIL))
    made = plan(person(BRUNO, MAIL, first_name="Ana"), holders=(stored,))
    assert fates(made) == [Fate.UPDATED]
    assert [each.value for each in after(made)[1].addresses] == [BRUNO, MAIL]


def test_a_number_given_up_is_free_for_the_next_row() -> None:
    made = plan(
        person(BRUNO, external_id="a"),
        person(ANA, external_id="n"),
        holders=(holder(1, person(ANA, external_id="a")),),
    )
    assert [each.now.phone for each in made.new] == [ANA]
    assert after(made)[1].phone == BRUNO


def test_refuses_an_address_that_belongs_to_somebody_else() -> None:
    made = plan(
        person(ANA, external_id="z"),
        person(CARLA, BRUNO, external_id="a"),
        person(ANA, MAIL),
        holders=(
            holder(1, person(ANA, external_id="a")),
            holder(2, person(BRUNO)),
            holder(3, person(MAIL, external_id="m")),
        ),
    )
    disputes = [decision.dispute for decision in made.decisions]
    assert [(d.address, d.reason) for d in disputes if d is not None] == [
        (0, "the list has this number under external id a"),
        (1, "the list has this number under a contact without external id"),
        (1, "the list has this e-mail address under external id m"),
    ]
    assert made.changed == {}


def test_a_row_with_an_id_names_who_had_none() -> None:
    made = plan(person(ANA, external_id="a"), holders=(holder(1, person(ANA)),))
    assert after(made) == {1: person(ANA, external_id="a")}


ROWS = st.lists(
    st.tuples(
        st.lists(st.sampled_from([ANA, BRUNO, CARLA, MAIL]), min_size=1, max_size=2, unique=True),
        st.sampled_from([None, "a", "b", "c"]),
    ),
    max_size=8,
)


@given(rows=ROWS, cut=st.integers(0, 8), how=st.sampled_from(Duplicates))
def test_how_the_file_is_cut_changes_nothing(
    rows: list[tuple[list[str], str | None]], cut: int, how: Duplicates
) -> None:
    contacts = [person(*values, external_id=external_id) for values, external_id in rows]
    whole = plan(*contacts, how=how)
    first = plan(*contacts[:cut], how=how)
    stored = tuple(holder(number, each.now) for number, each in enumerate(first.new))
    second = plan(*contacts[cut:], holders=stored, how=how)
    assert fates(whole) == fates(first) + fates(second)
    people = {number: each.now for number, each in enumerate(first.new)} | after(second)
    assert [*people.values(), *(each.now for each in second.new)] == [
        each.now for each in whole.new
    ]
