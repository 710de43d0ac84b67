"""A compiled CEL expression as a tree, each part with its place in the source.

The library that evaluates expressions hands out what it has parsed as a serialized `CheckedExpr`
(cel.expr, checked.proto and syntax.proto); it is read here without the generated classes, of which
six messages would be used. So there is one parser, and what a flow's condition means and what a
segment means cannot drift apart.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

# Wire types of protocol buffers.
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    at: int
    value: str | int | float | bool | bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    at: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """`of.field`, or with `is_test` the question whether it is there."""

    at: int
    of: Part
    field: str
    is_test: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`function(args)` or `target.function(args)`; operators are called `_&&_`, `!_`, `@in`…"""

    at: int
    function: str
    target: Part | None
    args: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    at: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A map, a message or a loop."""

    at: int


Part = Constant | Name | Select | Call | Listed | Other
"""A piece of an expression; `at` counts characters from the start of the source."""


def read(serialized: bytes) -> Part:
    """The tree in what `cel.Expression.serialize` gives: an Any around a CheckedExpr."""
    checked = _one(serialized, 2)
    places = _places(_one(checked, 5))
    return _Reader(places).part(_one(checked, 4))


class _Reader:
    def __init__(self, places: dict[int, int]) -> None:
        self._places = places

    def part(self, message: bytes) -> Part:
        """One `Expr`."""
        at, kind, body = 0, 0, b""
        for number, value in _fields(message):
            if number == 2 and isinstance(value, int):
                at = self._places.get(value, 0)
            elif isinstance(value, bytes):
                kind, body = number, value
        match kind:
            case 3:
                return Constant(at=at, value=_constant(body))
            case 4:
                return Name(at=at, name=_text(body, 1))
            case 5:
                is_test = any(number == 3 and value for number, value in _fields(body))
                of = self.part(_one(body, 1))
                return Select(at=at, of=of, field=_text(body, 2), is_test=is_test)
            case 6:
                target = _one(body, 1)
                return Call(
                    at=at,
                    function=_text(body, 2),
                    target=self.part(target) if target else None,
                    args=tuple(self.part(each) for each in _every(body, 3)),
                )
            case 7:
                return Listed(at=at, parts=tuple(self.part(each) for each in _every(body, 1)))
            case _:
                return Other(at=at)


def _constant(message: bytes) -> str | int | float | bool | bytes | None:
    for number, value in _fields(message):
        match number, value:
            case 2, int():
                return bool(value)
            case 3, int():
                return value - 2**64 if value >= 2**63 else value
            case 4, int():
                return value
            case 5, bytes():
                return float(struct.unpack("<d", value)[0])
            case 6, bytes():
                return value.decode()
            case 7, bytes():
                return value
            case _:
                return None
    return None


def _places(source_info: bytes) -> dict[int, int]:
    """Where each part stands, by its number."""
    found: dict[int, int] = {}
    for entry in _every(source_info, 4):
        key, value = 0, 0
        for number, given in _fields(entry):
            if isinstance(given, int):
                key, value = (given, value) if number == 1 else (key, given)
        found[key] = value
    return found


def _one(message: bytes, wanted: int) -> bytes:
    return next(_every(message, wanted), b"")


def _text(message: bytes, wanted: int) -> str:
    return _one(message, wanted).decode()


def _every(message: bytes, wanted: int) -> Iterator[bytes]:
    for number, value in _fields(message):
        if number == wanted and isinstance(value, bytes):
            yield value


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field: a varint as it is, all else as its bytes."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        wire = tag & 7
        if wire == _VARINT:
            value, at = _varint(message, at)
            yield tag >> 3, value
            continue
        size = {_FIXED64: 8, _FIXED32: 4}.get(wire)
        if size is None:
            size, at = _varint(message, at)
        yield tag >> 3, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
