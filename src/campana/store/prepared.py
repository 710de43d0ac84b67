"""People as the statements that store them read them: an array for each field.

They can be made in another process than stores them (`services/import_process.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import msgspec

from campana.domain.address import AddressKind
from campana.domain.contact import ContactAddress, NewContact
from campana.store import arrays


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Some people in their order; `counts` says how many addresses each has, `kinds` are all
    kinds there are."""

    fields: Mapping[str, str]
    addresses: Mapping[str, str]
    counts: Sequence[int]
    kinds: Sequence[AddressKind]


def prepare(contacts: Sequence[NewContact]) -> Prepared:
    """These people, ready to be stored in this order."""
    addresses, counts = address_columns(contacts)
    return Prepared(
        fields=field_columns(contacts),
        addresses=addresses,
        counts=counts,
        kinds=kinds_of([address for contact in contacts for address in contact.addresses]),
    )


def address_columns(contacts: Sequence[NewContact]) -> tuple[dict[str, str], list[int]]:
    """A column of each field of all their addresses, and how many each has."""
    counts = [len(contact.addresses) for contact in contacts]
    given = [address for contact in contacts for address in contact.addresses]
    return {
        "positions": arrays.numbers(chain.from_iterable(map(range, counts))),
        "kinds": arrays.texts([address.kind for address in given]),
        "values": arrays.texts([address.value for address in given]),
        "countries": arrays.texts([address.country for address in given]),
        "types": arrays.texts([address.type for address in given]),
        "zones": arrays.texts([",".join(address.zones) for address in given]),
    }, counts


def field_columns(contacts: Sequence[NewContact]) -> dict[str, str]:
    """A column of each field, as a statement reads it."""
    encode = msgspec.json.encode
    return {
        "external_ids": arrays.texts([contact.external_id for contact in contacts]),
        "first_names": arrays.texts([contact.first_name for contact in contacts]),
        "last_names": arrays.texts([contact.last_name for contact in contacts]),
        "languages": arrays.texts([contact.language for contact in contacts]),
        "time_zones": arrays.texts([contact.time_zone for contact in contacts]),
        "zones": arrays.texts([",".join(contact.zones) for contact in contacts]),
        "attributes": arrays.texts([encode(each.attributes).decode() for each in contacts]),
        "tags": arrays.texts([",".join(contact.tags) for contact in contacts]),
    }


def kinds_of(addresses: Sequence[ContactAddress]) -> list[AddressKind]:
    """Each kind there is among them, once."""
    found = {address.kind for address in addresses}
    return [kind for kind in AddressKind if kind in found]
