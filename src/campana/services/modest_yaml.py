"""YAML of which nobody can make more than it is: no aliases, and nothing nested too deep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import yaml

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import documents

_DEEPEST = 40


def read(text: str) -> object:
    """The plain values of a text, as `documents.read_yaml` reads them.

    Raises:
        InvalidParameter: it is no YAML, or one that is not taken; says in which line.
    """
    for token in _tokens(text):
        if isinstance(token, yaml.AliasToken):
            line = token.start_mark.line + 1
            raise _refused(f"line {line}", "says *name: write it out instead")
    value = documents.read_yaml(text)
    if _depth(value) > _DEEPEST:
        raise _refused("the text", "is nested too deep")
    return value


def _refused(where: str, why: str) -> InvalidParameter:
    return InvalidParameter(problems=[FieldProblem(pointer=where, message=why)])


def _tokens(text: str) -> Iterable[Any]:
    try:
        yield from cast("Iterable[Any]", yaml.scan(text, Loader=yaml.SafeLoader))  # pyright: ignore[reportUnknownMemberType]
    except (yaml.YAMLError, ValueError, RecursionError):
        return  # the reader says it better


def _depth(value: object) -> int:
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        each, depth = waiting.pop()
        deepest = max(deepest, depth)
        below: Iterable[Any] = ()
        if isinstance(each, dict):
            below = cast("dict[str, Any]", each).values()
        elif isinstance(each, list):
            below = cast("list[Any]", each)
        waiting += [(inner, depth + 1) for inner in below]
    return deepest
