"""A person in a contact list: fields, attributes of the list's own, addresses in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from campana.domain import places
from campana.domain.address import AddressKind
from campana.domain.numbering import NumberType
from campana.domain.tag import in_order

AttributeValue = str | int | float | bool
"""What an attribute may be. A date is a text such as 2026-03-31, a moment one in ISO 8601."""


LARGEST = 10**15
"""Whole numbers beyond it are no longer told apart by every program that reads JSON."""


def text_of(cell: AttributeValue) -> str:
    """A cell as a person would write it: 5 and not 5.0, true and not True."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < LARGEST:
            return str(int(cell))
        case _:
            return str(cell)


BareAddress = tuple[AddressKind, str, str | None, NumberType | None, tuple[str, ...]]
"""What a `ContactAddress` says, in the order of its fields."""
BareContact = tuple[
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
    tuple[str, ...],
    Mapping[str, AttributeValue],
    tuple[str, ...],
    tuple[BareAddress, ...],
]
"""What a `NewContact` says: external id, first and last name, language, own zone, zones,
attributes, tags, addresses. For those who handle millions: to make the objects takes longer than to
read the rows."""


def key_of(kind: AddressKind, value: str) -> str:
    """What of an address may be in a list only once."""
    return kind + ":" + value


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAddress:
    """One way to a person: `value` in E.164 or an e-mail address, `country` of a number.

    `type` and `zones` follow from the number, so that they say nothing about who is the same.
    """

    kind: AddressKind
    value: str
    country: str | None
    type: NumberType | None = field(default=None, compare=False)
    zones: tuple[str, ...] = field(default=(), compare=False)

    @property
    def key(self) -> str:
        """What may be in a list only once."""
        return key_of(self.kind, self.value)

    @property
    def bare(self) -> BareAddress:
        """The same without the object."""
        return self.kind, self.value, self.country, self.type, self.zones


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """A person as a row or a request gives them, or as they are stored.

    `addresses` in the order they are tried: phones, then WhatsApp, then e-mail. `zones` is the
    person's own zone if there is one, else what their postal address (`places`) and their first
    number tell.
    """

    external_id: str | None
    first_name: str | None
    last_name: str | None
    time_zone: str | None
    language: str | None
    attributes: Mapping[str, AttributeValue]
    addresses: tuple[ContactAddress, ...]
    zones: tuple[str, ...]
    tags: tuple[str, ...] = ()
    """In order, each once (`domain/tag.py`)."""

    @property
    def phone(self) -> str | None:
        """The first phone number."""
        return next((a.value for a in self.addresses if a.kind is AddressKind.PHONE), None)

    @property
    def keys(self) -> list[str]:
        """What each address is found by (`ContactAddress.key`), in their order."""
        return [address.key for address in self.addresses]

    @property
    def bare(self) -> BareContact:
        """The same without the objects."""
        return (
            self.external_id,
            self.first_name,
            self.last_name,
            self.language,
            self.time_zone,
            self.zones,
            self.attributes,
            self.tags,
            tuple(address.bare for address in self.addresses),
        )

    @classmethod
    def of(cls, bare: BareContact) -> NewContact:
        """The contact that says this."""
        external_id, first_name, last_name, language, zone, zones, attributes, tags, ways = bare
        return cls(
            external_id=external_id,
            first_name=first_name,
            last_name=last_name,
            time_zone=zone,
            language=language,
            attributes=attributes,
            addresses=tuple(
                ContactAddress(kind=kind, value=value, country=country, type=number_type, zones=at)
                for kind, value, country, number_type, at in ways
            ),
            zones=zones,
            tags=tags,
        )

    @property
    def contact(self) -> NewContact:
        """Itself: a row of a file can be asked for the same before it is one."""
        return self

    def under(self, given: NewContact) -> NewContact:
        """This person with what `given` says laid over it; what that leaves empty stays.

        An external id that is there stays, and so do tags. Given addresses of a kind take the place
        of as many that were there; the rest of that kind stays behind them.
        """
        attributes = {**self.attributes, **given.attributes}
        addresses = tuple(
            address
            for kind in AddressKind
            for address in _replaced(self.addresses, given.addresses, kind)
        )
        return replace(
            given,
            external_id=self.external_id or given.external_id,
            first_name=given.first_name or self.first_name,
            last_name=given.last_name or self.last_name,
            time_zone=given.time_zone or self.time_zone,
            language=given.language or self.language,
            attributes=attributes,
            addresses=addresses,
            zones=self._zones_under(given, attributes, addresses),
            tags=in_order((*self.tags, *given.tags)) if given.tags else self.tags,
        )

    def _zones_under(
        self,
        given: NewContact,
        attributes: Mapping[str, AttributeValue],
        addresses: tuple[ContactAddress, ...],
    ) -> tuple[str, ...]:
        """The zones of whom this makes, with these attributes and addresses."""
        if given.time_zone is not None:
            return given.zones
        if self.time_zone is not None:
            return self.zones
        was_led_by_phone = self.phone is not None
        is_led_anew = given.phone is not None or (not was_led_by_phone and bool(given.zones))
        country = next((each.country for each in addresses if each.country), None)
        return places.zones_at(
            attributes, country=country, otherwise=given.zones if is_led_anew else self.zones
        )


def _replaced(
    before: tuple[ContactAddress, ...], given: tuple[ContactAddress, ...], kind: AddressKind
) -> tuple[ContactAddress, ...]:
    first = tuple(address for address in given if address.kind is kind)
    had = [address for address in before if address.kind is kind]
    taken = {address.value for address in first}
    return (*first, *(a for a in had[len(first) :] if a.value not in taken))


class ContactFields(NamedTuple):
    """What a script may say about a person: `first_name`, `last_name` and the list's own
    columns."""

    first_name: str | None
    last_name: str | None
    attributes: Mapping[str, AttributeValue]

    def get(self, name: str, default: str = "", /) -> str:
        """`contact.first_name` and so on as text; the list's own columns cannot hide a name."""
        column = name.removeprefix("contact.")
        if column == name:
            return default
        if column == "first_name":
            return self.first_name or ""
        if column == "last_name":
            return self.last_name or ""
        value = self.attributes.get(column)
        return default if value is None else text_of(value)

    def as_text(self) -> dict[str, str]:
        """All of them by those names."""
        columns = dict.fromkeys((*self.attributes, "first_name", "last_name"))
        return {(name := f"contact.{column}"): self.get(name) for column in columns}
