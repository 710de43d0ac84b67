"""What a program answered to a step of a script: the values that are kept of it.

A value is a text, a number, or true or false; what is longer than anybody says aloud is cut.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

MOST_CHARACTERS = 500
"""Of a value that is kept."""


def kept(answer: str, saves: Mapping[str, str]) -> dict[str, str] | None:
    """The values that `saves` asks for, by their names; None when the answer does not have them.

    Args:
        answer: the body, as text.
        saves: name → where the value stands, such as `slots.0.day`.
    """
    if not saves:
        return {}
    try:
        body: object = json.loads(answer, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    found = {name: _text(_at(body, path.split("."))) for name, path in saves.items()}
    values = {name: value for name, value in found.items() if value is not None}
    return values if len(values) == len(saves) else None


def _at(value: object, path: list[str]) -> object:
    for part in path:
        if isinstance(value, dict):
            value = cast("dict[str, object]", value).get(part)
        elif isinstance(value, list) and part.isdecimal() and len(part) < 6:
            listed = cast("list[object]", value)
            value = listed[int(part)] if int(part) < len(listed) else None
        else:
            return None
    return value


def _text(value: object) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return " ".join(value.split())[:MOST_CHARACTERS]
        case int() | float():
            return json.dumps(value)[:MOST_CHARACTERS]
        case _:
            return None


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
