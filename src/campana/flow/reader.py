"""Documents read into the dataclasses that describe them, with every problem told.

Reading goes on after a problem, so that one reading finds them all; what could be read is noted in
the reading even when the whole could not.
"""

from __future__ import annotations

import re
from dataclasses import is_dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal, cast, get_args, get_origin

from campana.flow.shapes import (
    COMPILED,
    INVALID,
    MAX_DEPTH,
    MAX_ENTRIES,
    MAX_LENGTH,
    Found,
    Hint,
    Like,
    Marked,
    Range,
    Reading,
    escaped,
    mark,
    optional,
    shape_of,
    split,
)


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
        if kind in COMPILED:
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
        value = COMPILED[kind](plain)
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


def _read_choice(choices: tuple[Hint, ...], plain: object, at: str, reading: Reading) -> object:
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
    inner: tuple[Hint, ...], marks: tuple[object, ...], plain: object, at: str, reading: Reading
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
