"""Many values as one parameter: the text of a PostgreSQL array, made in one go.

The driver writes arrays value by value, which costs more than everything else a large batch does
in Python. A statement reads these with a cast, such as `%(ids)s::uuid[]`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import cast
from uuid import UUID

import msgspec

_JSON = msgspec.json.Encoder()


def uuids(values: Iterable[UUID]) -> str:
    """The text of a `uuid[]`."""
    return "{" + ",".join([value.hex for value in values]) + "}"


def numbers(values: Iterable[int]) -> str:
    """The text of a `bigint[]`, or of a smaller kind."""
    return "{" + ",".join(map(str, values)) + "}"


def numbers_or_none(values: Iterable[int | None]) -> str:
    """The same, where some may be absent."""
    return "{" + ",".join(["null" if value is None else str(value) for value in values]) + "}"


def texts(values: Iterable[str | None]) -> str:
    """The text of a `text[]`, or of an array of anything that is read from text."""
    given = list(values)
    if not given:
        return "{}"
    try:
        joined = "\0".join(cast("list[str]", given))
    except TypeError:  # there are nulls
        if given.count(None) == len(given):
            return "{" + "null," * (len(given) - 1) + "null}"
        joined = None
    # No text of PostgreSQL's has a NUL: it stands between values until all are quoted.
    if joined is None or joined.count("\0") != len(given) - 1:
        return "{" + ",".join([_quoted(value) for value in given]) + "}"
    return '{"' + _escaped(joined).replace("\0", '","') + '"}'


def json(values: Iterable[object]) -> str:
    """The text of a `jsonb[]`; None is an absent value."""
    given = list(values)
    if not given:
        return "{}"
    # One a line: a line end within a text is written as an escape.
    lines = _escaped(_JSON.encode_lines(given).decode()[:-1])
    if None in given:
        return "{" + ",".join([f'"{x}"' if x != "null" else x for x in lines.split("\n")]) + "}"
    return '{"' + lines.replace("\n", '","') + '"}'


def lines(values: Iterable[str]) -> str:
    """Encoded JSON, one value a line: what `string_to_array(…, E'\\n')` reads as a `text[]`. Costs
    both ends less than `texts`, which has to quote every quotation mark."""
    return "\n".join(values)


def once(values: Iterable[str]) -> tuple[str, str]:
    """Two texts of arrays where many values are alike: each of them once, and the place (from 1) of
    each in that."""
    places: dict[str, int] = {}
    found = [places.setdefault(value, len(places) + 1) for value in values]
    return texts(places), numbers(found)


def moments(values: Iterable[datetime | None]) -> str:
    """The text of a `timestamptz[]`."""
    return "{" + ",".join([value.isoformat() if value else "null" for value in values]) + "}"


def _quoted(value: str | None) -> str:
    if value is None:
        return "null"
    return f'"{_escaped(value)}"'


def _escaped(text: str) -> str:
    """As it stands between the quotation marks of an array."""
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    return text.replace('"', '\\"') if '"' in text else text
