"""A CSV file, or what was pasted, as the document of a reference table, a type to each column.

A column all of whose cells are numbers written the plain way holds numbers, one of `true` and
`false` truth values; all others, and the key, texts. So `02134` stays what it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any, BinaryIO

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import csv_table
from campana.services.reference_tables import MOST_COLUMNS, MOST_ROWS
from campana.services.table import Broken, TableProblem
from campana.services.values import text_of

_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?")
_TRUTH = {"true": True, "false": False}
_SHOWN_PROBLEMS = 20


def document_of(file: BinaryIO, *, key: str | None = None) -> dict[str, Any]:
    """A ReferenceTableDocument in plain values. The file is closed.

    Args:
        file: seekable; its first line names the columns.
        key: the column that finds a row; the first one, unless told otherwise.

    Raises:
        InvalidParameter: at `/file` or `/key`, each line that is wrong by its number.
    """
    try:
        with csv_table.opened(file) as table:
            header = list(table.header)
            rows = list(islice(table.rows(), MOST_ROWS + 1))
    except TableProblem as error:
        raise _wrong([str(error)]) from None
    problems = _of_header(header)
    if len(rows) > MOST_ROWS:
        problems.append(f"it has more than {MOST_ROWS:,} rows")
    cells: list[list[str]] = []
    for number, row in enumerate(rows, start=2):
        if isinstance(row, Broken):
            problems.append(f"line {number}: {row.reason}")
            continue
        texts = [text_of(cell) for cell in row]
        if any(texts[len(header) :]):
            problems.append(f"line {number}: has more cells than the first line names columns")
        cells.append(texts[: len(header)] + [""] * (len(header) - len(texts)))
    if problems:
        raise _wrong(problems)
    wanted = key or header[0]
    if wanted not in header:
        known = ", ".join(header)
        raise InvalidParameter(
            problems=[FieldProblem(pointer="/key", message=f"must be one of the columns: {known}")]
        )
    columns = [
        [*column] if name == wanted else _typed(column)
        for name, column in zip(header, _turned(cells, width=len(header)), strict=True)
    ]
    return {
        "key": wanted,
        "rows": [dict(zip(header, row, strict=True)) for row in _turned(columns, width=len(cells))],
    }


def _of_header(header: Sequence[str]) -> list[str]:
    problems = [
        f"the column {name!r} must be called with letters of a to z, digits and _,"
        f" such as {_better(name)}"
        for name in header[:MOST_COLUMNS]
        if not _COLUMN.fullmatch(name)
    ]
    problems += [f"two columns are called {name}" for name in _twice(header)]
    if len(header) > MOST_COLUMNS:
        problems.append(f"it has more than {MOST_COLUMNS} columns")
    return problems


def _better(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower()[:50]
    return plain if _COLUMN.fullmatch(plain) else f"column_{plain}".rstrip("_")


def _twice(header: Sequence[str]) -> list[str]:
    return sorted({name for name in header if header.count(name) > 1})


def _typed(column: Sequence[str]) -> list[Any]:
    """The cells of a column in its one type; an empty one is null where that is not text."""
    filled = [text for text in column if text]
    if filled and all(_NUMBER.fullmatch(text) for text in filled):
        return [_number(text) if text else None for text in column]
    if filled and all(text in _TRUTH for text in filled):
        return [_TRUTH.get(text) for text in column]
    return list(column)


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _turned(lines: Sequence[Sequence[Any]], *, width: int) -> list[list[Any]]:
    """Rows as columns, or columns as rows."""
    return [[line[place] for line in lines] for place in range(width)]


def _wrong(problems: Sequence[str]) -> InvalidParameter:
    return InvalidParameter(
        problems=[
            FieldProblem(pointer="/file", message=text) for text in problems[:_SHOWN_PROBLEMS]
        ]
    )
