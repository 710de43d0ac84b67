"""Rows that may meet somebody in a list that only their file fills."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from campana.domain.address import AddressKind
from campana.domain.contact import ContactAddress, NewContact
from campana.services.seen import Seen

PEOPLE = st.lists(
    st.tuples(
        st.none() | st.integers(0, 30).map(str),
        st.lists(st.integers(0, 40).map(str), max_size=3, unique=True),
    ),
    max_size=40,
)


def person(external_id: str | None, numbers: list[str]) -> NewContact:
    addresses = [
        ContactAddress(kind=AddressKind.PHONE, value=each, country=None) for each in numbers
    ]
    return NewContact(
        external_id=external_id,
        first_name=None,
        last_name=None,
        time_zone=None,
        language=None,
        attributes={},
        zones=(),
        addresses=tuple(addresses),
    )


@given(PEOPLE, st.integers(1, 10))
def test_whoever_is_not_named_shares_nothing_with_anybody_before(
    rows: list[tuple[str | None, list[str]]], chunk_rows: int
) -> None:
    seen, before = Seen(1000), list[set[str]]()
    for start in range(0, len(rows), chunk_rows):
        chunk = rows[start : start + chunk_rows]
        people = [person(*row) for row in chunk]
        keys = [{*each.keys, *filter(None, [each.external_id])} for each in people]
        named = seen.meeting([each.bare for each in people])
        assert named == sorted(set(named))
        for place in set(range(len(people))) - set(named):
            others = [*before, *(each for other, each in enumerate(keys) if other != place)]
            assert all(keys[place].isdisjoint(other) for other in others)
        before += keys


def test_of_people_who_share_nothing_few_are_named() -> None:
    people = [person(f"c{n}", [f"+1202{n:07}"]).bare for n in range(20_000)]
    assert len(Seen(50 * len(people)).meeting(people)) < len(people) / 10


def test_one_text_in_two_places_of_a_row_is_two_things() -> None:
    same = "+12025550101"
    row = (
        same,
        None,
        None,
        None,
        None,
        (),
        {},
        (),
        tuple((kind, same, None, None, ()) for kind in (AddressKind.PHONE, AddressKind.WHATSAPP)),
    )
    assert Seen(1000).meeting([row]) == []
