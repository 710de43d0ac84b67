"""A flow as far as it could be read: nodes, and the marked texts that were found in each.

A definition with mistakes still has a shape, and more can be said of it than of its fields one
by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from campana.flow.conditions import Expression
from campana.flow.marks import Exit, SubflowName, VariableName
from campana.flow.run import Node
from campana.flow.shapes import Found, Reading
from campana.flow.texts import Template


@dataclass(slots=True, kw_only=True)
class NodeOutline:
    """A node as far as it could be read; without a type it may lead anywhere."""

    pointer: str
    type: str | None = None
    node: Node | None = None
    found: tuple[Found, ...] = ()

    def marked(self, kind: type[str]) -> list[Found]:
        """Its marked texts of one kind."""
        return [each for each in self.found if type(each.value) is kind]

    def reads(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """What its texts and expressions read: pointer, path."""
        for each in self.found:
            if isinstance(each.value, Template | Expression):
                for path in each.value.paths:
                    yield each.pointer, path

    @property
    def exits(self) -> list[str]:
        """Where it may lead."""
        return [str(each.value) for each in self.marked(Exit)]

    @property
    def sets(self) -> set[str]:
        """The variables it may set."""
        return {str(each.value) for each in self.marked(VariableName)}

    @property
    def calls(self) -> list[str]:
        """The subflows it goes through."""
        return [str(each.value) for each in self.marked(SubflowName)]


@dataclass(slots=True, kw_only=True)
class GraphOutline:
    """The nodes of one flow."""

    pointer: str
    nodes: dict[str, NodeOutline] = field(default_factory=dict[str, NodeOutline])
    is_known: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether the way of every node is known, so that missing ways can be told."""
        return self.is_known and all(node.type for node in self.nodes.values())

    def sets(self) -> set[str]:
        """The variables that its own nodes set."""
        return set[str]().union(*(node.sets for node in self.nodes.values()))

    def starts(self) -> list[str]:
        """Its start nodes; there should be one."""
        return [node_id for node_id, node in self.nodes.items() if node.type == "start"]


@dataclass(slots=True, kw_only=True)
class Outline:
    """A flow as far as it could be read."""

    reading: Reading
    head: object = None
    head_is_known: bool = True
    declared: dict[str, str] = field(default_factory=dict[str, str])
    graphs: dict[str, GraphOutline] = field(default_factory=dict[str, GraphOutline])

    def contact_fields_read(self) -> set[str]:
        """The fields of the contact that any text or expression reads."""
        return {
            path[1]
            for graph in self.graphs.values()
            for node in graph.nodes.values()
            for _, path in node.reads()
            if path[0] == "contact" and len(path) > 1
        } | {"time_zone"}
