"""A CSV file of unknown making as a header and rows, read as a stream in flat memory.

Delimiter, quotes and line ends are found out; a row that cannot be read is handed out as `Broken`
and reading goes on below it. What a column means is `services/columns.py`.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from itertools import islice
from typing import BinaryIO

from campana.services.defusing import restored
from campana.services.encodings import UNREADABLE, encoding_of
from campana.services.table import (
    ROW_LIMIT,
    SHOWN_CHARACTERS,
    Broken,
    Row,
    TableProblem,
    checked_header,
)

# The row's own limit is the one that acts; this one is the module's, for the whole process.
csv.field_size_limit(ROW_LIMIT + 1)

_DELIMITERS = ",;\t|"
_SAMPLE_CHARACTERS = 1 << 16
_BLOCK_CHARACTERS = 1 << 16
_SAMPLE_ROWS = 20
_LINE_ENDS = ("\r", "\n")
_SIGNATURES = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file: save it as XLSX or CSV"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
)


class CsvTable:
    """A header and the rows below it; blank lines are passed over. Made by `opened`."""

    def __init__(self, text: io.TextIOWrapper, *, file: BinaryIO) -> None:
        """Read as far as the header.

        Raises:
            TableProblem: there is none.
        """
        self._file, self._text = file, text
        sample = text.read(_SAMPLE_CHARACTERS)
        text.seek(0)
        self._lines = _Lines()
        self.delimiter = _announced(sample)
        if self.delimiter is None:
            self.delimiter = sniffed(sample)
        else:
            text.readline()
        self._rows = self._read(self.delimiter)
        self.header = _header(next(self._rows, None))

    @property
    def bytes_read(self) -> int:
        """How far into the file reading has come, a buffer ahead of the rows handed out."""
        return self._file.tell()

    def rows(self) -> Iterator[Row]:
        """The rows below the header, once."""
        return self._rows

    def _read(self, delimiter: str) -> Iterator[Row]:
        while block := _block(self._text):
            if '"' in block or len(block) > ROW_LIMIT:
                yield from self._read_carefully(block, delimiter)
            else:
                yield from _read_plainly(block, delimiter)

    def _read_carefully(self, block: str, delimiter: str) -> Iterator[Row]:
        """The rows that begin in the block, however far they reach."""
        self._lines.go_on_with(block, self._text)
        reader = _reader(self._lines, delimiter)
        while not self._lines.is_through_block:
            self._lines.begin_row()
            cells = next(reader, None)
            match self._lines.stop:
                case None:
                    stripped = [restored(cell.strip()) for cell in cells or ()]
                    if any(stripped):
                        yield stripped
                    continue
                case _Stop.END:
                    return
                case _Stop.LONG_LINE:
                    reason = f"the row is longer than {ROW_LIMIT:,} characters"
                    suggestion = "take out the cell that is so long"
                case _Stop.OPEN_QUOTE:
                    reason = "a quotation mark opens a cell and none closes it"
                    suggestion = "close the quotation mark, or write it twice"
            yield Broken(reason=reason, text=self._lines.first_line, suggestion=suggestion)
            self._lines.back_to_second_line()
            reader = _reader(self._lines, delimiter)


@contextmanager
def opened(file: BinaryIO) -> Generator[CsvTable]:
    """The table in a seekable file, which is closed with it.

    Raises:
        TableProblem: it is empty, no text, or does not begin with a header.
    """
    file.seek(0)
    start = file.read(8)
    if not start:
        raise TableProblem("the file is empty")
    for signature, what in _SIGNATURES:
        if start.startswith(signature):
            raise TableProblem(f"this is not a CSV file but {what}")
    encoding = encoding_of(file)
    if encoding is None:
        raise TableProblem("this is not a CSV file: it is not text")
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    with text:
        yield CsvTable(text, file=file)


def _block(text: io.TextIOWrapper) -> str:
    """Some whole lines; empty at the end of the file.

    Of a line that is too long to hold there is a little more than may be held.
    """
    block = text.read(_BLOCK_CHARACTERS)
    if not block or block.endswith("\n"):
        return block
    rest = text.readline(ROW_LIMIT)
    if len(rest) == ROW_LIMIT and not rest.endswith(_LINE_ENDS):
        _pass_over_line(text)
    return block + rest


def _read_plainly(block: str, delimiter: str) -> Iterator[Row]:
    """The rows of lines without a quotation mark: each line is one."""
    is_defused = "'" in block
    for cells in _reader(io.StringIO(block, newline=""), delimiter):
        stripped = list(map(str.strip, cells))
        if is_defused:
            stripped = list(map(restored, stripped))
        if any(stripped):
            yield stripped


class _Stop(Enum):
    """Why the reader was given no further line."""

    END = auto()
    OPEN_QUOTE = auto()
    LONG_LINE = auto()


class _LongLine(str):
    """The beginning of a line that is too long to hold."""

    __slots__ = ()


class _Lines:
    """Lines with their ends; those of the row being read are kept, to be read otherwise if need be.

    A quotation mark nobody closes would swallow the rest of the file: that row is given up, and
    reading goes on at the line below its first.
    """

    def __init__(self) -> None:
        self._sources: deque[Iterator[str]] = deque()
        self._behind: Iterator[str] = iter(())
        self.begin_row()

    def go_on_with(self, block: str, text: io.TextIOWrapper) -> None:
        """Hand out the lines of the block, then those behind it."""
        self._behind = _physical(text)
        self._sources = deque([_physical(io.StringIO(block, newline="")), self._behind])

    @property
    def is_through_block(self) -> bool:
        """Has every line of the block been handed out, and nothing been taken back?"""
        return all(source is self._behind for source in self._sources)

    def begin_row(self) -> None:
        self.first_line = ""
        # As one text: a cell of a million lines would else be a million small objects.
        self._further = io.StringIO(newline="")
        self._long_line: _LongLine | None = None
        self._length = 0
        self.stop: _Stop | None = None

    def back_to_second_line(self) -> None:
        if self._long_line is not None:
            self._sources.appendleft(iter([self._long_line]))
        self._further.seek(0)
        self._sources.appendleft(self._further)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._following()
        if not self.first_line:
            self.stop = self._begin(line)
        else:
            self.stop = self._go_on(line)
        if self.stop is not None:
            raise StopIteration
        return line

    def _begin(self, line: str) -> _Stop | None:
        self.first_line, self._length = line, len(line)
        if isinstance(line, _LongLine):
            return _Stop.LONG_LINE
        return None if line else _Stop.END

    def _go_on(self, line: str) -> _Stop | None:
        self._length += len(line)
        if isinstance(line, _LongLine):
            self._long_line = line
            return _Stop.OPEN_QUOTE
        self._further.write(line)
        return None if line and self._length <= ROW_LIMIT else _Stop.OPEN_QUOTE

    def _following(self) -> str:
        """The next line; empty when there is none."""
        while self._sources:
            line = next(self._sources[0], "")
            if line:
                return line
            self._sources.popleft()
        return ""


def _physical(text: io.TextIOBase) -> Iterator[str]:
    """The lines of the file, one that cannot be held as a `_LongLine`."""
    while line := text.readline(ROW_LIMIT):
        if len(line) < ROW_LIMIT or line.endswith(_LINE_ENDS):
            yield line
            continue
        _pass_over_line(text)
        yield _LongLine(line[:SHOWN_CHARACTERS])


def _pass_over_line(text: io.TextIOBase) -> None:
    """Read to the end of a line that is too long to hold."""
    while (rest := text.readline(ROW_LIMIT)) and not rest.endswith(_LINE_ENDS):
        pass


def _reader(lines: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    # Spaces after a delimiter are passed over, so that a quotation mark behind them is one.
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def _announced(sample: str) -> str | None:
    """The delimiter in a first line such as `sep=;`, which Excel writes and reads."""
    first = sample.partition("\n")[0].strip("\r\n")
    is_announcement = first[:4].lower() == "sep=" and len(first) == 5
    return first[4] if is_announcement and first[4] in _DELIMITERS else None


def sniffed(sample: str) -> str:
    """The delimiter that splits the header into most cells, then the most rows into as many."""

    def score(delimiter: str) -> tuple[int, int]:
        reader = _reader(io.StringIO(sample, newline=""), delimiter)
        rows = [row for row in islice(reader, _SAMPLE_ROWS) if "".join(row).strip()]
        width = len(rows[0]) if rows else 0
        return width, sum(len(row) == width for row in rows)

    return max(_DELIMITERS, key=score)


def _header(row: Row | None) -> list[str]:
    match row:
        case None:
            raise TableProblem("the file has no rows")
        case Broken(reason=reason):
            raise TableProblem(f"the header cannot be read: {reason}")
        case cells:
            header = checked_header([str(cell) for cell in cells])
    if UNREADABLE in "".join(header) or not "".join("".join(header).split()).isprintable():
        raise TableProblem("this is not a CSV file: its first row is not text")
    return header
