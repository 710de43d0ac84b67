"""People as the statements that store them read them: an array for each field.

They can be made in another process than stores them (`services/import_process.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from campana.domain.address import AddressKind
from campana.domain.contact import BareContact
from campana.store import arrays


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Some people in their order; `counts` says how many addresses each has, `kinds` are all
    kinds there are."""

    fields: Mapping[str, str]
    addresses: Mapping[str, str]
    counts: Sequence[int]
    kinds: Sequence[AddressKind]


def prepare(people: Sequence[BareContact]) -> Prepared:
    """These people, ready to be stored in this order."""
    addresses, counts = address_columns(people)
    return Prepared(
        fields=field_columns(people),
        addresses=addresses,
        counts=counts,
        kinds=kinds_of([address[0] for person in people for address in person[-1]]),
    )


def address_columns(people: Sequence[BareContact]) -> tuple[dict[str, str], list[int]]:
    """A column of each field of all their addresses, and how many each has."""
    counts = [len(person[-1]) for person in people]
    given = [address for person in people for address in person[-1]]
    kinds, values, countries, types, zones = zip(*given, strict=True) if given else ((),) * 5
    return {
        "positions": arrays.numbers(chain.from_iterable(map(range, counts))),
        "kinds": arrays.texts(kinds),
        "values": arrays.texts(values),
        "countries": arrays.texts(countries),
        "types": arrays.texts(types),
        "zones": arrays.texts(map(",".join, zones)),
    }, counts


def field_columns(people: Sequence[BareContact]) -> dict[str, str]:
    """A column of each field, as a statement reads it."""
    ids, first, last, languages, time_zones, zones, attributes, tags, _ = (
        zip(*people, strict=True) if people else ((),) * 9
    )
    return {
        "external_ids": arrays.texts(ids),
        "first_names": arrays.texts(first),
        "last_names": arrays.texts(last),
        "languages": arrays.texts(languages),
        "time_zones": arrays.texts(time_zones),
        "zones": arrays.texts(map(",".join, zones)),
        "attributes": arrays.json(attributes),
        "tags": arrays.texts(map(",".join, tags)),
    }


def kinds_of(kinds: Sequence[AddressKind]) -> list[AddressKind]:
    """Each kind there is among them, once."""
    # To look through them costs less than the hash of an enum for each.
    return [kind for kind in AddressKind if kind in kinds]
