"""The rows of a table, some at a time, read as far as the file alone can tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import cast

from campana.domain.contact import AttributeValue
from campana.services.columns import Columns, shown
from campana.services.duplicates import Dispute
from campana.services.rows import Candidate, Cells, Refusal, read_row
from campana.services.table import MAX_ROWS, Broken, Row, Table, TableProblem
from campana.services.values import text_of
from campana.store.imports import RejectedRow

CHUNK_ROWS = 2000
CHUNK_CHARACTERS = 4 << 20

_GIVEN_BACK = 100_000
"""Characters of a row that is given back to be mended; one that has more has nothing to mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A row that could be a contact, and how it stood in the file."""

    row_number: int
    candidate: Candidate
    cells: Cells


@dataclass(slots=True, kw_only=True)
class Chunk:
    """Some rows of the file, read; `bytes_done` of it lie behind them."""

    given: list[Given] = field(default_factory=list[Given])
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
) -> Iterator[Chunk]:
    """The rows behind the first `rows_done`: at most two thousand at once, and a few megabytes.

    Raises:
        TableProblem: there are more rows than one file may have; those before have been handed out.
    """
    chunk, size = Chunk(), 0
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
        match _read(row, columns, country):
            case Refusal() as refusal:
                cells = None if isinstance(row, Broken) else row
                chunk.rejected.append(rejected(row_number, refusal, cells))
            case candidate:
                # Never Broken: that is refused above.
                cells = () if isinstance(row, Broken) else row
                chunk.given.append(Given(row_number=row_number, candidate=candidate, cells=cells))
        size += _characters(cells or ())
        if chunk.rows >= (chunk_rows or CHUNK_ROWS) or size >= CHUNK_CHARACTERS:
            chunk.bytes_done = table.bytes_read
            yield chunk
            chunk, size = Chunk(), 0
    if chunk.rows:
        chunk.bytes_done = table.bytes_read
        yield chunk


def _characters(cells: Cells) -> int:
    try:
        return len("".join(cast("Sequence[str]", cells)))
    except TypeError:  # a sheet's own types
        return sum(len(cell) for cell in cells if isinstance(cell, str))


def disputed(given: Given, dispute: Dispute, columns: Columns) -> RejectedRow:
    """A row that names two people of the list, as it is told."""
    address = given.candidate.contact.addresses[dispute.address]
    refusal = Refusal(
        column_name=columns.header[given.candidate.places[dispute.address]],
        value=shown(address.value),
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


def _read(row: Row, columns: Columns, country: str | None) -> Candidate | Refusal:
    if isinstance(row, Broken):
        return Refusal(
            column_name=None,
            value=shown(row.text),
            reason=row.reason,
            suggestion=row.suggestion,
        )
    return read_row(columns, row, country=country)
