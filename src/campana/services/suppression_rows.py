"""The rows of a file of addresses nobody may contact, with a header or without one.

Such files come from a registry, from the system before this one, or from a hand. What is read here
is not stored yet: that is `services/suppression_imports.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice

from campana.domain.address import AddressKind, Unusable
from campana.domain.clock import parse_moment
from campana.services.addresses import read_address
from campana.services.columns import ADDRESS_SYNONYMS, shown
from campana.services.rows import Cells
from campana.services.table import Broken, Row, Table, TableProblem
from campana.services.values import text_of
from campana.store.suppression_imports import Begun, Entry, RefusedRow

NewId = Callable[[str], str]

_CHUNK_ROWS = 5_000
_MAX_REASON = 500
# Headers by what they hold, the likeliest first, as `_plain` leaves them.
_HEADERS = {
    "address": (
        "phone", "phonenumber", "number", "mobile", "mobilenumber", "cell", "cellphone", "tel",
        "telephone", "telephonenumber", "msisdn", "e164", "address", "telefon", "telefono",
        "telefone", "celular", "movil", "handy",
    ),
    "email": ADDRESS_SYNONYMS[AddressKind.EMAIL],
    "reason": ("reason", "comment", "note", "grund", "motivo", "raison"),
    "expires": ("expires", "expiresat", "expiry", "until", "validuntil"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where an address stands in a row, a number's place first; and what a row may say besides."""

    header: Sequence[str]
    addresses: Sequence[int]
    reason: int | None
    expires: int | None

    def name(self, place: int | None) -> str | None:
        """How the file calls a column, if it calls it anything."""
        return self.header[place] if self.header and place is not None else None


class _Refused(Exception):
    def __init__(self, column_name: str | None, value: str, reason: str) -> None:
        self.column_name = column_name
        self.value = shown(value)
        self.reason = reason


@dataclass(slots=True, kw_only=True)
class Chunk:
    """Some rows of the file, read; each address once, the longest suppression of it."""

    rows: int = 0
    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])
    rejected: list[RefusedRow] = field(default_factory=list[RefusedRow])
    bytes_done: int = 0


def chunks(new_id: NewId, table: Table, begun: Begun) -> Iterator[Chunk]:
    """The rows whose fate is open, some at a time."""
    where, rows = meaning(table)
    chunk = Chunk()
    for row_number, row in islice(enumerate(rows, start=1), begun.rows_done, None):
        chunk.rows += 1
        _add(new_id, begun, where, chunk, row_number, row)
        if chunk.rows == _CHUNK_ROWS:
            chunk.bytes_done = min(table.bytes_read, begun.bytes_total)
            yield chunk
            chunk = Chunk()
    if chunk.rows:
        chunk.bytes_done = begun.bytes_total
        yield chunk


def _add(
    new_id: NewId, begun: Begun, where: Columns, chunk: Chunk, row_number: int, row: Row
) -> None:
    try:
        read = _entry(new_id, begun, where, row)
    except _Refused as error:
        chunk.rejected.append(
            RefusedRow(
                row_number=row_number,
                column_name=error.column_name,
                value=error.value,
                reason=error.reason,
            )
        )
        return
    before = chunk.entries.setdefault(read.address, read)
    if _lasts_longer(read.expires_at, before.expires_at):
        chunk.entries[read.address] = read


def _entry(new_id: NewId, begun: Begun, where: Columns, row: Row) -> Entry:
    if isinstance(row, Broken):
        raise _Refused(None, row.text, row.reason)
    place = _place(where, row)
    text = _cell(row, place)
    address = read_address(text, default_country=begun.country)
    if isinstance(address, Unusable):
        raise _Refused(where.name(place), text, address.reason)
    reason = _cell(row, where.reason) or begun.reason
    if len(reason) > _MAX_REASON or "\0" in reason:
        raise _Refused(where.name(where.reason), reason, "must have at most 500 characters")
    expires_at, until = begun.expires_at, _cell(row, where.expires)
    if until:
        try:
            expires_at = parse_moment(until, is_end=True)
        except ValueError:
            message = "must be a date such as 2027-01-31"
            raise _Refused(where.name(where.expires), until, message) from None
    return Entry(id=new_id("sup"), address=address, reason=reason, expires_at=expires_at)


def _place(where: Columns, row: Cells) -> int:
    """Where the row's address is: it is counted as one, so it may hold one."""
    filled = [place for place in where.addresses if _cell(row, place)]
    if len(filled) > 1:
        raise _Refused(
            where.name(filled[1]),
            _cell(row, filled[1]),
            "the row has a number and an e-mail address: give each a row of its own",
        )
    return filled[0] if filled else where.addresses[0]


def _cell(row: Cells, place: int | None) -> str:
    return text_of(row[place]) if place is not None and place < len(row) else ""


def _lasts_longer(one: datetime | None, other: datetime | None) -> bool:
    return other is not None and (one is None or one > other)


def meaning(table: Table) -> tuple[Columns, Iterator[Row]]:
    """Where the addresses stand, and the rows: with the first of them, where no header names it.

    Raises:
        TableProblem: nothing says which column holds them.
    """
    plain = [_plain(text) for text in table.header]
    places = {
        meaning: next((plain.index(name) for name in names if name in plain), None)
        for meaning, names in _HEADERS.items()
    }
    named = [place for name in ("address", "email") if (place := places[name]) is not None]
    if named:
        where = Columns(
            header=table.header,
            addresses=named,
            reason=places["reason"],
            expires=places["expires"],
        )
        return where, table.rows()
    for place, text in enumerate(table.header):
        # Any country will do: what counts is that it looks like an address and not like a word.
        if isinstance(read_address(text, default_country="US"), str) or _is_digits(text):
            where = Columns(header=(), addresses=[place], reason=None, expires=None)
            return where, chain([table.header], table.rows())
    few = ", ".join(shown(text) for text in table.header[:30])
    raise TableProblem(
        f"no column is named like a phone number or an e-mail address; the columns are: {few}"
    )


def _is_digits(text: str) -> bool:
    return sum(char.isdigit() for char in text) >= 7 and not any(map(str.isalpha, text))


def _plain(text: str) -> str:
    """`Phone Number` and `phone_number` alike."""
    return "".join(char for char in text.casefold() if char.isalnum())
