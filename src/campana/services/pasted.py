"""Rows that somebody pasted, as the file they might have been.

From a spreadsheet they come with tabs, from elsewhere with commas, semicolons or one number a
line; with a first line that names the columns, or without one. Where none does, one is put before
them, by what the cells look like; JSONL names its own. What a column means is asked as of any file.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services.csv_table import sniffed

MOST_CHARACTERS = 1_000_000
"""Of what is pasted; more is a file."""
_LOOKED_AT = 20
"""Rows that say what a column holds."""
_NUMBER = re.compile(r"[+(]?[\d\s().+/-]{6,30}")
_FEWEST_DIGITS = 6
_NAMES = ("first_name", "last_name")
"""What columns of words are taken for, in this order; the person may say otherwise."""


def as_file(text: str) -> io.BytesIO:
    """The text as a CSV file whose first line names its columns.

    Raises:
        InvalidParameter: `/pasted` is too long.
    """
    if len(text) > MOST_CHARACTERS:
        message = (
            f"is longer than {MOST_CHARACTERS:,} characters: save it as a file and choose that"
        )
        raise InvalidParameter(problems=[FieldProblem(pointer="/pasted", message=message)])
    lines = text.replace("\r\n", "\n").strip("\n")
    delimiter = sniffed(lines)
    reader = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter, skipinitialspace=True)
    rows = list(islice((row for row in reader if any(map(str.strip, row))), _LOOKED_AT))
    if rows and any(map(_is_address, rows[0])) and not lines.startswith("{"):
        lines = f"{delimiter.join(_header(rows))}\n{lines}"
    return io.BytesIO(lines.encode())


def _header(rows: Sequence[Sequence[str]]) -> list[str]:
    """A name for each column, no two alike."""
    found: list[str] = []
    for place in range(max(map(len, rows))):
        cells = [row[place].strip() for row in rows if place < len(row) and row[place].strip()]
        found.append(_free(_kind(cells), found))
    return found


def _kind(cells: Sequence[str]) -> str:
    """What most of the cells are."""
    half = len(cells) / 2
    if cells and sum("@" in each for each in cells) >= half:
        return "email"
    if cells and sum(map(_is_number, cells)) >= half:
        return "phone"
    return "name"


def _free(kind: str, taken: Sequence[str]) -> str:
    names = _NAMES if kind == "name" else (kind, *(f"{kind}_{n}" for n in range(2, 20)))
    return next((each for each in names if each not in taken), f"column_{len(taken) + 1}")


def _is_address(cell: str) -> bool:
    return "@" in cell or _is_number(cell.strip())


def _is_number(cell: str) -> bool:
    """It may be a phone number: enough digits, and nothing but what is written between them."""
    digits = sum(each.isdecimal() for each in cell)
    return digits >= _FEWEST_DIGITS and _NUMBER.fullmatch(cell) is not None
