"""Frozen dataclasses as documents: what their fields are called, and what they may hold.

`reader` reads documents by it, `schema` describes them, `plain` writes them back.

    first_name: str                                  "firstName": "Ana"
    timeout: Annotated[timedelta, Range(1, 60)]      "timeoutSeconds": 30
    next: Exit                                       a marked text: read as an Exit

It does not know what a flow is.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import (
    Annotated,
    Any,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

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


COMPILED: dict[type, Callable[[str], object]] = {}
"""Classes that are made from a text, and may refuse it with a ValueError that says why."""


def compiled(made: type, make: Callable[[str], object]) -> None:
    """Let fields of the class `made` be read from a text by `make`."""
    COMPILED[made] = make


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


def plain(value: object) -> Plain:
    """A value of these shapes as JSON would hold it; absent fields are left out."""
    if value is None or value.__class__ in {str, int, float, bool}:
        return value
    if isinstance(value, datetime):
        fraction = value.microsecond
        spec = "milliseconds" if fraction and fraction % 1000 == 0 else "auto"
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=spec) + "Z"
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
