"""A spreadsheet (XLSX, ODS) as a header and rows: taken out once, then read as a stream."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from campana.domain.contact import AttributeValue
from campana.services import archives, sheet_process
from campana.services.table import Row, TableProblem, checked_header
from campana.services.values import text_of

SIGNATURE = b"PK\x03\x04"

_DECODER = msgspec.json.Decoder(list[int | float | str | bool])
_TOO_MUCH = "the sheet needs more memory or time to read than is allowed: save it as CSV"


async def take_out(workbook: Path, rows: BinaryIO) -> None:
    """Write the rows of the first sheet that is shown to `rows`, for `opened`.

    Raises:
        TableProblem: it is no spreadsheet, damaged, protected, or would unpack to too much.
    """
    await asyncio.to_thread(_check, workbook)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        sheet_process.__name__,
        str(workbook),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=rows,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == sheet_process.UNREADABLE:
        raise TableProblem(f"the spreadsheet cannot be read: {said.decode(errors='replace')}")
    if process.returncode != 0:
        raise TableProblem(_TOO_MUCH)


def _check(workbook: Path) -> None:
    with workbook.open("rb") as file:
        archives.check(file)


class SheetRows:
    """What `take_out` wrote. Made by `opened`."""

    def __init__(self, file: BinaryIO) -> None:
        """Read as far as the header.

        Raises:
            TableProblem: there is none.
        """
        self._file = file
        self._read = 0
        first = next(self._lines(), None)
        if first is None:
            raise TableProblem("the file has no rows")
        self.header: list[str] = checked_header([text_of(cell) for cell in first])
        if "\0" in "".join(self.header):
            raise TableProblem("the header holds a NUL character")

    @property
    def bytes_read(self) -> int:
        """How far into the rows reading has come."""
        return self._read

    def rows(self) -> Iterator[Row]:
        """The rows below the header, once."""
        return self._lines()

    def _lines(self) -> Iterator[list[AttributeValue]]:
        while line := self._file.readline():
            self._read += len(line)
            yield list(_DECODER.decode(line))


@contextmanager
def opened(file: BinaryIO) -> Generator[SheetRows]:
    """The rows taken out of a sheet, in a file which is closed with it.

    Raises:
        TableProblem: there are none.
    """
    with file:
        yield SheetRows(file)
