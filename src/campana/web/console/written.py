"""Values as people write them into a field: YAML, of which JSON is a part.

Nobody's text can make more of itself than it is: aliases are refused, and what is nested too deep.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec
import yaml

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import documents

LONGEST = 100_000
"""Characters of one text."""
_DEEPEST = 40


class Unreadable(ValueError):
    """The text is no YAML that is taken; says why, and in which line."""


def tidy(text: str) -> str:
    """A text of a form as it was meant: browsers send `\\r\\n`, and YAML knows no tabs."""
    return text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(2).strip("\n").rstrip()


def read(text: str) -> object:
    """The plain values; None of an empty text.

    Raises:
        Unreadable
    """
    text = tidy(text)
    if not text.strip():
        return None
    if len(text) > LONGEST:
        raise Unreadable(f"must have at most {LONGEST:,} characters")
    try:
        if any(isinstance(each, yaml.AliasToken) for each in _tokens(text)):
            raise Unreadable("says *name somewhere: write it out instead")
        value = documents.read_yaml(text)
    except InvalidParameter as error:
        raise Unreadable("; ".join(f"{e.pointer}: {e.message}" for e in error.problems)) from None
    if _depth(value) > _DEEPEST:
        raise Unreadable("is nested too deep")
    return value


def shown(value: object) -> str:
    """The values as a text that reads back as the same; empty for nothing."""
    if value is None or value in ({}, []):
        return ""
    text = str(
        yaml.safe_dump(_in_order(value), sort_keys=False, allow_unicode=True, width=96)  # pyright: ignore[reportUnknownMemberType]
    ).rstrip()
    try:
        if read(text) == value:
            return text
    except Unreadable:
        pass
    # Where the two YAMLs differ (`1e5` is a text in one of them), JSON says it beyond doubt.
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


_RANKS = {
    name: rank
    for rank, name in enumerate(
        (
            "name", "share", "holdOut", "id", "type", "greeting", "text", "answer", "keys", "on",
            "saveAs", "next", "otherwise",
        )
    )
}  # fmt: skip


def _in_order(value: Any) -> Any:  # noqa: ANN401 - any plain value
    """The values as people would write them: what is stored has its names in no order of theirs."""
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        ranked = sorted(named, key=lambda key: (_RANKS.get(key, 50), key == "steps"))
        return {key: _in_order(named[key]) for key in ranked}
    if isinstance(value, list):
        return [_in_order(each) for each in cast("list[Any]", value)]
    return value


def said(text: str, found: Iterable[FieldProblem]) -> str:
    """What is wrong with a text, a line for each: where it stands in the text, and why."""
    try:
        lines: Mapping[str, int] = documents.yaml_lines(tidy(text)) if text.strip() else {}
    except (yaml.YAMLError, ValueError, RecursionError):
        lines = {}
    told: list[tuple[int, str]] = []
    for each in found:
        pointer = each.pointer or ""
        place = pointer.strip("/").replace("/", ".")
        line = _line(lines, pointer)
        where = ", ".join(filter(None, [f"line {line}" if line else "", place]))
        told.append((line, f"{where}: {each.message}" if where else each.message))
    return "\n".join(text for _, text in sorted(told, key=lambda pair: pair[0]))


def _line(lines: Mapping[str, int], pointer: str) -> int:
    """Of what the pointer names; of what it would stand in where it is missing; 0: nowhere."""
    while pointer and pointer not in lines:
        pointer = pointer.rpartition("/")[0]
    return lines.get(pointer, 0) if pointer else 0


def _tokens(text: str) -> Iterable[object]:
    try:
        yield from cast("Iterable[object]", yaml.scan(text, Loader=yaml.SafeLoader))  # pyright: ignore[reportUnknownMemberType]
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
