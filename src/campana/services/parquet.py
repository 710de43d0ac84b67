"""A Parquet file, written a group of rows at a time (Apache Parquet format 2).

As plain as the format allows: optional columns of four types, one page a column and group, values
one after another (PLAIN), gzip around a page, definition levels as one RLE run a change. The
library that writes Parquet, pyarrow, is 55 MB; this writes what it reads. The metadata is Thrift's
compact protocol, of which six types of field are needed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any

_MAGIC = b"PAR1"
_GZIP = 2
_PLAIN, _RLE = 0, 3
_OPTIONAL = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Thrift's compact protocol: types of fields.
_I32, _I64, _BINARY, _LIST, _STRUCT, _TRUE = 5, 6, 8, 9, 12, 1


class Type(IntEnum):
    """What a column holds, as the format's physical type counts."""

    WHOLE = 2
    """Up to 64 bits."""
    NUMBER = 5
    """A double."""
    TEXT = 6
    MOMENT = -2
    """A whole number of microseconds since 1970 in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column; any cell may be empty."""

    name: str
    type: Type


class Writer:
    """Hands out the pieces of one file: `head`, a `group` for some rows each, `foot`."""

    def __init__(self, fields: Sequence[Field]) -> None:
        """Of these columns."""
        self._fields = fields
        self._groups: list[bytes] = []
        self._at = 0
        self._rows = 0

    def head(self) -> bytes:
        """What a file begins with."""
        self._at = len(_MAGIC)
        return _MAGIC

    def group(self, columns: Sequence[Sequence[Any]]) -> bytes:
        """Some rows, given as their columns; None is an empty cell."""
        pieces: list[bytes] = []
        chunks: list[bytes] = []
        total = 0
        rows = len(columns[0]) if columns else 0
        for column, values in zip(self._fields, columns, strict=True):
            page = _levels(values) + _values(column.type, values)
            packed = _gzipped(page)
            header = _page_header(len(page), len(packed), rows)
            size, plain = len(header) + len(packed), len(header) + len(page)
            chunks.append(_chunk(column, rows, plain=plain, size=size, at=self._at))
            pieces += [header, packed]
            self._at += size
            total += plain
        self._rows += rows
        self._groups.append(
            _struct((1, _LIST, _listed(_STRUCT, chunks)), (2, _I64, total), (3, _I64, rows))
        )
        return b"".join(pieces)

    def foot(self) -> bytes:
        """Where everything is, at the end."""
        root = _struct((4, _BINARY, b"schema"), (5, _I32, len(self._fields)))
        schema = [root, *(_schema(each) for each in self._fields)]
        footer = _struct(
            (1, _I32, 2),
            (2, _LIST, _listed(_STRUCT, schema)),
            (3, _I64, self._rows),
            (4, _LIST, _listed(_STRUCT, self._groups)),
            (6, _BINARY, b"Campana"),
        )
        return footer + struct.pack("<I", len(footer)) + _MAGIC


def _physical(kind: Type) -> int:
    return int(Type.WHOLE) if kind is Type.MOMENT else int(kind)


def _schema(field: Field) -> bytes:
    """A SchemaElement: a text is UTF-8, a moment counts microseconds of UTC."""
    logical: list[tuple[int, int, Any]] = []
    if field.type is Type.TEXT:
        logical = [(6, _I32, 0), (10, _STRUCT, _struct((1, _STRUCT, _struct())))]
    elif field.type is Type.MOMENT:
        unit = _struct((2, _STRUCT, _struct()))
        moment = _struct((1, _TRUE, None), (2, _STRUCT, unit))
        logical = [(6, _I32, 10), (10, _STRUCT, _struct((8, _STRUCT, moment)))]
    return _struct(
        (1, _I32, _physical(field.type)),
        (3, _I32, _OPTIONAL),
        (4, _BINARY, field.name.encode()),
        *logical,
    )


def _page_header(plain: int, packed: int, rows: int) -> bytes:
    data = _struct((1, _I32, rows), (2, _I32, _PLAIN), (3, _I32, _RLE), (4, _I32, _RLE))
    return _struct((1, _I32, 0), (2, _I32, plain), (3, _I32, packed), (5, _STRUCT, data))


def _chunk(field: Field, rows: int, *, plain: int, size: int, at: int) -> bytes:
    encodings = _listed(_I32, [_varint(_zigzag(each)) for each in (_PLAIN, _RLE)])
    metadata = _struct(
        (1, _I32, _physical(field.type)),
        (2, _LIST, encodings),
        (3, _LIST, _listed(_BINARY, [_sized(field.name.encode())])),
        (4, _I32, _GZIP),
        (5, _I64, rows),
        (6, _I64, plain),
        (7, _I64, size),
        (9, _I64, at),
    )
    return _struct((2, _I64, at), (3, _STRUCT, metadata))


def _levels(values: Sequence[Any]) -> bytes:
    """Which cells are there: runs of one bit each, their length before them."""
    runs = bytearray()
    count, present = 0, False
    for value in values:
        if (value is not None) is present or count == 0:
            present, count = value is not None, count + 1
            continue
        runs += _varint(count << 1) + bytes([present])
        present, count = not present, 1
    if count:
        runs += _varint(count << 1) + bytes([present])
    return struct.pack("<I", len(runs)) + bytes(runs)


def _values(kind: Type, values: Sequence[Any]) -> bytes:
    there = [value for value in values if value is not None]
    match kind:
        case Type.TEXT:
            return b"".join(
                struct.pack("<I", len(text)) + text for text in (str(v).encode() for v in there)
            )
        case Type.NUMBER:
            return struct.pack(f"<{len(there)}d", *there)
        case Type.WHOLE:
            return struct.pack(f"<{len(there)}q", *there)
        case Type.MOMENT:
            micro = timedelta(microseconds=1)
            return struct.pack(f"<{len(there)}q", *((each - _EPOCH) // micro for each in there))


def _gzipped(data: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def _struct(*fields: tuple[int, int, Any]) -> bytes:
    """Fields by number, type and value; a list or struct comes written."""
    written, last = bytearray(), 0
    for number, kind, value in fields:
        written.append((number - last) << 4 | kind)
        last = number
        if kind in (_I32, _I64):
            written += _varint(_zigzag(value))
        elif kind == _BINARY:
            written += _sized(value)
        elif kind != _TRUE:
            written += value
    return bytes(written) + b"\0"


def _listed(kind: int, parts: Sequence[bytes]) -> bytes:
    head = bytes([len(parts) << 4 | kind]) if len(parts) < 15 else (
        bytes([0xF0 | kind]) + _varint(len(parts))
    )  # fmt: skip
    return head + b"".join(parts)


def _sized(data: bytes) -> bytes:
    return _varint(len(data)) + data


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    written.append(value)
    return bytes(written)
