"""How many messages and calls a flow may ask for: the fewest and the most along any of its ways.

Every way is as likely as any other here: what a flow does then is decided as it runs. Branches that
run at once add up, what is inside a subflow counts where it is gone through. Circles that send
have no most: how often somebody goes round is theirs to say.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from campana.domain.campaign import ChannelType
from campana.flow.definition import Flow
from campana.flow.nodes.end import End
from campana.flow.nodes.gather import GatherNode
from campana.flow.nodes.parallel import Parallel
from campana.flow.nodes.say import SayNode
from campana.flow.nodes.subflow import Subflow
from campana.flow.nodes.survey import Survey
from campana.flow.nodes.voice_call import VoiceCall
from campana.flow.nodes.voice_transfer import VoiceTransfer
from campana.flow.run import Node
from campana.flow.sending import Sending
from campana.flow.ways import ways

_NONE = Decimal(0)
_ENDLESS = Decimal("Infinity")
_HUNG_UP = frozenset({"no answer", "hang up"})
_UNSURE = frozenset({"timeout", "not understood", "failure"})
"""Ways out of a node that speaks on which the call may be over or not."""

Weights = Mapping[ChannelType, Decimal]
"""What one message or call counts, by the kind of channel; one that is not there counts nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """No way comes to less than `least` or more than `most`; None is no bound."""

    least: Decimal
    most: Decimal | None


def sends(flow: Flow, *, begins_on: ChannelType) -> Mapping[ChannelType, Bounds]:
    """How many messages and calls one person may get, by the kind of channel; each for itself.

    A message that names no channel goes out on the last one, at first the one it `begins_on`.
    """
    found = {
        each: bounds(flow, begins_on=begins_on, least={each: Decimal(1)}, most={each: Decimal(1)})
        for each in ChannelType
    }
    return {each: bound for each, bound in found.items() if bound.most != 0}


def bounds(flow: Flow, *, begins_on: ChannelType, least: Weights, most: Weights) -> Bounds:
    """What the messages and calls of one way count together, at the least and at the most."""
    reckoning = _Reckoning(flow, least, most)
    found = reckoning.region(_Place("", flow.main.start, begins_on, is_on=False), join=None)
    ends = [span.least for left, span in found.items() if left.kind == "end"]
    highest = max((span.most for span in found.values()), default=_NONE)
    if reckoning.is_entangled and highest > 0:
        highest = _ENDLESS
    return Bounds(least=min(ends, default=_NONE), most=None if highest == _ENDLESS else highest)


class _Place(NamedTuple):
    """A node about to be entered; `is_on` is a call in which the flow speaks."""

    graph: str
    node: str
    channel: ChannelType
    is_on: bool


class _Left(NamedTuple):
    """How a part of a flow is left: `end` with a status, or `join`. Every node leads to one."""

    kind: str
    status: str
    channel: ChannelType
    is_on: bool


class _Span(NamedTuple):
    least: Decimal
    most: Decimal


class _Edge(NamedTuple):
    to: _Place | _Left
    span: _Span


_FREE = _Span(_NONE, _NONE)
_Edges = dict[_Place | _Left, list[_Edge]]


class _Reckoning:
    def __init__(self, flow: Flow, least: Weights, most: Weights) -> None:
        self._flow = flow
        self._least = least
        self._most = most
        self._regions: dict[tuple[_Place, str | None], Mapping[_Left, _Span] | None] = {}
        self.is_entangled = False
        """A branch leads back to where it branched off: no end of it can be seen."""

    def region(self, start: _Place, *, join: str | None) -> Mapping[_Left, _Span]:
        """Everything from a node on, until this flow ends or a branch comes to `join`."""
        key = (start, join)
        if key in self._regions:
            known = self._regions[key]
            self.is_entangled |= known is None
            return known or {}
        self._regions[key] = None
        edges: _Edges = {start: []}
        waiting = [start]
        while waiting:
            place = waiting.pop()
            edges[place] = [self._joined(edge, join) for edge in self._edges(place)]
            for to, _ in edges[place]:
                if to not in edges:
                    edges[to] = []
                    if isinstance(to, _Place):
                        waiting.append(to)
        found = self._regions[key] = _spans(edges, start)
        return found

    def _joined(self, edge: _Edge, join: str | None) -> _Edge:
        to = edge.to
        if isinstance(to, _Place) and to.node == join:
            return _Edge(_Left("join", "", to.channel, to.is_on), edge.span)
        return edge

    def _edges(self, place: _Place) -> Iterator[_Edge]:
        node = self._flow.graphs[place.graph].nodes[place.node]
        match node:
            case End():
                yield _Edge(_Left("end", str(node.status), place.channel, place.is_on), _FREE)
            case Subflow():
                yield from self._through(node, place)
            case Parallel():
                yield from self._at_once(node, place)
            case _:
                yield from self._onward(node, place)

    def _through(self, node: Subflow, place: _Place) -> Iterator[_Edge]:
        name = str(node.flow)
        start = place._replace(graph=name, node=self._flow.graphs[name].start)
        for left, span in self.region(start, join=None).items():
            target = str(node.returned(left.status))
            yield _Edge(_Place(place.graph, target, left.channel, left.is_on), span)

    def _at_once(self, node: Parallel, place: _Place) -> Iterator[_Edge]:
        """All branches begin. An end in one of them drops the others, and so does the first that
        comes with `any`: then nothing is certain of those.
        """
        parts = [
            self.region(place._replace(node=str(each)), join=str(node.next))
            for each in node.branches
        ]
        most = sum((max((s.most for s in part.values()), default=_NONE) for part in parts), _NONE)
        through = [[s.least for left, s in part.items() if left.kind == "join"] for part in parts]
        lows = [min(each) for each in through if each]
        is_through = len(lows) == len(parts) if node.join == "all" else bool(lows)
        joined = (sum(lows, _NONE) if node.join == "all" else min(lows)) if is_through else _NONE
        for part in parts:
            for left, span in part.items():
                if left.kind != "join":
                    yield _Edge(left, _Span(span.least, most))
                elif is_through:
                    to = _Place(place.graph, str(node.next), left.channel, left.is_on)
                    yield _Edge(to, _Span(joined, most))

    def _onward(self, node: Node, place: _Place) -> Iterator[_Edge]:
        channel = place.channel
        if isinstance(node, Sending | Survey) and node.channel is not None:
            channel = ChannelType(node.channel)
        for way in ways(node):
            span = self._span(node, channel, way.by, is_on=place.is_on)
            for is_on in _call_after(node, way.by, is_on=place.is_on):
                yield _Edge(_Place(place.graph, way.target, channel, is_on), span)

    def _span(self, node: Node, channel: ChannelType, by: str, *, is_on: bool) -> _Span:
        match node:
            case Sending():
                return self._counted(channel, 1, 1)
            case Survey(questions=questions, reprompts=reprompts):
                all_of_them = len(questions)
                fewest = 1 if by == "timeout" else all_of_them
                return self._counted(channel, fewest, all_of_them * (1 + reprompts))
            case VoiceCall():
                return self._counted(ChannelType.VOICE, 0 if by == "timeout" else 1, 1)
            case SayNode() | GatherNode() | VoiceTransfer():
                return _FREE if is_on else self._counted(ChannelType.VOICE, 1, 1)
            case _:
                return _FREE

    def _counted(self, channel: ChannelType, least: int, most: int) -> _Span:
        return _Span(least * self._least.get(channel, _NONE), most * self._most.get(channel, _NONE))


def _call_after(node: Node, by: str, *, is_on: bool) -> Sequence[bool]:
    """Whether a call may be on when a node is left: both where nobody can say."""
    if isinstance(node, SayNode | GatherNode | VoiceTransfer):
        if by in _HUNG_UP:
            return (False,)
        if isinstance(node, VoiceTransfer) or by in _UNSURE:
            return (True, False)
        return (True,)
    if is_on and node.pauses():
        return (True, False)
    return (is_on,)


def _spans(edges: _Edges, start: _Place) -> Mapping[_Left, _Span]:
    """The least and the most to each way of leaving."""
    least = _shortest(edges, start)
    most = _longest(edges, start)
    return {each: _Span(least[each], most[each]) for each in edges if isinstance(each, _Left)}


def _shortest(edges: _Edges, start: _Place) -> dict[_Place | _Left, Decimal]:
    found: dict[_Place | _Left, Decimal] = {}
    waiting: list[tuple[Decimal, int, _Place | _Left]] = [(_NONE, 0, start)]
    count = 0
    while waiting:
        far, _, place = heapq.heappop(waiting)
        if place in found:
            continue
        found[place] = far
        for to, span in edges[place]:
            count += 1
            heapq.heappush(waiting, (far + span.least, count, to))
    return found


def _longest(edges: _Edges, start: _Place) -> dict[_Place | _Left, Decimal]:
    """The most up to each node; without end from the first circle on that counts anything."""
    found: dict[_Place | _Left, Decimal] = {start: _NONE}
    for circle in reversed(_circles(edges, start)):
        members = set(circle)
        highest = max(found[each] for each in circle if each in found)
        within = (span.most for each in circle for to, span in edges[each] if to in members)
        if any(each > 0 for each in within):
            highest = _ENDLESS
        for each in circle:
            found[each] = highest
            for to, span in edges[each]:
                if to not in members:
                    found[to] = max(found.get(to, _NONE), highest + span.most)
    return found


def _circles(edges: _Edges, start: _Place) -> list[list[_Place | _Left]]:
    """Nodes that lead to each other, together; whatever they lead to stands before them (Tarjan's
    strongly connected components, without recursion).
    """
    number: dict[_Place | _Left, int] = {}
    lowest: dict[_Place | _Left, int] = {}
    open_ones: list[_Place | _Left] = []
    is_open = set[_Place | _Left]()
    found: list[list[_Place | _Left]] = []
    walk: list[tuple[_Place | _Left, Iterator[_Edge]]] = []

    def enter(place: _Place | _Left) -> None:
        number[place] = lowest[place] = len(number)
        open_ones.append(place)
        is_open.add(place)
        walk.append((place, iter(edges[place])))

    enter(start)
    while walk:
        place, rest = walk[-1]
        edge = next(rest, None)
        if edge is None:
            walk.pop()
            if walk:
                around = walk[-1][0]
                lowest[around] = min(lowest[around], lowest[place])
            if lowest[place] == number[place]:
                circle = open_ones[open_ones.index(place) :]
                del open_ones[-len(circle) :]
                is_open.difference_update(circle)
                found.append(circle)
        elif edge.to not in number:
            enter(edge.to)
        elif edge.to in is_open:
            lowest[place] = min(lowest[place], number[edge.to])
    return found
