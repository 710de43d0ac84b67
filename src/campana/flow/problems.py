"""What is wrong with a flow as a whole, told at once and by place.

A flow without problems cannot get stuck: every node it names exists and can be reached, each leads
to an end, it cannot go round without waiting, and whatever a text or a condition reads can have
been set before. Fields that could not be read are told by the reader; what can still be said of
the rest is said here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from campana.domain.errors import FieldProblem
from campana.flow.marks import Exit, Join, ParameterName, SubflowName
from campana.flow.outline import GraphOutline, NodeOutline, Outline

BUILT_IN_FIELDS = (
    "external_id", "first_name", "language", "last_name", "phone", "time_zone",
)  # fmt: skip
"""Fields that every contact may have; each is a text."""
ROOTS = ("contact", "vars", "trigger", "reply", "now")
SETS_AS_IT_GOES = frozenset({"set", "survey"})
"""Kinds of nodes that may read what they have set themselves a moment before."""
MAX_SUBFLOW_DEPTH = 8
"""How deep subflows may stand in each other."""


def of_whole(outline: Outline) -> list[FieldProblem]:
    """Every problem between the nodes."""
    found: list[FieldProblem] = []
    for graph in outline.graphs.values():
        found.extend(_starts(graph))
        found.extend(_links(graph))
        found.extend(_ways(graph))
    found.extend(_subflows(outline))
    found.extend(_circles(outline))
    found.extend(_reads(outline))
    return found


def _problem(pointer: str, message: str) -> FieldProblem:
    return FieldProblem(pointer=pointer, message=message)


def _starts(graph: GraphOutline) -> Iterator[FieldProblem]:
    starts = graph.starts()
    if not starts and graph.is_whole:
        yield _problem(graph.pointer, "must have a node of type start")
    for extra in starts[1:]:
        yield _problem(graph.nodes[extra].pointer, "is a second start; a flow has one")


def _links(graph: GraphOutline) -> Iterator[FieldProblem]:
    for node in graph.nodes.values():
        for each in [*node.marked(Exit), *node.marked(Join)]:
            target = graph.nodes.get(str(each.value))
            if target is None:
                yield _problem(each.pointer, f"there is no node {each.value!r}")
            elif target.type == "start":
                yield _problem(each.pointer, "leads back to the start; name the node after it")


def _ways(graph: GraphOutline) -> Iterator[FieldProblem]:
    """Nodes that nothing leads to, and nodes that lead to no end."""
    if not graph.is_whole or not graph.starts():
        return
    ways = {node_id: node.exits for node_id, node in graph.nodes.items()}
    reached = _reach(ways, graph.starts()[:1])
    back: dict[str, list[str]] = {node_id: [] for node_id in ways}
    for node_id, targets in ways.items():
        for target in targets:
            back.setdefault(target, []).append(node_id)
    # A way to a node that is not there is told once, as that.
    ends = [node_id for node_id, node in graph.nodes.items() if node.type == "end"]
    ends += [target for target in back if target not in graph.nodes]
    ending = _reach(back, ends)
    cut_off = set(_heads(ways, [node_id for node_id in ways if node_id not in reached]))
    for node_id, node in graph.nodes.items():
        if node_id in cut_off:
            yield _problem(node.pointer, "nothing leads to this node")
        elif node_id not in ending:
            yield _problem(node.pointer, "has no way out: no end can be reached from here")


def _heads(ways: Mapping[str, list[str]], cut_off: list[str]) -> list[str]:
    """Of the nodes that are cut off, those to tell of: where they lead needs no word of its own."""
    led_to = {target for node_id in cut_off for target in ways[node_id] if target != node_id}
    heads = [node_id for node_id in cut_off if node_id not in led_to]
    covered = _reach(ways, heads)
    for node_id in cut_off:  # circles that lead to each other and from nowhere
        if node_id not in covered:
            heads.append(node_id)
            covered |= _reach(ways, [node_id])
    return heads


def _reach(ways: Mapping[str, list[str]], first: list[str]) -> set[str]:
    reached: set[str] = set()
    waiting = list(first)
    while waiting:
        node_id = waiting.pop()
        if node_id not in reached:
            reached.add(node_id)
            waiting.extend(ways.get(node_id, ()))
    return reached


def _subflows(outline: Outline) -> Iterator[FieldProblem]:
    calls = _calls(outline)
    for graph in outline.graphs.values():
        for node in graph.nodes.values():
            for each in node.marked(SubflowName):
                if each.value not in outline.graphs or not each.value:
                    yield _problem(each.pointer, f"there is no subflow {each.value!r}")
    used = _reach(calls, [""])
    whole = all(graph.is_whole for graph in outline.graphs.values())
    for name in calls:
        at = outline.graphs[name].pointer.removesuffix("/nodes")
        if name in _reach(calls, calls[name]):
            yield _problem(at, "goes through itself")
        elif name not in used and whole:
            yield _problem(at, "nothing goes through this subflow")
        elif name and _depth(calls, name) > MAX_SUBFLOW_DEPTH:
            yield _problem(at, f"subflows must not stand deeper than {MAX_SUBFLOW_DEPTH}")


def _calls(outline: Outline) -> dict[str, list[str]]:
    """Which subflows each flow goes through."""
    return {
        name: [called for node in graph.nodes.values() for called in node.calls]
        for name, graph in outline.graphs.items()
    }


def _depth(calls: Mapping[str, list[str]], name: str) -> int:
    """How many subflows stand in each other under this one, itself included."""
    level, depth = {name}, 0
    while level and depth <= MAX_SUBFLOW_DEPTH:
        level = {called for each in level for called in calls.get(each, ())}
        depth += 1
    return depth


def _circles(outline: Outline) -> Iterator[FieldProblem]:
    """Nodes that may come round to themselves without anything being waited for."""
    pausing: dict[str, bool] = {}
    for graph in outline.graphs.values():
        silent = _silent_ways(outline, graph, pausing)
        for node_id, node in graph.nodes.items():
            if node_id in _reach(silent, silent[node_id]):
                yield _problem(node.pointer, "comes round to itself without waiting for anything")


def _silent_ways(
    outline: Outline, graph: GraphOutline, pausing: dict[str, bool]
) -> dict[str, list[str]]:
    """The ways of a flow that lead on without waiting."""
    return {
        node_id: [] if _pauses(outline, node, pausing) else node.exits
        for node_id, node in graph.nodes.items()
    }


def _pauses(outline: Outline, node: NodeOutline, pausing: dict[str, bool]) -> bool:
    """Whether nobody gets past this node without waiting; `pausing` is what is known of subflows.

    One that could not be read has problems of its own: it is not blamed for more.
    """
    if node.node is None or not node.calls:
        return node.node is None or node.node.pauses()
    name = node.calls[0]
    graph = outline.graphs.get(name)
    if graph is not None and name not in pausing:
        pausing[name] = True  # for one that goes through itself, which is told elsewhere
        passed = _reach(_silent_ways(outline, graph, pausing), graph.starts())
        reached = (graph.nodes[each].type for each in passed if each in graph.nodes)
        pausing[name] = "end" not in reached
    return pausing.get(name, True)


def _reads(outline: Outline) -> Iterator[FieldProblem]:
    """Values that are read and cannot be there."""
    within = _set_within(outline)
    everywhere = set[str]().union(*within.values())
    params = {
        str(each.value)
        for graph in outline.graphs.values()
        for node in graph.nodes.values()
        for each in node.marked(ParameterName)
    }
    for name, graph in outline.graphs.items():
        before = _set_before(graph, everywhere if name else set[str](), within)
        for node_id, node in graph.nodes.items():
            known = before.get(node_id)
            if known is not None and node.type in SETS_AS_IT_GOES:
                known = known | node.sets
            for pointer, path in node.reads():
                message = _missing(outline, path, known, params, everywhere)
                if message:
                    yield _problem(pointer, message)


def _missing(
    outline: Outline,
    path: tuple[str, ...],
    before: set[str] | None,
    params: set[str],
    everywhere: set[str],
) -> str | None:
    root, name = path[0], path[1] if len(path) > 1 else None
    if root not in ROOTS:
        return f"{root} is not known; there are {', '.join(ROOTS)}"
    if root in {"reply", "now"}:
        return None
    if name is None or name == "*":
        return f"a field of {root} must be named"
    if root == "contact":
        unknown = outline.head_is_known and name not in outline.declared
        return f"contact.{name} is not declared under contact" if unknown else None
    if root == "trigger":
        known = name == "type" or name in params
        return None if known else f"trigger.{name} is not among the params of the start"
    if name not in everywhere:
        return f"vars.{name} is set nowhere"
    if before is not None and name not in before:
        return f"vars.{name} cannot have been set before this node"
    return None


def _set_before(
    graph: GraphOutline, at_start: set[str], within: Mapping[str, set[str]]
) -> dict[str, set[str]]:
    """The variables that may be set when a node is come to; nodes never come to are left out."""
    before: dict[str, set[str]] = {start: set(at_start) for start in graph.starts()}
    waiting = list(before)
    while waiting:
        node_id = waiting.pop()
        node = graph.nodes[node_id]
        after = before[node_id] | node.sets
        for called in node.calls:
            after |= within.get(called, set[str]())
        for target in [*node.exits, *(str(each.value) for each in node.marked(Join))]:
            if target in graph.nodes and not (target in before and after <= before[target]):
                before[target] = before.get(target, set[str]()) | after
                waiting.append(target)
    return before


def _set_within(outline: Outline) -> dict[str, set[str]]:
    """The variables that each subflow, or one inside it, may set."""
    calls = _calls(outline)
    return {
        name: set[str]().union(
            *(outline.graphs[called].sets() for called in _reach(calls, [name]) if called in calls)
        )
        for name in calls
    }
