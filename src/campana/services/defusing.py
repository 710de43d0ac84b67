"""Cells that no spreadsheet takes for a formula, and back again (OWASP: CSV injection).

An apostrophe goes in front, which a spreadsheet takes for "this is text". What Campana writes and
reads again is what it was; of a cell that others wrote so, their apostrophe goes, as with them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_DEFUSED = re.compile(r"'+[=+\-@\t\r]")


def defused(cell: object) -> str:
    """A cell as a text that stays one; empty for None."""
    shown_as = "" if cell is None else str(cell)
    return "'" + shown_as if _FORMULA.match(shown_as) else shown_as


def csv_lines(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows as lines of a CSV file, their cells defused."""
    text = io.StringIO()
    csv.writer(text).writerows([defused(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def restored(cell: str) -> str:
    """What a cell was before it was defused."""
    return cell[1:] if cell[:1] == "'" and _DEFUSED.match(cell) else cell
