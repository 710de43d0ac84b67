"""Rows that meet somebody: skipped, laid over, or refused; the same however the file is cut."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from campana.domain.contact import NewContact
from campana.services import duplicates
from campana.services.columns import read_header
from campana.services.duplicates import Plan
from campana.store.contacts import Holder
from campana.store.imports import Duplicates
from tests.support.people import ANA, BRUNO, CARLA

COLUMNS = read_header(["phone", "id"], {})


def person(phone: str, external_id: str | None = None, **given: str) -> NewContact:
    return NewContact(
        external_id=external_id,
        first_name=given.get("first_name"),
        last_name=given.get("last_name"),
        time_zone=given.get("time_zone"),
        language=None,
        attributes={key: given[key] for key in given if key == "city"},
        phone=phone,
        country="US",
        zones=(given["time_zone"],) if "time_zone" in given else ("America/New_York",),
    )


def plan(*contacts: NewContact, holders: tuple[Holder, ...] = (), update: bool = True) -> Plan:
    return duplicates.plan(
        list(enumerate(contacts, start=1)),
        holders,
        duplicates=Duplicates.UPDATE if update else Duplicates.SKIP,
        columns=COLUMNS,
    )


def test_skips_who_is_stored_and_who_came_before() -> None:
    made = plan(
        person(ANA),
        person(BRUNO, "b"),
        person(BRUNO),
        person(CARLA, "b"),
        holders=(Holder(id=1, external_id=None, phone=ANA),),
        update=False,
    )
    assert [contact.phone for contact in made.new] == [BRUNO]
    assert (made.accepted, made.duplicate, made.changed, made.rejected) == (1, 3, {}, [])


def test_lays_later_rows_over_earlier_ones() -> None:
    made = plan(
        person(ANA, "a", first_name="Ana", city="Porto", time_zone="America/Denver"),
        person(ANA, last_name="Silva"),
        person(BRUNO, "a", first_name="Anna"),
    )
    assert made.new == [
        replace(
            person(BRUNO, "a", first_name="Anna", last_name="Silva", city="Porto"),
            time_zone="America/Denver",
            zones=("America/Denver",),
        )
    ]
    assert (made.accepted, made.updated) == (1, 2)


def test_gives_a_stored_person_another_number() -> None:
    moved = person(BRUNO, "a")
    made = plan(moved, holders=(Holder(id=1, external_id="a", phone=ANA),))
    assert (made.changed, made.renumbered, made.updated) == ({1: moved}, {1: moved}, 1)


def test_a_number_given_up_is_free_for_the_next_row() -> None:
    made = plan(
        person(BRUNO, "a"), person(ANA, "n"), holders=(Holder(id=1, external_id="a", phone=ANA),)
    )
    assert [contact.phone for contact in made.new] == [ANA]
    assert made.renumbered[1].phone == BRUNO


def test_refuses_a_number_that_belongs_to_somebody_else() -> None:
    made = plan(
        person(ANA, "z"),
        person(BRUNO, "a"),
        holders=(
            Holder(id=1, external_id="a", phone=ANA),
            Holder(id=2, external_id=None, phone=BRUNO),
        ),
    )
    assert [(row.row_number, row.column_name, row.value) for row in made.rejected] == [
        (1, "phone", ANA),
        (2, "phone", BRUNO),
    ]
    assert made.changed == {}


def test_a_row_with_an_id_names_who_had_none() -> None:
    made = plan(person(ANA, "a"), holders=(Holder(id=1, external_id=None, phone=ANA),))
    assert made.changed[1].external_id == "a"
    assert made.renumbered == {}


ROWS = st.lists(
    st.tuples(st.sampled_from([ANA, BRUNO, CARLA]), st.sampled_from([None, "a", "b", "c"])),
    max_size=8,
)


@given(rows=ROWS, cut=st.integers(0, 8), update=st.booleans())
def test_how_the_file_is_cut_changes_nothing(
    rows: list[tuple[str, str | None]], cut: int, update: bool
) -> None:
    contacts = [person(phone, external_id) for phone, external_id in rows]
    whole = plan(*contacts, update=update)
    first = plan(*contacts[:cut], update=update)
    stored = tuple(
        Holder(id=number, external_id=each.external_id, phone=each.phone)
        for number, each in enumerate(first.new)
    )
    second = plan(*contacts[cut:], holders=stored, update=update)

    def counts(*plans: Plan) -> list[tuple[int, ...]]:
        each = [(p.accepted, p.updated, p.duplicate, len(p.rejected)) for p in plans]
        return [tuple(map(sum, zip(*each, strict=True)))]

    assert counts(whole) == counts(first, second)
    numbers = {number: each.phone for number, each in enumerate(first.new)}
    numbers |= {number: each.phone for number, each in second.renumbered.items()}
    assert sorted([*numbers.values(), *(each.phone for each in second.new)]) == sorted(
        each.phone for each in whole.new
    )
