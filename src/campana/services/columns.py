"""What the columns of a file mean.

A column is found by its header in several languages, or named by the person. Every column of
numbers or e-mail addresses is one more way to the contact. All that is no field of its own becomes
an attribute under the header in lower case with underscores, so that a script can say
`{{ contact.account_balance }}`. What a row then holds is `services/rows.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from campana.domain.address import AddressKind
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services.values import AttributeType

# Headers by field, the likeliest first, as `_plain` leaves them.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
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
    "tags": ("tags", "etiquetas", "etiquettes"),
}  # fmt: skip

# Headers of columns that hold addresses; a number may follow, as in "Phone 2".
ADDRESS_SYNONYMS: Mapping[AddressKind, tuple[str, ...]] = {
    AddressKind.PHONE: (
        "phone", "phones", "phonenumber", "phonenumbers", "mobile", "mobiles", "mobilephone",
        "mobilenumber", "cell", "cellphone", "cellnumber", "tel", "telephone", "telephonenumber",
        "homephone", "workphone", "officephone", "businessphone", "otherphone", "landline",
        "msisdn", "telefon", "telefono", "telefone", "celular", "movil", "handy", "mobil",
    ),
    AddressKind.WHATSAPP: (
        "whatsapp", "whatsappnumber", "whatsappnumbers", "whatsappid", "waid", "wanumber",
    ),
    AddressKind.EMAIL: (
        "email", "emails", "emailaddress", "emailaddresses", "mail", "mailaddress", "correo",
        "correoelectronico", "emailadresse", "courriel",
    ),
}  # fmt: skip
# Words for a phone only where no column says so more plainly.
_VAGUE_PHONES = ("number", "contactnumber", "e164")

MAX_ADDRESSES = 20
"""Ways to one contact."""

OWN_PREFIX = "Campana "
"""Columns so headed were added by Campana to a file it gave back; they are passed over."""

_EXACT = re.compile(r"([A-Za-z_]\w{0,99}):(text|number|json)")
"""An attribute under its very name, with what its cells are: an export heads so what could be read
otherwise."""
_ADDRESS_NAME = re.compile(r"(phone|whatsapp|email)(\d{0,2})")
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z_]\w{0,99}")
_MAX_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where each field, each address in its order and each attribute stands in a row."""

    header: Sequence[str]
    fields: Mapping[str, int]
    addresses: Sequence[tuple[AddressKind, int]]
    attributes: Mapping[str, int]
    types: Mapping[str, AttributeType]

    def named(self) -> Mapping[int, str]:
        """What each column means, by its place: `phone_2`, `first_name`, or an attribute's name."""
        meaning = {place: name for name, place in (*self.fields.items(), *self.attributes.items())}
        counts: dict[AddressKind, int] = {}
        for kind, place in self.addresses:
            counts[kind] = counts.get(kind, 0) + 1
            meaning[place] = kind if counts[kind] == 1 else f"{kind}_{counts[kind]}"
        return meaning


def read_header(
    header: Sequence[str],
    mapping: Mapping[str, str],
    types: Mapping[str, AttributeType] | None = None,
) -> Columns:
    """Give each column of `header` its meaning.

    Args:
        header: the file's first row.
        mapping: field (a key of SYNONYMS), address (`phone`, `phone_2`, `whatsapp`, `email`) or
            name of an attribute, to a column by its header.
        types: what the cells of an attribute are read as.

    Raises:
        InvalidParameter: a column is not there or mapped twice, a name could not be said, a type
            is of no attribute, no column has addresses.
    """
    mapped = _Mapped.of(header, mapping)
    problems = mapped.problems
    if not problems:
        _find_fields(mapped)
        _find_addresses(mapped)
        if not mapped.addresses:
            message = (
                "no column is named like a phone number or e-mail address; the columns are:"
                f" {_listed(header)}"
            )
            problems.append(FieldProblem(pointer="/mapping/phone", message=message))
    if not problems:
        _name_attributes(mapped)
        problems += [
            FieldProblem(
                pointer=f"/types/{name}",
                message=f"is no attribute; there are: {', '.join(mapped.attributes) or 'none'}",
            )
            for name in types or {}
            if name not in mapped.attributes
        ]
    if problems:
        raise InvalidParameter("the columns do not fit", problems=problems)
    return Columns(
        header=header,
        fields=mapped.fields,
        addresses=[
            (kind, place)
            for kind in AddressKind
            for found, _, place in sorted(mapped.addresses)
            if found is kind
        ],
        attributes=mapped.attributes,
        types={**mapped.types, **(types or {})},
    )


def fitting(header: Sequence[str], remembered: Mapping[str, str]) -> dict[str, str]:
    """The part of a remembered mapping whose columns this file has."""
    known = set(header) | {_plain(text) for text in header}
    return {
        name: column
        for name, column in remembered.items()
        if column.strip() in known or _plain(column) in known
    }


def shown(value: str) -> str:
    """A cell as a person is shown it: 200 characters, a sign for NUL, which text cannot hold."""
    return value[:_MAX_SHOWN].replace("\0", "\N{SYMBOL FOR NULL}")


class _Mapped:
    """The columns that have a meaning so far."""

    def __init__(self, header: Sequence[str]) -> None:
        self.header = header
        self.fields: dict[str, int] = {}
        self.attributes: dict[str, int] = {}
        self.types: dict[str, AttributeType] = {}
        # kind, number among its kind, place
        self.addresses: list[tuple[AddressKind, int, int]] = []
        self.problems: list[FieldProblem] = []
        self._by_place: dict[int, str] = {}

    @classmethod
    def of(cls, header: Sequence[str], mapping: Mapping[str, str]) -> _Mapped:
        """What a person said the columns are."""
        mapped = cls(header)
        backwards = list(reversed(list(enumerate(header))))
        by_text = {text: place for place, text in backwards}
        by_plain = {_plain(text): place for place, text in backwards if _plain(text)}
        for name, column in mapping.items():
            place = by_text.get(column.strip(), by_plain.get(_plain(column)))
            if place is None:
                mapped.refuse(
                    name, f"the file has no column {column!r}; its columns are: {_listed(header)}"
                )
            elif place in mapped._by_place:
                mapped.refuse(
                    name, f"column {column!r} is mapped to {mapped._by_place[place]} already"
                )
            else:
                mapped._place(name, place)
        return mapped

    @property
    def taken(self) -> set[int]:
        """Places that mean something."""
        places = {*self.fields.values(), *self.attributes.values()}
        return places | {place for _, _, place in self.addresses}

    def refuse(self, name: str, message: str) -> None:
        self.problems.append(FieldProblem(pointer=f"/mapping/{name}", message=message))

    def _place(self, name: str, place: int) -> None:
        self._by_place[place] = name
        plain = _plain(name)
        field = _OWN_NAMES.get(plain)
        if field is not None:
            if field in self.fields:
                self.refuse(name, f"{field} is mapped twice")
            self.fields[field] = place
        elif address := _ADDRESS_NAME.fullmatch(plain):
            kind, number = AddressKind(address[1]), int(address[2] or 1)
            if any((kind, number) == other[:2] for other in self.addresses):
                self.refuse(name, f"{kind} {number} is mapped twice")
            self.addresses.append((kind, number, place))
        elif _ATTRIBUTE_NAME.fullmatch(name):
            self.attributes[name] = place
        else:
            self.refuse(name, "must be a letter followed by letters, digits and underscores")


_OWN_NAMES = {field.replace("_", ""): field for field in SYNONYMS}


def attribute_header(name: str, *, kind: AttributeType) -> str:
    """A header that is read as this attribute, with cells of this kind, and as nothing else."""
    plain = _plain(name)
    known = {word for words in SYNONYMS.values() for word in words}
    known |= {word for words in ADDRESS_SYNONYMS.values() for word in words} | set(_VAGUE_PHONES)
    is_itself = re.sub(r"\W+", "_", name.casefold()).strip("_")[:90] == name and (
        not {plain, plain.rstrip("0123456789")} & known and name not in {*SYNONYMS, *AddressKind}
    )
    return name if is_itself and kind is AttributeType.TEXT else f"{name}:{kind}"


def _find_fields(mapped: _Mapped) -> None:
    """Add each field nobody mapped, by the likeliest of its headers that is free."""
    by_plain = {_plain(text): place for place, text in reversed(list(enumerate(mapped.header)))}
    taken = mapped.taken
    for field, headers in SYNONYMS.items():
        if field in mapped.fields:
            continue
        free = (by_plain[text] for text in headers if by_plain.get(text, -1) not in {-1, *taken})
        place = next(free, None)
        if place is not None:
            mapped.fields[field] = place
            taken.add(place)


def _find_addresses(mapped: _Mapped) -> None:
    """Add every column of addresses of a kind nobody mapped, in the order of the file."""
    for kind, words in ADDRESS_SYNONYMS.items():
        if any(found is kind for found, _, _ in mapped.addresses):
            continue
        places = list(_headed(mapped, words))
        if not places and kind is AddressKind.PHONE:
            places = list(_headed(mapped, _VAGUE_PHONES))[:1]
        mapped.addresses += [(kind, number, place) for number, place in enumerate(places, start=1)]
    del mapped.addresses[MAX_ADDRESSES:]


def _headed(mapped: _Mapped, words: Iterable[str]) -> Iterable[int]:
    known, taken = set(words), mapped.taken
    for place, text in enumerate(mapped.header):
        plain = _plain(text)
        if place not in taken and (plain in known or plain.rstrip("0123456789") in known):
            yield place


def _name_attributes(mapped: _Mapped) -> None:
    """Add every column that is nothing else yet, under a name of its own."""
    taken = mapped.taken
    reserved = {*SYNONYMS, *AddressKind}
    for place, text in enumerate(mapped.header):
        if place in taken or text.startswith(OWN_PREFIX):
            continue
        exact = _EXACT.fullmatch(text)
        if exact is not None and exact[1] not in mapped.attributes:
            mapped.attributes[exact[1]] = place
            mapped.types[exact[1]] = AttributeType(exact[2])
            continue
        name = re.sub(r"\W+", "_", text.casefold()).strip("_")[:90] or f"column_{place + 1}"
        if name[0].isdecimal():
            name = "_" + name
        unique, count = name, 1
        while unique in mapped.attributes or unique in reserved:
            count += 1
            unique = f"{name}_{count}"
        mapped.attributes[unique] = place


def _plain(text: str) -> str:
    """`Téléphone mobile` and `telephone_mobile` alike: letters and digits, no case, no accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isalnum())


def _listed(header: Sequence[str]) -> str:
    few = ", ".join(shown(text) or "(no name)" for text in header[:30])
    return few + (f" and {len(header) - 30:,} more" if len(header) > 30 else "")
