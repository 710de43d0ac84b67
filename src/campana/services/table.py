"""A file of people as a header and rows: what the pipeline sees, whatever the file was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from campana.services.rows import Cells

ROW_LIMIT = 16 << 20
"""Characters a row may have, whatever its cells: what may be in memory at once."""
MAX_COLUMNS = 1000
MAX_ROWS = 5_000_000
SHOWN_CHARACTERS = 200


class TableProblem(Exception):
    """Why a file is no table that can be read, as a sentence for the person who gave it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A row that is there but cannot be read, how it begins, and a remedy."""

    reason: str
    text: str
    suggestion: str | None = None


Row = Cells | Broken
"""Cells, texts without the spaces around them; or what cannot be read."""


class Table(Protocol):
    """A header and the rows below it; blank rows are passed over."""

    @property
    def header(self) -> Sequence[str]:
        """The names of the columns."""
        ...

    @property
    def bytes_read(self) -> int:
        """How far into the file reading has come, a buffer ahead of the rows handed out."""
        ...

    def rows(self) -> Iterator[Row]:
        """The rows below the header, once."""
        ...


def checked_header(header: Sequence[str]) -> list[str]:
    """A header that is not too wide.

    Raises:
        TableProblem: it is.
    """
    if len(header) > MAX_COLUMNS:
        raise TableProblem(f"the header has {len(header):,} columns; {MAX_COLUMNS:,} are read")
    return list(header)
