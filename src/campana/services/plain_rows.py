"""A row of a file as what its contact says, by the short way that most rows can go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter

from campana.domain import places
from campana.domain.address import AddressKind, Unusable, plain_number
from campana.domain.contact import AttributeValue, BareAddress, BareContact
from campana.domain.email import parse_email
from campana.domain.tag import tags_of
from campana.domain.window import zone_named
from campana.services.columns import Columns
from campana.services.encodings import UNREADABLE
from campana.services.rows import MAX_ADDRESS, MAX_FIELD, halves
from campana.services.values import Unfit, typed

_PLAIN_LIMIT = MAX_ADDRESS[AddressKind.PHONE]
"""Of each cell but a language, in the rows most files are made of: no limit of its own is less."""
_IN_TURN = ("external_id", "first_name", "last_name", "language", "time_zone", "name", "tags")


class PlainRows:
    """What `read_row` does, for the rows most files are made of: good, short, of texts alone.

    Each step here is taken for millions of rows; whatever needs more than a look is left to
    `read_row`. Wherever this one finds a contact, that one finds the same.
    """

    def __init__(self, columns: Columns, *, country: str | None) -> None:
        """Of these columns; `country` (ISO 3166) is that of numbers without a country code."""
        self._width, self._country = len(columns.header), country
        # A field that has no column is read from behind the row.
        self._fields = itemgetter(*(columns.fields.get(name, self._width) for name in _IN_TURN))
        self._untyped = [
            (name, place) for name, place in columns.attributes.items() if name not in columns.types
        ]
        self._typed = [
            (name, columns.attributes[name], wanted) for name, wanted in columns.types.items()
        ]
        self._addresses = [
            (kind, place, kind is AddressKind.EMAIL) for kind, place in columns.addresses
        ]
        self._is_placed = not places.NAMES.isdisjoint(columns.attributes)

    def read(self, cells: Sequence[str], text: str) -> BareContact | None:
        """A row as what its contact says; None where `read_row` must tell.

        Args:
            cells: the row.
            text: the same as one text.
        """
        if len(cells) != self._width or "\0" in text or UNREADABLE in text:
            return None
        if len(text) > _PLAIN_LIMIT and max(map(len, cells)) > _PLAIN_LIMIT:
            return None
        external_id, first, last, language, zone, name, tagged = self._fields((*cells, ""))
        if (zone and zone_named(zone) is None) or len(language) > MAX_FIELD["language"]:
            return None
        attributes: dict[str, AttributeValue] = {
            key: cell for key, place in self._untyped if (cell := cells[place])
        }
        if self._typed and not self._read_typed(cells, attributes):
            return None
        tags = tags_of(tagged) if tagged else ()
        addresses = self._read_addresses(cells)
        if not addresses or isinstance(tags, str):
            return None
        if name:
            attributes["name"] = name
            if not first and not last:
                first, last = halves(name)
        return (
            external_id or None,
            first or None,
            last or None,
            language or None,
            zone or None,
            (zone,)
            if zone
            else self._zones_at(attributes, addresses)
            if self._is_placed
            else _zones_of(addresses),
            attributes,
            tags,
            tuple(addresses),
        )

    def _read_typed(self, cells: Sequence[str], attributes: dict[str, AttributeValue]) -> bool:
        for key, place, wanted in self._typed:
            if cells[place]:
                try:
                    attributes[key] = typed(cells[place], wanted)
                except Unfit:
                    return False
        return True

    def _read_addresses(self, cells: Sequence[str]) -> list[BareAddress]:
        """All addresses of the row; none when one of them is not plain."""
        found: list[BareAddress] = []
        for kind, place, is_email in self._addresses:
            text = cells[place]
            if not text:
                continue
            if is_email:
                email = parse_email(text)
                if isinstance(email, Unusable):
                    return []
                address = (kind, email, None, None, ())
            else:
                number = plain_number(text, default_country=self._country)
                if number is None:
                    return []
                address = (kind, *number)
            if not found or address not in found:
                found.append(address)
        return found

    def _zones_at(
        self, attributes: Mapping[str, AttributeValue], addresses: Sequence[BareAddress]
    ) -> tuple[str, ...]:
        """Where the postal address says, as far as it does; else where the number lies."""
        country = next((country for _, _, country, _, _ in addresses if country), None)
        return places.zones_at(attributes, country=country, otherwise=_zones_of(addresses))


def _zones_of(addresses: Sequence[BareAddress]) -> tuple[str, ...]:
    """Those of the first number that has any."""
    for _, _, _, _, zones in addresses:
        if zones:
            return zones
    return ()
