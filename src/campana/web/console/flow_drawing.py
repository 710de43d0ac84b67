"""A flow as boxes and arrows: what the page hands to the browser, which lays it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from campana.flow.definition import Flow, Graph
from campana.flow.nodes import NODES
from campana.flow.session import Session
from campana.flow.ways import Way, ways
from campana.web.console.words import words

_NAMES = {kind: name for name, kind in NODES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A node: where it leads, and whether the chat beside the drawing waits in it."""

    id: str
    type: str
    is_here: bool
    ways: list[Way]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The flow itself (an empty `name`), or one inside it."""

    name: str
    boxes: list[Box]

    @property
    def data(self) -> dict[str, Any]:
        """As the script reads it."""
        return {
            "boxes": [
                {"id": box.id, "type": words(box.type).lower(), "here": box.is_here}
                for box in self.boxes
            ],
            "ways": [
                {"from": box.id, "to": way.target, "by": way.by}
                for box in self.boxes
                for way in box.ways
            ],
        }


def drawings(flow: Flow, session: Session | None) -> list[Drawing]:
    """Of the flow and of those inside it; what a session waits in is marked."""
    here = set[tuple[str, str]]()
    if session is not None:
        here = {(each.graph, each.node) for each in session.threads if each.wait is not None}
    return [_drawing(name, graph, here) for name, graph in flow.graphs.items()]


def _drawing(name: str, graph: Graph, here: set[tuple[str, str]]) -> Drawing:
    return Drawing(
        name=name,
        boxes=[
            Box(
                id=node_id,
                type=_NAMES[type(node)],
                is_here=(name, node_id) in here,
                ways=ways(node),
            )
            for node_id, node in graph.nodes.items()
        ],
    )
