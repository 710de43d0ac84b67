"""A flow's definition: read whole or refused with everything that is wrong, then never changed.

Its version is a hash of its content, so two definitions with one version are the same. What is
costly (templates, expressions) is compiled here, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal, cast

from campana.domain.content_hash import content_hash
from campana.domain.errors import InvalidParameter
from campana.flow import problems, reader, shapes
from campana.flow.marks import SubflowName
from campana.flow.nodes import NODES
from campana.flow.outline import GraphOutline, NodeOutline, Outline
from campana.flow.problems import BUILT_IN_FIELDS
from campana.flow.run import Node
from campana.flow.shapes import Invalid, Marked, Range, Reading

MAX_NODES = 500
"""Nodes of a flow, those of its subflows included."""
MAX_SUBFLOWS = 50
MAX_SPRINT_STEPS = 200
"""Nodes one input may lead through; only a circle without a wait needs more."""
MAX_SESSION_STEPS = 10_000
"""Nodes a session may pass in its life."""
MAX_THREADS = 64
"""Branches that may be open at once."""

FieldType = Literal["text", "number", "boolean"]
FieldValue = str | float | bool


class FieldName(Marked):
    """A field of the contact: `contact.<name>`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands around the nodes."""

    name: Annotated[str, Range(1, 200)]
    description: Annotated[str, Range(0, 2000)] = ""
    contact: Mapping[FieldName, FieldType] = field(default_factory=dict[FieldName, FieldType])
    """The contact's own fields that this flow reads, and how; names and language are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Nodes by name, and the one to begin at."""

    start: str
    nodes: Mapping[str, Node]


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A definition that can be run. Make it with `load`."""

    version: str
    """`sha256:…` of its content."""
    head: Head
    graphs: Mapping[str, Graph]
    """The flow itself under the empty name, its subflows under theirs."""
    reads: tuple[str, ...]
    """The fields of the contact that anything in it reads; sessions keep these and no others."""

    @cached_property
    def main(self) -> Graph:
        """The flow itself."""
        return self.graphs[""]

    @cached_property
    def listens(self) -> bool:
        """Does it take words in a call?"""
        return any(
            node.asks() is not None
            for graph in self.graphs.values()
            for node in graph.nodes.values()
        )

    def contact_values(self, given: Mapping[str, str]) -> tuple[dict[str, FieldValue], list[str]]:
        """The fields that are read, as their types, and what is wrong with the others."""
        values: dict[str, FieldValue] = {}
        notes: list[str] = []
        types = self.head.contact
        for name in self.reads:
            text = given.get(name)
            if not text:
                continue
            kind = types.get(cast("FieldName", name), "text")
            value = text if kind == "text" else _typed(text, kind)
            if value is None:
                notes.append(f"contact.{name} is no {kind}")
            else:
                values[name] = value
        return values, notes

    def trigger_values(self, given: Mapping[str, str]) -> dict[str, object]:
        """What the start node takes of what came with the trigger."""
        start = self.main.nodes[self.main.start]
        return {str(name): given[name] for name in getattr(start, "params", ()) if name in given}


def load(document: object) -> Flow:
    """A definition (plain lists, dicts and scalars) that can be run.

    Raises:
        InvalidParameter: with every problem, each by its JSON pointer.
    """
    outline = _outline(document)
    found = outline.reading.problems + problems.of_whole(outline)
    if found:
        raise InvalidParameter(
            "The flow cannot be used as it is.",
            problems=sorted(found, key=lambda p: p.pointer or ""),
        )
    graphs = {
        name: Graph(
            start=next(node_id for node_id, node in graph.nodes.items() if node.type == "start"),
            nodes={node_id: cast("Node", node.node) for node_id, node in graph.nodes.items()},
        )
        for name, graph in outline.graphs.items()
    }
    return Flow(
        version=content_hash(document),
        head=cast("Head", outline.head),
        graphs=graphs,
        reads=tuple(sorted(outline.contact_fields_read())),
    )


def _typed(text: str, kind: str) -> FieldValue | None:
    """A text as a number or a truth value; None when it is none. A whole number stays one."""
    if kind == "boolean":
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(
            text.strip().lower()
        )
    try:
        number = float(text)
    except ValueError:
        return None
    if not abs(number) < 2**53:
        return None
    return int(number) if number.is_integer() else number


def _outline(document: object) -> Outline:
    """The document as far as it can be read, with the problems of each field."""
    reading = Reading()
    outline = Outline(reading=reading, declared=dict.fromkeys(BUILT_IN_FIELDS, "text"))
    if not isinstance(document, dict):
        reading.problem("", "must be an object with a name and nodes")
        return outline
    whole = cast("dict[str, Any]", document)
    rest = {key: each for key, each in whole.items() if key not in {"nodes", "subflows"}}
    head = reader.read(Head, rest, at="", reading=reading)
    if isinstance(head, Head):
        outline.head = head
        outline.declared |= {str(name): kind for name, kind in head.contact.items()}
    else:
        outline.head_is_known = False
    reading.found.clear()
    outline.graphs[""] = _graph(whole.get("nodes"), "/nodes", reading)
    _read_subflows(whole.get("subflows"), outline)
    count = sum(len(graph.nodes) for graph in outline.graphs.values())
    if count > MAX_NODES:
        reading.problem("/nodes", f"a flow must have at most {MAX_NODES} nodes, not {count}")
    return outline


def _read_subflows(subflows: object, outline: Outline) -> None:
    reading = outline.reading
    if subflows is None:
        return
    if not isinstance(subflows, dict):
        reading.problem("/subflows", "must be an object")
        return
    named = cast("dict[str, object]", subflows)
    if len(named) > MAX_SUBFLOWS:
        reading.problem("/subflows", f"must have at most {MAX_SUBFLOWS} entries")
        return
    for name, subflow in named.items():
        at = f"/subflows/{shapes.escaped(name)}"
        reader.read_as(SubflowName, name, at=at, reading=reading)
        if not isinstance(subflow, dict):
            reading.problem(at, "must be an object")
            continue
        within = cast("dict[str, object]", subflow)
        for key in within.keys() - {"nodes"}:
            reading.problem(f"{at}/{shapes.escaped(key)}", "is not a known field")
        reading.found.clear()
        outline.graphs[name] = _graph(within.get("nodes"), f"{at}/nodes", reading)


def _graph(nodes: object, at: str, reading: Reading) -> GraphOutline:
    graph = GraphOutline(pointer=at)
    if not isinstance(nodes, dict) or not nodes:
        reading.problem(at, "must be an object with at least one node")
        graph.is_known = False
        return graph
    for node_id, node in cast("dict[str, object]", nodes).items():
        place = f"{at}/{shapes.escaped(node_id)}"
        reader.read_as(Marked, node_id, at=place, reading=reading)
        reading.found.clear()
        graph.nodes[node_id] = _node(node, place, reading)
    return graph


def _node(plain: object, at: str, reading: Reading) -> NodeOutline:
    if not isinstance(plain, dict):
        reading.problem(at, "must be an object with a type")
        return NodeOutline(pointer=at)
    fields = dict(cast("dict[str, object]", plain))
    named = fields.pop("type", None)
    kind = NODES.get(named) if isinstance(named, str) else None
    if kind is None:
        said = f"{named!r} is not one of" if isinstance(named, str) else "must be one of"
        reading.problem(f"{at}/type", f"{said} {', '.join(NODES)}")
        return NodeOutline(pointer=at)
    node = reader.read(kind, fields, at=at, reading=reading)
    return NodeOutline(
        pointer=at,
        type=str(named),
        node=None if isinstance(node, Invalid) else cast("Node", node),
        found=tuple(reading.found),
    )
