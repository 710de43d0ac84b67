"""Which kind of file it is, by what it holds and never by its name; and its rows."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import BinaryIO

from campana.services import csv_table, json_lines, sheets
from campana.services.table import Table, TableProblem

ROWS_SUFFIX = ".rows"
"""Ends the key of rows that were taken out of a sheet."""

_LOOKED_AT = 4096


def is_sheet(file: BinaryIO) -> bool:
    """Does the file begin as a spreadsheet does?"""
    file.seek(0)
    return file.read(len(sheets.SIGNATURE)) == sheets.SIGNATURE


@contextmanager
def opened(file: BinaryIO, *, key: str) -> Generator[Table]:
    """The table in a seekable file, which is closed with it.

    Args:
        file: as it was uploaded, or the rows of a sheet.
        key: where it lies; tells the rows of a sheet apart.

    Raises:
        TableProblem: why it is none.
    """
    if key.endswith(ROWS_SUFFIX):
        with sheets.opened(file) as table:
            yield table
        return
    file.seek(0)
    start = file.read(_LOOKED_AT).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"[" and start[1:].lstrip()[:1] in {b"{", b"]"}:
        file.close()
        raise TableProblem("this is one JSON array: write one object a line instead (JSONL)")
    if start[:1] == b"{":
        with json_lines.opened(file) as table:
            yield table
        return
    with csv_table.opened(file) as table:
        yield table
