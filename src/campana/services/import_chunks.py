"""The rows of a table, some at a time, read as far as the file alone can tell."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, Protocol, cast

from campana.domain.contact import AttributeValue, BareContact, NewContact
from campana.services.columns import Columns, shown
from campana.services.duplicates import Dispute, Incoming
from campana.services.plain_rows import PlainRows
from campana.services.rows import Candidate, Cells, Refusal, read_row
from campana.services.table import MAX_ROWS, Broken, Row, Table, TableProblem
from campana.services.values import text_of
from campana.store.imports import RejectedRow
from campana.store.prepared import Prepared

CHUNK_ROWS = 2000
CHUNK_CHARACTERS = 4 << 20

_GIVEN_BACK = 100_000
"""Characters of a row that is given back to be mended; one that has more has nothing to mend."""


class LookNeeded(Exception):
    """Rows that could meet nobody may meet somebody after all: they are wanted one by one."""


class Given(Incoming, Protocol):
    """A row that could be a contact, and how it stood in the file."""

    @property
    def row_number(self) -> int:
        """Row 1 is the first below the header."""
        ...

    @property
    def cells(self) -> Cells:
        """As they stood there; none where nobody can need them."""
        ...


class Read(NamedTuple):
    """A row that was read here."""

    row_number: int
    contact: NewContact
    cells: Cells

    @property
    def external_id(self) -> str | None:
        """The contact's own."""
        return self.contact.external_id

    @property
    def keys(self) -> list[str]:
        """Those of the contact's addresses."""
        return self.contact.keys


@dataclass(slots=True, kw_only=True)
class Chunk:
    """Some rows of the file, read; `bytes_done` of it lie behind them.

    `prepared` are those given, where who read them has made that of them too. It may hold others
    besides, who can meet nobody and are not given one by one: `unmet` of them; `places` says then
    where each of those given stands.
    """

    given: list[Given] = field(default_factory=list[Given])
    rejected: list[RejectedRow] = field(default_factory=list[RejectedRow])
    bytes_done: int = 0
    prepared: Prepared | None = None
    unmet: int = 0
    places: Sequence[int] | None = None

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.given) + self.unmet + len(self.rejected)


@dataclass(slots=True, kw_only=True)
class BareChunk:
    """Some rows of the file, read; `bytes_done` of it lie behind them.

    `given` are those that could be contacts: the number, what it says, how it stood there.
    """

    given: list[tuple[int, BareContact, Cells]] = field(
        default_factory=list[tuple[int, BareContact, Cells]]
    )
    rejected: list[RejectedRow] = field(default_factory=list[RejectedRow])
    bytes_done: int = 0

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.given) + len(self.rejected)


def chunks(
    table: Table,
    columns: Columns,
    *,
    country: str | None,
    rows_done: int = 0,
    chunk_rows: int | None = None,
) -> Generator[Chunk]:
    """The rows behind the first `rows_done`: at most two thousand at once, and a few megabytes.

    Raises:
        TableProblem: there are more rows than one file may have; those before have been handed out.
    """
    found = bare_chunks(table, columns, country=country, rows_done=rows_done, chunk_rows=chunk_rows)
    for bare in found:
        yield Chunk(
            given=[
                Read(number, NewContact.of(person), cells) for number, person, cells in bare.given
            ],
            rejected=bare.rejected,
            bytes_done=bare.bytes_done,
        )


def bare_chunks(
    table: Table,
    columns: Columns,
    *,
    country: str | None,
    rows_done: int = 0,
    chunk_rows: int | None = None,
) -> Generator[BareChunk]:
    """The same without an object for each row.

    Raises:
        TableProblem: as `chunks` does.
    """
    chunk, size = BareChunk(), 0
    chunk_rows = chunk_rows or CHUNK_ROWS
    # Whoever stores them waits for the first, so that is no large one.
    most = min(chunk_rows, CHUNK_ROWS)
    read_plainly = PlainRows(columns, country=country).read
    numbered = enumerate(table.rows(), start=1)
    for row_number, row in islice(numbered, rows_done, None):
        if row_number > MAX_ROWS:
            if chunk.rows:
                chunk.bytes_done = table.bytes_read
                yield chunk
            raise TableProblem(
                f"the file has more than {MAX_ROWS:,} rows; the first {MAX_ROWS:,} are done: put"
                " the others into another file"
            )
        cells = cast("Sequence[str]", row)
        try:
            text = "".join(cells)
        except TypeError:  # a sheet's own types, or what cannot be read
            size += _characters(row)
            person = None
        else:
            size += len(text)
            person = read_plainly(cells, text)
        if person is not None:
            chunk.given.append((row_number, person, cells))
        else:
            _take(chunk, row_number, row, columns=columns, country=country)
        if len(chunk.given) + len(chunk.rejected) >= most or size >= CHUNK_CHARACTERS:
            chunk.bytes_done = table.bytes_read
            yield chunk
            chunk, size, most = BareChunk(), 0, chunk_rows
    if chunk.rows:
        chunk.bytes_done = table.bytes_read
        yield chunk


def _take(
    chunk: BareChunk, row_number: int, row: Row, *, columns: Columns, country: str | None
) -> None:
    """Put one more row into the chunk, read the long way."""
    match _read(row, row_number, columns, country):
        case RejectedRow() as refused:
            chunk.rejected.append(refused)
        case person, cells:
            chunk.given.append((row_number, person, cells))


def _characters(row: Row) -> int:
    cells = () if isinstance(row, Broken) else row
    return sum(len(cell) for cell in cells if isinstance(cell, str))


def disputed(
    given: Given, dispute: Dispute, columns: Columns, *, country: str | None
) -> RejectedRow:
    """A row that cannot be laid over whom it meets, as it is told."""
    if dispute.address is None:
        place, value = columns.fields.get("tags"), ",".join(given.contact.tags)
    else:
        read = read_row(columns, given.cells, country=country)
        place = read.places[dispute.address] if isinstance(read, Candidate) else None
        value = given.contact.addresses[dispute.address].value
    refusal = Refusal(
        column_name=None if place is None else columns.header[place],
        value=shown(value),
        reason=dispute.reason,
        suggestion=dispute.suggestion,
    )
    return rejected(given.row_number, refusal, given.cells)


def rejected(row_number: int, refusal: Refusal, cells: Cells | None) -> RejectedRow:
    """A refusal as it is kept, with the row where it can be given back."""
    return RejectedRow(
        row_number=row_number,
        column_name=refusal.column_name,
        value=refusal.value,
        reason=refusal.reason,
        suggestion=refusal.suggestion,
        cells=None if cells is None else _given_back(cells),
    )


def _given_back(cells: Cells) -> Sequence[AttributeValue] | None:
    if sum(len(text_of(cell)) for cell in cells) > _GIVEN_BACK:
        return None
    return [
        cell.replace("\0", "\N{SYMBOL FOR NULL}") if isinstance(cell, str) else cell
        for cell in cells
    ]


def _read(
    row: Row, row_number: int, columns: Columns, country: str | None
) -> tuple[BareContact, Cells] | RejectedRow:
    if isinstance(row, Broken):
        refusal = Refusal(
            column_name=None,
            value=shown(row.text),
            reason=row.reason,
            suggestion=row.suggestion,
        )
        return rejected(row_number, refusal, None)
    read = read_row(columns, row, country=country)
    if isinstance(read, Refusal):
        return rejected(row_number, read, row)
    return read.contact.bare, row
