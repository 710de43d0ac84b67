"""What the columns of a file mean, and a row of them as a contact or as the reason why not.

A column is found by its header in several languages, or named by the person. All that is not a
field of its own becomes an attribute under the header in lower case with underscores, so that a
script can say `{{ contact.account_balance }}`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from campana.domain.address import Unusable, parse_phone
from campana.domain.contact import NewContact
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.domain.window import zone_named
from campana.services.encodings import UNREADABLE

# Headers by field, the likeliest first, as `_plain` leaves them.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "phone": (
        "phone", "phonenumber", "mobile", "mobilephone", "mobilenumber", "cell", "cellphone",
        "cellnumber", "tel", "telephone", "telephonenumber", "number", "contactnumber", "msisdn",
        "e164", "telefon", "telefono", "telefone", "celular", "movil", "handy", "mobil",
    ),
    "first_name": (
        "firstname", "givenname", "forename", "first", "fname", "nombre", "vorname", "prenom",
    ),
    "last_name": (
        "lastname", "surname", "familyname", "last", "lname", "apellido", "apellidos", "nachname",
        "sobrenome",
    ),
    "name": ("name", "fullname", "contactname", "customername", "contact", "nom", "nome"),
    "external_id": (
        "externalid", "id", "customerid", "contactid", "customernumber", "reference", "ref",
    ),
    "time_zone": ("timezone", "tz", "zone", "zeitzone", "zonahoraria", "fusohorario"),
    "language": ("language", "lang", "locale", "sprache", "idioma", "langue"),
}  # fmt: skip

# Characters a cell of each field may have; attributes are held to `_MAX_ATTRIBUTE`.
_MAX_FIELD: Mapping[str, int] = {
    "phone": 100,
    "first_name": 200,
    "last_name": 200,
    "name": 200,
    "external_id": 200,
    "time_zone": 100,
    "language": 35,
}
_MAX_ATTRIBUTE = 10_000
_MAX_ROW = 100_000
_MAX_SHOWN = 200
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z_]\w{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where each field and each attribute stands in a row."""

    header: Sequence[str]
    fields: Mapping[str, int]
    attributes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a row is no contact: the column by its header, its cell (cut), the reason."""

    column_name: str | None
    value: str | None
    reason: str


def read_header(header: Sequence[str], mapping: Mapping[str, str]) -> Columns:
    """Give each column of `header` its meaning.

    Args:
        header: the file's first row.
        mapping: field (see SYNONYMS) or name of an attribute, to a column by its header.

    Raises:
        InvalidParameter: a column is not there, a name could not be said, no column has numbers.
    """
    by_text = {text: place for place, text in reversed(list(enumerate(header)))}
    by_plain = {_plain(text): place for place, text in reversed(list(enumerate(header))) if text}
    by_plain.pop("", None)
    problems: list[FieldProblem] = []
    fields: dict[str, int] = {}
    attributes: dict[str, int] = {}
    own_names = {_plain(field): field for field in SYNONYMS}
    for name, column in mapping.items():
        place = by_text.get(column.strip(), by_plain.get(_plain(column)))
        field = own_names.get(_plain(name))
        if place is None:
            message = f"the file has no column {column!r}; its columns are: {_listed(header)}"
            problems.append(FieldProblem(pointer=f"/mapping/{name}", message=message))
        elif field is not None:
            fields[field] = place
        elif _ATTRIBUTE_NAME.fullmatch(name):
            attributes[name] = place
        else:
            message = "must be a letter followed by letters, digits and underscores"
            problems.append(FieldProblem(pointer=f"/mapping/{name}", message=message))
    if not problems:
        _find_fields(fields, by_plain, taken={*fields.values(), *attributes.values()})
        if "phone" not in fields:
            message = f"no column is named like a phone number; the columns are: {_listed(header)}"
            problems.append(FieldProblem(pointer="/mapping/phone", message=message))
    if problems:
        raise InvalidParameter("the columns do not fit", problems=problems)
    _name_attributes(attributes, header, taken={*fields.values(), *attributes.values()})
    return Columns(header=header, fields=fields, attributes=attributes)


def read_row(
    columns: Columns, cells: Sequence[str], *, country: str | None
) -> NewContact | Refusal:
    """One row as a contact; a short row lacks its last cells, which are then empty.

    Args:
        columns: from `read_header`.
        cells: the row, without the spaces around each cell.
        country: ISO 3166 code of numbers written without a country code.
    """
    width = len(columns.header)
    if len(cells) > width and any(cells[width:]):
        reason = f"the row has {len(cells):,} cells, the header has {width:,}"
        return Refusal(column_name=None, value=shown(cells[width]), reason=reason)
    fields = {field: cells[place] for field, place in columns.fields.items() if place < len(cells)}
    attributes = {
        name: cells[place]
        for name, place in columns.attributes.items()
        if place < len(cells) and cells[place]
    }
    return _unfit(columns, fields, attributes) or _contact(
        columns, fields, attributes, country=country
    )


def shown(value: str) -> str:
    """A cell as a person is shown it: 200 characters, a sign for NUL, which text cannot hold."""
    return value[:_MAX_SHOWN].replace("\0", "\N{SYMBOL FOR NULL}")


def _contact(
    columns: Columns,
    fields: Mapping[str, str],
    attributes: dict[str, str],
    *,
    country: str | None,
) -> NewContact | Refusal:
    zone = fields.get("time_zone") or None
    if zone is not None and zone_named(zone) is None:
        return _refused(
            columns, "time_zone", zone, "this is no IANA time zone such as America/New_York"
        )
    phone = fields.get("phone", "")
    address = parse_phone(phone, default_country=country)
    if isinstance(address, Unusable):
        return _refused(columns, "phone", phone, address.reason)
    first, last = fields.get("first_name") or None, fields.get("last_name") or None
    name = fields.get("name")
    if name:
        attributes = {**attributes, "name": name}
        if first is None and last is None:
            first, _, rest = name.partition(" ")
            last = rest.strip() or None
    return NewContact(
        external_id=fields.get("external_id") or None,
        first_name=first,
        last_name=last,
        time_zone=zone,
        language=fields.get("language") or None,
        attributes=attributes,
        phone=address.value,
        country=address.country,
        zones=(zone,) if zone is not None else address.zones,
    )


def _unfit(
    columns: Columns, fields: Mapping[str, str], attributes: Mapping[str, str]
) -> Refusal | None:
    """The first cell no contact can hold."""
    for name, value in (*fields.items(), *attributes.items()):
        limit = _MAX_FIELD.get(name, _MAX_ATTRIBUTE)
        if "\0" in value:
            return _refused(columns, name, value, "the cell holds a NUL character")
        if UNREADABLE in value:
            return _refused(columns, name, value, "the cell holds bytes that are no text")
        if len(value) > limit:
            return _refused(columns, name, value, f"the cell has more than {limit:,} characters")
    if sum(map(len, attributes.values())) > _MAX_ROW:
        return Refusal(
            column_name=None, value=None, reason=f"the row has more than {_MAX_ROW:,} characters"
        )
    return None


def _refused(columns: Columns, name: str, value: str, reason: str) -> Refusal:
    place = columns.fields.get(name)
    if place is None:
        place = columns.attributes[name]
    return Refusal(column_name=columns.header[place], value=shown(value), reason=reason)


def _find_fields(fields: dict[str, int], by_plain: Mapping[str, int], *, taken: set[int]) -> None:
    """Add each field nobody mapped, by the likeliest of its headers that is free."""
    for field, headers in SYNONYMS.items():
        if field in fields:
            continue
        free = (by_plain[text] for text in headers if by_plain.get(text, -1) not in {-1, *taken})
        place = next(free, None)
        if place is not None:
            fields[field] = place
            taken.add(place)


def _name_attributes(attributes: dict[str, int], header: Sequence[str], *, taken: set[int]) -> None:
    """Add every column that is nothing else yet, under a name of its own."""
    for place, text in enumerate(header):
        if place in taken:
            continue
        name = re.sub(r"\W+", "_", text.casefold()).strip("_")[:90] or f"column_{place + 1}"
        if name[0].isdecimal():
            name = "_" + name
        unique, count = name, 1
        while unique in attributes or unique in SYNONYMS:
            count += 1
            unique = f"{name}_{count}"
        attributes[unique] = place


def _plain(text: str) -> str:
    """`Téléphone mobile` and `telephone_mobile` alike: letters and digits, no case, no accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isalnum())


def _listed(header: Sequence[str]) -> str:
    few = ", ".join(shown(text) or "(no name)" for text in header[:30])
    return few + (f" and {len(header) - 30:,} more" if len(header) > 30 else "")
