"""What a script may say about a person, and what becomes of one when a row is laid over them."""

from __future__ import annotations

from dataclasses import replace

from campana.domain.address import AddressKind
from campana.domain.contact import ContactAddress, ContactFields, NewContact


def test_fields_are_named_as_scripts_write_them() -> None:
    ana = ContactFields(first_name="Ana", last_name="Lima", attributes={"balance": "41"})
    assert ana.as_text() == {
        "contact.first_name": "Ana",
        "contact.last_name": "Lima",
        "contact.balance": "41",
    }


def test_a_name_that_is_not_known_is_silence() -> None:
    nobody = ContactFields(first_name=None, last_name=None, attributes={})
    assert nobody.as_text() == {"contact.first_name": "", "contact.last_name": ""}


def test_a_column_of_the_list_cannot_stand_in_for_the_name() -> None:
    ana = ContactFields(first_name="Ana", last_name=None, attributes={"first_name": "Eve"})
    assert ana.as_text()["contact.first_name"] == "Ana"


ONE, TWO, THREE = "+12015550101", "+13125550102", "+12135550103"
EASTERN, CENTRAL, MOUNTAIN = "America/New_York", "America/Chicago", "America/Denver"


def address(kind: AddressKind, value: str) -> ContactAddress:
    return ContactAddress(kind=kind, value=value, country="US")


def phones(*values: str) -> tuple[ContactAddress, ...]:
    return tuple(address(AddressKind.PHONE, value) for value in values)


NOBODY = NewContact(
    external_id=None,
    first_name=None,
    last_name=None,
    time_zone=None,
    language=None,
    attributes={},
    addresses=(),
    zones=(),
)
ANA = replace(
    NOBODY,
    external_id="a",
    first_name="Ana",
    attributes={"city": "Porto", "balance": 5},
    addresses=phones(ONE, TWO),
    zones=(EASTERN,),
)


def test_what_a_row_leaves_empty_stays() -> None:
    assert ANA.under(NOBODY) == ANA


def test_what_a_row_gives_takes_its_place() -> None:
    given = replace(
        NOBODY, external_id="b", last_name="Silva", language="pt", attributes={"balance": 7}
    )
    assert ANA.under(given) == replace(
        ANA, last_name="Silva", language="pt", attributes={"city": "Porto", "balance": 7}
    )


def test_given_addresses_replace_as_many_of_their_kind_and_none_stands_twice() -> None:
    mail = address(AddressKind.EMAIL, "ana@example.org")
    written = address(AddressKind.WHATSAPP, ONE)
    for given, after in (
        (phones(THREE), phones(THREE, TWO)),
        (phones(TWO), phones(TWO)),
        (phones(THREE, ONE, TWO), phones(THREE, ONE, TWO)),
        ((mail, written), (*phones(ONE, TWO), written, mail)),
    ):
        assert ANA.under(replace(NOBODY, addresses=given)).addresses == after


def test_zones_follow_the_first_number_unless_the_person_has_one_of_their_own() -> None:
    moved = replace(NOBODY, addresses=phones(THREE), zones=(CENTRAL,))
    assert ANA.under(moved).zones == (CENTRAL,)
    at_home = replace(ANA, time_zone=MOUNTAIN, zones=(MOUNTAIN,))
    assert at_home.under(moved).zones == (MOUNTAIN,)
    told = replace(moved, time_zone=MOUNTAIN, zones=(MOUNTAIN,))
    assert ANA.under(told).zones == (MOUNTAIN,)
    by_mail = replace(NOBODY, addresses=(address(AddressKind.EMAIL, "ana@example.org"),))
    assert ANA.under(by_mail).zones == (EASTERN,)
    written = replace(moved, addresses=(address(AddressKind.WHATSAPP, THREE),))
    assert ANA.under(written).zones == (EASTERN,)
    assert by_mail.under(written).zones == (CENTRAL,)
