"""Objects, one a line (JSONL), as a header and rows; types stay what they are.

The columns are the keys of all lines: a first reading finds them, in flat memory. Lists and objects
inside become columns of their own: `"phones": ["…", "…"]` is `phones` and `phones 2`, what is under
`attributes` stands there as if it were not, and a list of tags is one cell.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import msgspec

from campana.domain.contact import AttributeValue
from campana.services.table import (
    MAX_COLUMNS,
    ROW_LIMIT,
    SHOWN_CHARACTERS,
    Broken,
    Row,
    TableProblem,
    checked_header,
)

_MARK = b"\xef\xbb\xbf"
_UNWRAPPED = "attributes"
_TAGS = "tags"
_DEEPEST = 4
_DECODER = msgspec.json.Decoder(dict[str, Any])


class JsonLines:
    """The objects of a file. Made by `opened`."""

    def __init__(self, file: BinaryIO) -> None:
        """Find the columns.

        Raises:
            TableProblem: there are too many, or no line is an object.
        """
        self._file = file
        self._read = 0
        keys: dict[str, None] = {}
        for row in self._objects():
            if not isinstance(row, Broken):
                keys.update(dict.fromkeys(row))
                checked_header(list(keys))
        if not keys:
            raise TableProblem("no line of the file is a JSON object with a key in it")
        self.header: list[str] = list(keys)

    @property
    def bytes_read(self) -> int:
        """How far into the file reading has come."""
        return self._read

    def rows(self) -> Iterator[Row]:
        """The objects, each as the cells of all columns."""
        places = {key: place for place, key in enumerate(self.header)}
        for row in self._objects():
            if isinstance(row, Broken):
                yield row
                continue
            cells: list[AttributeValue] = [""] * len(places)
            for key, value in row.items():
                cells[places[key]] = value
            yield cells

    def _objects(self) -> Iterator[Mapping[str, AttributeValue] | Broken]:
        self._file.seek(0)
        if self._file.read(len(_MARK)) != _MARK:
            self._file.seek(0)
        self._read = self._file.tell()
        while line := self._file.readline(ROW_LIMIT):
            self._read += len(line)
            if len(line) == ROW_LIMIT and not line.endswith(b"\n"):
                self._pass_over()
                reason = f"the line is longer than {ROW_LIMIT:,} bytes"
                yield _broken(line, reason, "take out what is so long")
            elif line.strip():
                yield _object(line)

    def _pass_over(self) -> None:
        """Read to the end of a line that is too long to hold."""
        while rest := self._file.readline(ROW_LIMIT):
            self._read += len(rest)
            if rest.endswith(b"\n"):
                return


def _object(line: bytes) -> Mapping[str, AttributeValue] | Broken:
    try:
        value = _DECODER.decode(line)
        cells = dict(_flat(value))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _broken(line, f"the line is no JSON object: {error}", "write one object a line")
    if len(cells) > MAX_COLUMNS:
        reason = f"the object has {len(cells):,} values; {MAX_COLUMNS:,} are read"
        return _broken(line, reason, "take out what no contact needs")
    return cells


def _broken(line: bytes, reason: str, suggestion: str) -> Broken:
    text = line[:SHOWN_CHARACTERS].decode(errors="replace")
    return Broken(reason=reason, text=text, suggestion=suggestion)


def _flat(
    value: Mapping[str, Any], *, above: str = "", depth: int = 1
) -> Iterator[tuple[str, AttributeValue]]:
    """Every value that is no list and no object, with the way to it as its key."""
    if depth > _DEEPEST:
        raise msgspec.DecodeError("it is nested too deep")
    for key, each in value.items():
        name = f"{above} {key}" if above else key
        if "\0" in name:
            raise msgspec.DecodeError("a key holds a NUL character")
        match each:
            case None:
                continue
            case dict():
                inside = "" if name == _UNWRAPPED else name
                yield from _flat(cast("dict[str, Any]", each), above=inside, depth=depth + 1)
            case list():
                listed = _listed(name, cast("list[Any]", each))
                yield from _flat(listed, depth=depth + 1)
            case str():
                if text := each.strip():
                    yield name, text
            case _:
                yield name, each


def _listed(name: str, values: Sequence[Any]) -> Mapping[str, Any]:
    if name == _TAGS and all(isinstance(each, str) for each in values):
        return {name: ",".join(values)}
    return {
        name if place == 1 else f"{name} {place}": each
        for place, each in enumerate(values, start=1)
    }


@contextmanager
def opened(file: BinaryIO) -> Generator[JsonLines]:
    """The objects of a seekable file, which is closed with it.

    Raises:
        TableProblem: none of its lines is one, or they have too many keys.
    """
    with file:
        yield JsonLines(file)
