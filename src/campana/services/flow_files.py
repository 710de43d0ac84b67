"""A flow as a person wrote it: YAML, checked whole, each problem with its place and its line."""

from __future__ import annotations

from dataclasses import dataclass

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.flow.definition import Flow, load
from campana.flow.nodes.gather import GatherNode
from campana.flow.nodes.say import SayNode
from campana.flow.nodes.voice_transfer import VoiceTransfer
from campana.flow.run import Node
from campana.services import text_problems
from campana.services.text_problems import Located, UnreadableText, located


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A flow that can be run, or what is wrong with it in the order of the file."""

    flow: Flow | None
    problems: tuple[Located, ...] = ()
    warnings: tuple[Located, ...] = ()
    """Nodes that run here and in no campaign."""


_NOT_WARM = "hands over warm, and campaigns hand calls over blind"
_NO_VOICE = "chooses a voice, and campaigns speak with one for all"


def not_run(node: Node) -> str | None:
    """Why campaigns do not carry out a node that flows may have; None when they do."""
    match node:
        case VoiceTransfer(mode="warm"):
            return _NOT_WARM
        case SayNode(voice=str()) | GatherNode(voice=str()):
            return _NO_VOICE
        case _:
            return None


def pointer_of(graph: str, node_id: str) -> str:
    """Where a node stands in its definition."""
    return f"/subflows/{graph}/nodes/{node_id}" if graph else f"/nodes/{node_id}"


def check(text: str) -> Checked:
    """Read a definition in YAML or JSON."""
    try:
        document = text_problems.document_of(text)
    except UnreadableText as error:
        return Checked(flow=None, problems=error.problems)
    try:
        flow = load(document)
    except InvalidParameter as error:
        return Checked(flow=None, problems=located(error.problems, text))
    return Checked(flow=flow, warnings=located(_warnings(flow), text))


def _warnings(flow: Flow) -> list[FieldProblem]:
    return [
        FieldProblem(pointer=pointer_of(graph, node_id), message=why)
        for graph, within in flow.graphs.items()
        for node_id, node in within.nodes.items()
        if (why := not_run(node)) is not None
    ]
