"""Where the nodes of a flow lead, and when, in a few words: what a drawing shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import cast

from campana.flow.conditions import Expression, Pattern
from campana.flow.marks import Exit, Join
from campana.flow.run import Node

_LONGEST = 28


@dataclass(frozen=True, slots=True)
class Way:
    """To the node `target`; `by` says when, and is empty where nothing else can happen."""

    target: str
    by: str


def ways(node: Node) -> list[Way]:
    """Every way out of it, in the order in which they are written."""
    return list(_ways(node, ""))


def _ways(value: object, by: str) -> Iterator[Way]:
    if isinstance(value, Exit):
        yield Way(str(value), by)
    elif is_dataclass(value) and not isinstance(value, type):
        said = by or _conditions(value)
        for each in fields(value):
            name = each.name
            yield from _ways(getattr(value, name), said if name == "next" else _when(name))
    elif isinstance(value, Mapping):
        for key, each in cast("Mapping[object, object]", value).items():
            yield from _ways(each, str(key).replace("_", " "))
    elif isinstance(value, tuple):
        for each in cast("tuple[object, ...]", value):
            yield from _ways(each, "")


def _when(name: str) -> str:
    """`on_timeout` as "timeout"; what holds the ways themselves (`cases`) says nothing."""
    return "" if name in {"cases", "branches"} else name.removeprefix("on_").replace("_", " ")


def _conditions(value: object) -> str:
    """Of a case what must hold for it; a node has no such thing."""
    if isinstance(value, Node):
        return ""
    said = [
        _shown(getattr(value, each.name))
        for each in fields(value)  # pyright: ignore[reportArgumentType]
        if not isinstance(getattr(value, each.name), Exit | Join | None)
    ]
    text = " ".join(said)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _shown(value: object) -> str:
    if isinstance(value, Expression | Pattern):
        return re.sub(r"\s+", " ", value.source)
    if isinstance(value, tuple):
        return ", ".join(map(str, cast("tuple[object, ...]", value)))
    if is_dataclass(value) and not isinstance(value, type):
        least, most = getattr(value, "least", None), getattr(value, "most", None)
        return " to ".join(f"{each:g}" for each in (least, most) if each is not None)
    return str(value)
