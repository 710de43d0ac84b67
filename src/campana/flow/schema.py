"""The JSON Schema of a flow, for editors: made from the same dataclasses that read it.

An editor that knows it completes node types and fields and marks what is wrong while one writes.
It says what a single field may be; what only the whole can tell (nodes that nothing leads to, a
variable that is set nowhere) is for `definition.load`.
"""

from __future__ import annotations

import inspect
from dataclasses import is_dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal, cast, get_args, get_origin

from campana.flow import conditions, texts
from campana.flow.conditions import Condition, Expression, Pattern
from campana.flow.definition import Head
from campana.flow.nodes import NODES
from campana.flow.shapes import (
    MAX_ENTRIES,
    MAX_LENGTH,
    Hint,
    Like,
    Marked,
    Range,
    mark,
    optional,
    shape_of,
    split,
)
from campana.flow.texts import Template, UrlTemplate

_SOURCES: dict[type, dict[str, Any]] = {
    Template: {"maxLength": texts.MAX_SOURCE, "description": "Liquid."},
    UrlTemplate: {
        "maxLength": texts.MAX_SOURCE,
        "description": "A URL; places such as {{ contact.city }} are percent-encoded.",
    },
    Condition: {"maxLength": conditions.MAX_SOURCE, "description": "CEL, true or false."},
    Expression: {"maxLength": conditions.MAX_SOURCE, "description": "CEL."},
    Pattern: {"maxLength": conditions.MAX_SOURCE, "description": "A regular expression (RE2)."},
}
_NUMBERS: dict[type, str] = {int: "integer", float: "number", timedelta: "number"}


def flow_schema() -> dict[str, Any]:
    """The schema of a whole definition (JSON Schema 2020-12)."""
    nodes = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^{Marked.PATTERN}$"},
        "additionalProperties": {
            "type": "object",
            "required": ["type"],
            "properties": {"type": {"enum": list(NODES)}},
            "allOf": [
                {
                    "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
                    "then": {"$ref": f"#/$defs/{kind}"},
                }
                for kind in NODES
            ],
        },
    }
    head = _record(Head)
    head["properties"] |= {
        "nodes": {"$ref": "#/$defs/nodes"},
        "subflows": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["nodes"],
                "properties": {"nodes": {"$ref": "#/$defs/nodes"}},
                "additionalProperties": False,
            },
        },
    }
    head["required"].append("nodes")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Campana flow",
        **head,
        "$defs": {"nodes": nodes} | {kind: _node(kind, cls) for kind, cls in NODES.items()},
    }


def _node(kind: str, cls: type) -> dict[str, Any]:
    described = _record(cls)
    module = inspect.getmodule(cls)
    described["description"] = _prose((module and module.__doc__) or "")
    described["properties"] = {"type": {"const": kind}, **described["properties"]}
    described["required"].insert(0, "type")
    return described


def _prose(doc: str) -> str:
    """The paragraphs of a module's docstring before its example."""
    return " ".join(doc.split('{"type"')[0].split())


def _record(cls: type) -> dict[str, Any]:
    shapes = shape_of(cls)
    return {
        "type": "object",
        "properties": {shape.key: _value(shape.hint) for shape in shapes},
        "required": [shape.key for shape in shapes if shape.is_required],
        "additionalProperties": False,
    }


def _value(hint: Hint) -> dict[str, Any]:
    kind, marks = split(optional(hint)[0])
    origin = get_origin(kind)
    bounds = mark(marks, Range)
    if origin is tuple:
        low, high = _bounds(bounds, 0, MAX_ENTRIES)
        inner = _value(get_args(kind)[0])
        return {"type": "array", "items": inner, "minItems": low, "maxItems": high}
    if origin is Literal:
        return {"enum": [str(choice) for choice in get_args(kind)]}
    if origin is not None:
        names, values = get_args(kind)
        low, high = _bounds(bounds, 0, MAX_ENTRIES)
        return {
            "type": "object",
            "propertyNames": _value(names),
            "additionalProperties": _value(values),
            "minProperties": low,
            "maxProperties": high,
        }
    return _plain(cast("type[object]", kind), marks, bounds)


def _plain(kind: type[object], marks: tuple[object, ...], bounds: Range | None) -> dict[str, Any]:
    if kind in _SOURCES:
        return {"type": "string", **_SOURCES[kind]}
    if issubclass(kind, Marked):
        said = " ".join((kind.__doc__ or "").split())
        return {"type": "string", "pattern": f"^{kind.PATTERN}$", "description": said}
    if issubclass(kind, StrEnum):
        return {"enum": [str(choice) for choice in kind]}
    if is_dataclass(cast("object", kind)):
        return _record(kind)
    if kind is bool:
        return {"type": "boolean"}
    if kind in _NUMBERS:
        low, high = (bounds.least, bounds.most) if bounds else (None, None)
        ends = {"minimum": low, "maximum": high}
        return {"type": _NUMBERS[kind]} | {key: end for key, end in ends.items() if end is not None}
    like = mark(marks, Like)
    if like:
        return {"type": "string", "pattern": f"^({like.pattern})$"}
    low, high = _bounds(bounds, 1, MAX_LENGTH)
    return {"type": "string", "minLength": low, "maxLength": high}


def _bounds(bounds: Range | None, least: int, most: int) -> tuple[int, int]:
    return (int(bounds.least), int(bounds.most)) if bounds else (least, most)
