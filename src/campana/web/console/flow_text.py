"""A flow as the text of the editor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import documents
from campana.web.console.language import marked

_LAST = ("nodes", "subflows")


def text_of(definition: Mapping[str, Any]) -> str:
    """YAML, in an order people read: what it is, then its nodes in the order they follow.

    The store keeps no order of names, and nothing depends on one.
    """
    head = {key: value for key, value in definition.items() if key not in _LAST}
    first = {key: head.pop(key) for key in ("name", "contact") if key in head}
    ordered = {**first, **head}
    if "nodes" in definition:
        ordered["nodes"] = _in_order(definition["nodes"])
    if "subflows" in definition:
        subflows = cast("object", definition["subflows"])
        ordered["subflows"] = (
            {name: _subflow(each) for name, each in cast("dict[str, Any]", subflows).items()}
            if isinstance(subflows, dict)
            else subflows
        )
    return documents.write_yaml(ordered)


def definition_of(text: str) -> dict[str, Any]:
    """What a text says.

    Raises:
        InvalidParameter: it is no YAML, or has no fields; the problem names the line.
    """
    found = documents.read_yaml(text)
    if not isinstance(found, dict):
        problem = FieldProblem(
            pointer="line 1", message=marked("a flow has fields, such as name and nodes")
        )
        raise InvalidParameter(problems=[problem])
    return cast("dict[str, Any]", found)


def _subflow(raw: object) -> object:
    if not isinstance(raw, dict):
        return raw
    subflow = cast("dict[str, Any]", raw)
    return {key: _in_order(each) if key == "nodes" else each for key, each in subflow.items()}


def _in_order(raw: object) -> object:
    """Nodes from the start on, each before where it leads; its type before its other fields."""
    if not isinstance(raw, dict):
        return raw
    nodes = cast("dict[str, Any]", raw)
    waiting = [name for name, each in nodes.items() if _type(each) == "start"] + list(nodes)
    ordered: dict[str, Any] = {}
    while waiting:
        name = waiting.pop(0)
        if name in ordered:
            continue
        node = nodes[name]
        if isinstance(node, dict):
            fields = cast("dict[str, Any]", node)
            node = {"type": fields["type"], **fields} if "type" in fields else fields
            waiting = [text for text in _texts(fields) if text in nodes] + waiting
        ordered[name] = node
    return ordered


def _type(node: object) -> object:
    return cast("dict[str, Any]", node).get("type") if isinstance(node, dict) else None


def _texts(value: object) -> Iterator[str]:
    """Every text in it: a name of a node among them is where it leads."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for below in cast("dict[str, object]", value).values():
            yield from _texts(below)
    elif isinstance(value, list):
        for below in cast("list[object]", value):
            yield from _texts(below)
