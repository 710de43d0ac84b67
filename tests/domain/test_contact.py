"""What a script may say about a person."""

from __future__ import annotations

from campana.domain.contact import ContactFields


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
