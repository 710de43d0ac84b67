"""The first sheet of a workbook as lines of JSON on standard output, in a process of its own.

`python -m campana.services.sheet_process WORKBOOK`

A workbook is read whole before its first row is had, and a small file can hold a large sheet (one
text in a million cells). So it is read where memory and time are limited, once; what comes out is
then read as a stream like any other file. Exit 3: it cannot be read, the reason on standard error.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta

import msgspec

MEMORY_LIMIT = 3 << 30
CPU_SECONDS = 300
UNREADABLE = 3

_EMPTY = ("", None)

Cell = int | float | str | bool | date | datetime | time | timedelta | None


def main(path: str) -> int:
    """Write the rows of the first sheet that is shown and has any."""
    _limit()
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    encode = msgspec.json.Encoder().encode
    try:
        with open(path, "rb") as file, CalamineWorkbook.from_filelike(file) as workbook:  # pyright: ignore[reportUnknownMemberType]
            for sheet in workbook.sheets_metadata:
                if sheet.visible is not SheetVisibleEnum.Visible:
                    continue
                rows = _rows(workbook.get_sheet_by_name(sheet.name).iter_rows())
                first = next(rows, None)
                if first is None:
                    continue
                out = sys.stdout.buffer
                out.write(encode(first) + b"\n")
                out.writelines(encode(row) + b"\n" for row in rows)
                out.flush()
                return 0
    except (CalamineError, ValueError) as error:
        sys.stderr.write(" ".join(str(error).split())[:200])
        return UNREADABLE
    return 0


def _limit() -> None:
    """Bound this process; where the system has no such limits the archive's own must do."""
    try:
        import resource
    except ImportError:
        return
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY_LIMIT),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (wanted, hard))


def _rows(rows: Iterable[Sequence[Cell]]) -> Iterator[list[int | float | str | bool]]:
    """Rows that hold something, without the empty cells at their ends."""
    for row in rows:
        width = len(row)
        while width and row[width - 1] in _EMPTY:
            width -= 1
        cells = [_cell(cell) for cell in row[:width]]
        if any(cell != "" for cell in cells):
            yield cells


def _cell(cell: Cell) -> int | float | str | bool:
    """A value JSON has: days and times as ISO 8601, whole numbers as such."""
    match cell:
        case None:
            return ""
        case bool() | int():
            return cell
        case float():
            if not math.isfinite(cell):
                return ""
            return int(cell) if cell.is_integer() else cell
        case str():
            return cell.strip()
        case datetime():
            is_day = (cell.hour, cell.minute, cell.second, cell.microsecond) == (0, 0, 0, 0)
            return cell.date().isoformat() if is_day else cell.isoformat(timespec="seconds")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
