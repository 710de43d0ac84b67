"""A row of a file as a contact, or as the reason why not and how it could be mended.

A row goes in whole or not at all: one bad number among three good ones is told, not dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from campana.domain import places
from campana.domain.address import AddressKind, Unusable, parse_phone
from campana.domain.contact import AttributeValue, ContactAddress, NewContact
from campana.domain.email import parse_email
from campana.domain.tag import tags_of
from campana.domain.window import zone_named
from campana.services import suggestions
from campana.services.columns import Columns, shown
from campana.services.encodings import UNREADABLE
from campana.services.values import LARGEST, Unfit, text_of, typed

Cells = Sequence[AttributeValue]
"""A row of a table: texts without the spaces around them; a sheet's and JSON's own types."""

MAX_FIELD: Mapping[str, int] = {
    "first_name": 200,
    "last_name": 200,
    "name": 200,
    "external_id": 200,
    "time_zone": 100,
    "language": 35,
    "tags": 4_000,
}
"""Characters a cell of each field may have."""
MAX_ADDRESS: Mapping[AddressKind, int] = {
    AddressKind.PHONE: 100,
    AddressKind.WHATSAPP: 100,
    AddressKind.EMAIL: 254,
}
_MAX_ATTRIBUTE = 10_000
_MAX_ROW = 100_000
_SHORTEST_LIMIT = min(*MAX_FIELD.values(), *MAX_ADDRESS.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A row that could be a contact; `places` are the columns its addresses came from."""

    contact: NewContact
    places: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a row is no contact: the column by its header, its cell (cut), the reason, a remedy."""

    column_name: str | None
    value: str | None
    reason: str
    suggestion: str | None = None


class _Refused(Exception):
    def __init__(self, place: int, cell: str, reason: str, suggestion: str) -> None:
        super().__init__(reason)
        self.place, self.cell, self.reason, self.suggestion = place, cell, reason, suggestion


def read_row(columns: Columns, cells: Cells, *, country: str | None) -> Candidate | Refusal:
    """One row as a contact; a short row lacks its last cells, which are then empty.

    Args:
        columns: from `read_header`.
        cells: the row.
        country: ISO 3166 code of numbers written without a country code.
    """
    width = len(columns.header)
    if len(cells) > width and any(cell != "" for cell in cells[width:]):
        return Refusal(
            column_name=None,
            value=shown(text_of(cells[width])),
            reason=f"the row has {len(cells):,} cells, the header has {width:,}",
            suggestion="put a cell that holds the delimiter in quotation marks",
        )
    is_short = _is_short(cells)
    try:
        fields = _fields(columns, cells, is_short=is_short)
        attributes = _attributes(columns, cells, is_short=is_short)
        if not is_short and _characters(attributes) > _MAX_ROW:
            return Refusal(
                column_name=None,
                value=None,
                reason=f"the row has more than {_MAX_ROW:,} characters",
                suggestion="shorten its longest cells",
            )
        zone = _zone(columns, fields)
        tags = _tags(columns, fields)
        addresses = _addressed(columns, cells, country=country, is_short=is_short)
    except _Refused as refused:
        return Refusal(
            column_name=columns.header[refused.place],
            value=shown(refused.cell),
            reason=refused.reason,
            suggestion=refused.suggestion,
        )
    ways = tuple(addresses)
    zones = (zone,) if zone else _zones_at(attributes, ways)
    contact = _contact(ways, fields, attributes, zone=zone, zones=zones, tags=tags)
    return Candidate(contact=contact, places=tuple(addresses.values()))


def _zones_at(
    attributes: Mapping[str, AttributeValue], addresses: Sequence[ContactAddress]
) -> tuple[str, ...]:
    """Where the postal address says, as far as it does; else where the number lies."""
    country = next((address.country for address in addresses if address.country), None)
    return places.zones_at(attributes, country=country, otherwise=_zones_of(addresses))


def _zones_of(addresses: Sequence[ContactAddress]) -> tuple[str, ...]:
    """Those of the first number that has any."""
    for address in addresses:
        if address.zones:
            return address.zones
    return ()


def halves(name: str) -> tuple[str, str]:
    """A name in one cell as a first and a last name."""
    first, _, rest = name.partition(" ")
    return first, rest.strip()


def _is_short(cells: Cells) -> bool:
    """Is no cell of the row too long or unreadable? Asked of most rows once, not of each cell."""
    texts = cast("Sequence[str]", cells)
    try:
        text = "".join(texts)
    except TypeError:  # a sheet's own types
        return False
    return (
        len(text) <= _MAX_ROW
        and max(map(len, texts), default=0) <= _SHORTEST_LIMIT
        and "\0" not in text
        and UNREADABLE not in text
    )


def _characters(attributes: Mapping[str, AttributeValue]) -> int:
    return sum(len(value) for value in attributes.values() if isinstance(value, str))


def _fields(columns: Columns, cells: Cells, *, is_short: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, place in columns.fields.items():
        text = _text(cells, place)
        if text:
            if not is_short:
                _check(place, text, limit=MAX_FIELD[name])
            found[name] = text
    return found


def _attributes(columns: Columns, cells: Cells, *, is_short: bool) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {}
    for name, place in columns.attributes.items():
        cell = cells[place] if place < len(cells) else ""
        if cell == "":
            continue
        if isinstance(cell, str):
            if not is_short:
                _check(place, cell, limit=_MAX_ATTRIBUTE)
        elif not isinstance(cell, bool) and abs(cell) >= LARGEST:
            raise _Refused(
                place, text_of(cell), "the number has more than 15 digits", "write it as text"
            )
        try:
            found[name] = typed(cell, columns.types.get(name))
        except Unfit as unfit:
            raise _Refused(place, text_of(cell), unfit.reason, unfit.suggestion) from None
    return found


def _check(place: int, text: str, *, limit: int) -> None:
    if "\0" in text:
        raise _Refused(place, text, "the cell holds a NUL character", "take the character out")
    if UNREADABLE in text:
        raise _Refused(
            place, text, "the cell holds bytes that are no text", "save the file as UTF-8"
        )
    if len(text) > limit:
        raise _Refused(
            place,
            text,
            f"the cell has more than {limit:,} characters",
            f"shorten it to {limit:,} characters",
        )


def _zone(columns: Columns, fields: Mapping[str, str]) -> str | None:
    zone = fields.get("time_zone")
    if zone is not None and zone_named(zone) is None:
        raise _Refused(
            columns.fields["time_zone"],
            zone,
            "this is no IANA time zone such as America/New_York",
            suggestions.time_zone(zone),
        )
    return zone


def _tags(columns: Columns, fields: Mapping[str, str]) -> tuple[str, ...]:
    cell = fields.get("tags", "")
    tags = tags_of(cell)
    if isinstance(tags, str):
        raise _Refused(columns.fields["tags"], cell, tags, "part tags with commas")
    return tags


def _addressed(
    columns: Columns, cells: Cells, *, country: str | None, is_short: bool
) -> dict[ContactAddress, int]:
    """The addresses of a row with their places."""
    addresses: dict[ContactAddress, int] = {}
    for kind, place in columns.addresses:
        text = _text(cells, place)
        if not text:
            continue
        if not is_short:
            _check(place, text, limit=MAX_ADDRESS[kind])
        address = _address(kind, text, place, country=country)
        addresses.setdefault(address, place)
    if not addresses:
        kind, place = columns.addresses[0]
        empty = "number" if kind is not AddressKind.EMAIL else "e-mail address"
        reason = f"the {empty} is empty" if len(columns.addresses) == 1 else "no address is given"
        raise _Refused(place, "", reason, "fill one in, or take the row out")
    return addresses


def _address(kind: AddressKind, text: str, place: int, *, country: str | None) -> ContactAddress:
    if kind is AddressKind.EMAIL:
        email = parse_email(text)
        if isinstance(email, Unusable):
            raise _Refused(place, text, email.reason, suggestions.email(text))
        return ContactAddress(kind=kind, value=email, country=None)
    number = parse_phone(text, default_country=country)
    if isinstance(number, Unusable):
        raise _Refused(place, text, number.reason, suggestions.phone(text, country=country))
    return ContactAddress(
        kind=kind,
        value=number.value,
        country=number.country,
        type=number.type,
        zones=number.zones,
    )


def _contact(
    addresses: tuple[ContactAddress, ...],
    fields: Mapping[str, str],
    attributes: dict[str, AttributeValue],
    *,
    zone: str | None,
    zones: tuple[str, ...],
    tags: tuple[str, ...],
) -> NewContact:
    first, last = fields.get("first_name"), fields.get("last_name")
    name = fields.get("name")
    if name is not None:
        attributes = {**attributes, "name": name}
        if first is None and last is None:
            first, rest = halves(name)
            last = rest or None
    return NewContact(
        external_id=fields.get("external_id"),
        first_name=first,
        last_name=last,
        time_zone=zone,
        language=fields.get("language"),
        attributes=attributes,
        addresses=addresses,
        zones=zones,
        tags=tags,
    )


def _text(cells: Cells, place: int) -> str:
    return text_of(cells[place]) if place < len(cells) else ""
