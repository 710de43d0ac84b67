"""Frozen dataclasses as documents: read from plain values with every problem told, written back,
and described as JSON Schema, all three from the same fields.

    first_name: str                                  "firstName": "Ana"
    timeout: Annotated[timedelta, Range(1, 60)]      "timeoutSeconds": 30
    next: Exit                                       a marked text: read as an Exit

It does not know what a flow is.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import (
    Annotated,
    Any,
    Literal,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from campana.domain.clock import parse_moment
from campana.domain.errors import FieldProblem

MAX_DEPTH = 16
"""How deep lists and objects of free form may nest."""
MAX_ENTRIES = 100
"""Entries of a list or an object that states no other limit."""
MAX_LENGTH = 1_000
"""Characters of a text that states no other limit."""


Hint: TypeAlias = Any
"""A type as annotations write it."""
Plain: TypeAlias = Any
"""A value as JSON holds it."""
M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Range:
    """Least and most: of a number, of seconds, of entries, or of a text's characters."""

    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Like:
    """A text that matches the whole pattern, in words for people."""

    pattern: str
    words: str


class Invalid:
    """Stands for a value that could not be read; the problem has been told."""


INVALID = Invalid()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A marked value and where it stands."""

    pointer: str
    value: object


@dataclass(slots=True, kw_only=True)
class Reading:
    """What was seen while a document was read."""

    problems: list[FieldProblem] = field(default_factory=list[FieldProblem])
    found: list[Found] = field(default_factory=list[Found])

    def problem(self, pointer: str, message: str) -> Invalid:
        """Tell what is wrong there."""
        self.problems.append(FieldProblem(pointer=pointer, message=message))
        return INVALID


class Marked(str):
    """A text with a meaning of its own; subclasses are told apart and noted in the reading.

    `PATTERN` is what it must look like, in `WORDS` for people.
    """

    __slots__ = ()

    PATTERN = r"[A-Za-z][A-Za-z0-9_]{0,63}"
    WORDS = "must be letters, digits and _, beginning with a letter"


_COMPILED: dict[type, Callable[[str], object]] = {}
"""Classes that are made from a text, and may refuse it with a ValueError that says why."""


def compiled(made: type, make: Callable[[str], object]) -> None:
    """Let fields of the class `made` be read from a text by `make`."""
    _COMPILED[made] = make


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldShape:
    """A field of a dataclass as a document has it."""

    name: str
    key: str
    hint: Hint
    is_required: bool
    why: str | None
    """What to say of it when it is missing, if not just that."""


@lru_cache(maxsize=512)
def shape_of(cls: type) -> tuple[FieldShape, ...]:
    """The fields of a dataclass, in order."""
    hints = get_type_hints(cls, include_extras=True)
    return tuple(
        _field_shape(each, hints[each.name])
        for each in fields(cls)
        if not each.name.startswith("_")
    )


def _field_shape(described: Field[Any], hint: Hint) -> FieldShape:
    bare = described.default is MISSING and described.default_factory is MISSING
    return FieldShape(
        name=described.name,
        key=_key(described.name, hint),
        hint=hint,
        is_required=bare,
        why=described.metadata.get("why"),
    )


def _key(name: str, hint: Hint) -> str:
    first, *rest = name.rstrip("_").split("_")
    key = first + "".join(word.capitalize() for word in rest)
    return f"{key}Seconds" if split(optional(hint)[0])[0] is timedelta else key


def optional(hint: Hint) -> tuple[Hint, bool]:
    """The type without its None, and whether it had one."""
    if get_origin(hint) in {Union, types.UnionType}:
        (inner,) = (each for each in get_args(hint) if each is not type(None))
        return inner, True
    return hint, False


def split(hint: Hint) -> tuple[Hint, tuple[object, ...]]:
    """A type and what it is annotated with."""
    if get_origin(hint) is Annotated:
        inner, *marks = get_args(hint)
        return inner, tuple(marks)
    return hint, ()


def mark(marks: tuple[object, ...], kind: type[M]) -> M | None:
    return next((mark for mark in marks if isinstance(mark, kind)), None)


def read(cls: type, plain: object, *, at: str, reading: Reading) -> object:
    """`plain` as a `cls`, or INVALID when the reading has a problem with it."""
    if not isinstance(plain, dict):
        return reading.problem(at, "must be an object")
    document = cast("dict[str, object]", plain)
    known = {shape.key: shape for shape in shape_of(cls)}
    for key in document.keys() - known.keys():
        reading.problem(f"{at}/{escaped(key)}", "is not a known field")
    values: dict[str, object] = {}
    for key, shape in known.items():
        value = document.get(key)
        if value is not None:
            values[shape.name] = read_as(shape.hint, value, at=f"{at}/{key}", reading=reading)
        elif shape.is_required:
            values[shape.name] = reading.problem(f"{at}/{key}", shape.why or "is required")
    if any(value is INVALID for value in values.values()):
        return INVALID
    made = cls(**values)
    check = getattr(made, "check", None)
    for key, message in check() if check else ():
        reading.problem(f"{at}/{key}" if key else at, message)
    return made


def read_as(hint: Hint, plain: object, *, at: str, reading: Reading) -> object:
    """`plain` as what a type hint says."""
    kind, marks = split(optional(hint)[0])
    if isinstance(kind, type) and not get_origin(kind):
        kind = cast("type[object]", kind)
        if kind in _COMPILED:
            return _read_compiled(kind, plain, at, reading)
        if issubclass(kind, Marked):
            return _read_marked(kind, plain, at, reading)
        if is_dataclass(kind):
            return read(kind, plain, at=at, reading=reading)
        if issubclass(kind, StrEnum):
            return _read_choice(tuple(kind), plain, at, reading)
        return _read_scalar(kind, marks, plain, at, reading)
    match get_origin(kind):
        case origin if origin is tuple:
            return _read_list(get_args(kind)[0], marks, plain, at, reading)
        case origin if origin is Literal:
            return _read_choice(get_args(kind), plain, at, reading)
        case _:
            return _read_mapping(get_args(kind), marks, plain, at, reading)


def _read_compiled(kind: type, plain: object, at: str, reading: Reading) -> object:
    if not isinstance(plain, str):
        return reading.problem(at, "must be a text")
    try:
        value = _COMPILED[kind](plain)
    except ValueError as error:
        return reading.problem(at, str(error))
    reading.found.append(Found(pointer=at, value=value))
    return value


def _read_marked(kind: type[Marked], plain: object, at: str, reading: Reading) -> object:
    if not isinstance(plain, str):
        return reading.problem(at, "must be a text")
    if not re.fullmatch(kind.PATTERN, plain):
        return reading.problem(at, kind.WORDS)
    value = kind(plain)
    reading.found.append(Found(pointer=at, value=value))
    return value


def _read_choice(choices: tuple[Any, ...], plain: object, at: str, reading: Reading) -> object:
    for choice in choices:
        if plain == choice and isinstance(plain, str):
            return choice
    return reading.problem(at, "must be one of " + ", ".join(map(str, choices)))


def _read_scalar(
    kind: type, marks: tuple[object, ...], plain: object, at: str, reading: Reading
) -> object:
    if kind is str:
        return _read_text(marks, plain, at, reading)
    if kind is bool:
        return plain if isinstance(plain, bool) else reading.problem(at, "must be true or false")
    if kind is datetime:
        return _read_moment(plain, at, reading)
    if kind is object:
        return read_json(plain, at=at, reading=reading)
    return _read_number(kind, marks, plain, at, reading)


def _read_text(marks: tuple[object, ...], plain: object, at: str, reading: Reading) -> object:
    if not isinstance(plain, str):
        return reading.problem(at, "must be a text")
    bounds = mark(marks, Range) or Range(1, MAX_LENGTH)
    like = mark(marks, Like)
    if len(plain.strip()) < bounds.least:
        return reading.problem(at, "must not be empty")
    if len(plain) > bounds.most:
        return reading.problem(at, f"must have at most {bounds.most:.0f} characters")
    if like and not re.fullmatch(like.pattern, plain):
        return reading.problem(at, like.words)
    return plain


def _read_number(
    kind: type, marks: tuple[object, ...], plain: object, at: str, reading: Reading
) -> object:
    is_whole = kind is int
    if isinstance(plain, bool) or not isinstance(plain, int if is_whole else int | float):
        return reading.problem(at, f"must be a {'whole ' if is_whole else ''}number")
    number = cast("float", plain)
    bounds = mark(marks, Range) or Range(-(2**53), 2**53)
    if not bounds.least <= number <= bounds.most:
        return reading.problem(at, f"must be between {bounds.least:.15g} and {bounds.most:.15g}")
    return timedelta(seconds=number) if kind is timedelta else kind(number)


def _read_moment(plain: object, at: str, reading: Reading) -> object:
    if isinstance(plain, str):
        try:
            return parse_moment(plain)
        except ValueError:
            pass
    return reading.problem(at, "must be an ISO 8601 date or time")


def _read_list(
    inner: Hint, marks: tuple[object, ...], plain: object, at: str, reading: Reading
) -> object:
    if not isinstance(plain, list):
        return reading.problem(at, "must be a list")
    entries = cast("list[object]", plain)
    wrong = _miscounted(len(entries), marks)
    if wrong:
        return reading.problem(at, wrong)
    values = [
        read_as(inner, entry, at=f"{at}/{index}", reading=reading)
        for index, entry in enumerate(entries)
    ]
    return INVALID if any(value is INVALID for value in values) else tuple(values)


def _read_mapping(
    inner: tuple[Any, ...], marks: tuple[object, ...], plain: object, at: str, reading: Reading
) -> object:
    if not isinstance(plain, dict):
        return reading.problem(at, "must be an object")
    entries = cast("dict[str, object]", plain)
    wrong = _miscounted(len(entries), marks)
    if wrong:
        return reading.problem(at, wrong)
    read_entries: dict[object, object] = {}
    for key, entry in entries.items():
        place = f"{at}/{escaped(key)}"
        name = read_as(inner[0], key, at=place, reading=reading)
        read_entries[name] = read_as(inner[1], entry, at=place, reading=reading)
    wrong_ones = any(x is INVALID for pair in read_entries.items() for x in pair)
    return INVALID if wrong_ones else read_entries


def _miscounted(count: int, marks: tuple[object, ...]) -> str | None:
    bounds = mark(marks, Range) or Range(0, MAX_ENTRIES)
    if count < bounds.least:
        return f"must have at least {bounds.least:.0f} " + (
            "entry" if bounds.least == 1 else "entries"
        )
    return f"must have at most {bounds.most:.0f} entries" if count > bounds.most else None


def read_json(plain: object, *, at: str, reading: Reading, depth: int = 0) -> object:
    """A value of free form: what JSON can say, not too deep."""
    if depth > MAX_DEPTH:
        return reading.problem(at, f"must not nest deeper than {MAX_DEPTH}")
    if isinstance(plain, dict):
        below = cast("dict[str, object]", plain).values()
    elif isinstance(plain, list):
        below = cast("list[object]", plain)
    else:
        is_known = plain is None or isinstance(plain, str | int | float | bool)
        return plain if is_known else reading.problem(at, "is not a value of JSON")
    deeper = [read_json(each, at=at, reading=reading, depth=depth + 1) for each in below]
    return INVALID if any(each is INVALID for each in deeper) else cast("object", plain)


def plain(value: object) -> Plain:
    """A value of these shapes as JSON would hold it; absent fields are left out."""
    if value is None or value.__class__ in {str, int, float, bool}:
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return int(seconds) if seconds.is_integer() else seconds
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, object]", value)
        return {str(key): plain(each) for key, each in entries.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in cast("list[object]", value)]
    if is_dataclass(value):
        pairs = ((shape.key, getattr(value, shape.name)) for shape in shape_of(type(value)))
        return {key: plain(each) for key, each in pairs if each is not None}
    return str(value)


def escaped(key: object) -> str:
    """A token of a JSON pointer (RFC 6901)."""
    return str(key).replace("~", "~0").replace("/", "~1")
