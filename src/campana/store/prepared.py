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

NOTHING = "{}"
"""A column that says nothing of anybody, or what the statement takes for granted: beside one that
speaks of all it is read as absent values, and is not written and parsed ten thousand times."""


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
    is_first_alone = counts.count(1) == len(counts)
    is_of_one_kind = kinds.count(kinds[0]) == len(kinds) if kinds else True
    return {
        "positions": NOTHING
        if is_first_alone
        else arrays.numbers(chain.from_iterable(map(range, counts))),
        "kinds": NOTHING if is_of_one_kind else arrays.texts(kinds),
        "kind": kinds[0].value if kinds else "",
        "values": arrays.texts(values),
        "countries": _column(countries),
        "types": _column(types),
        "zones": arrays.texts(map(",".join, zones)),
    }, counts


def field_columns(people: Sequence[BareContact]) -> dict[str, str]:
    """A column of each field, as a statement reads it."""
    ids, first, last, languages, time_zones, zones, attributes, tags, _ = (
        zip(*people, strict=True) if people else ((),) * 9
    )
    return {
        "external_ids": _column(ids),
        "first_names": _column(first),
        "last_names": _column(last),
        "languages": _column(languages),
        "time_zones": _column(time_zones),
        "zones": arrays.texts(map(",".join, zones)),
        "attributes": arrays.json(attributes),
        "tags": arrays.texts(map(",".join, tags)) if any(tags) else NOTHING,
    }


def _column(values: Sequence[str | None]) -> str:
    return NOTHING if values.count(None) == len(values) else arrays.texts(values)


def kinds_of(kinds: Sequence[AddressKind]) -> list[AddressKind]:
    """Each kind there is among them, once."""
    # To look through them costs less than the hash of an enum for each.
    return [kind for kind in AddressKind if kind in kinds]
