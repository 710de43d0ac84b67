"""Which messages of a flow may go out before the person has written anything.

Providers let only approved templates begin a conversation: whoever starts a flow wants to know
which of its nodes would say anything else first. What a flow does then is decided as it runs; this
follows every way it may go.
"""

from __future__ import annotations

from campana.domain.campaign import ChannelType
from campana.flow.definition import Flow
from campana.flow.nodes.send_message import SendMessageNode
from campana.flow.nodes.subflow import Subflow
from campana.flow.nodes.survey import Survey
from campana.flow.nodes.wait_for_response import WaitForResponse
from campana.flow.run import Node
from campana.flow.sending import Sending
from campana.flow.ways import ways


def free_form(flow: Flow, *, on: ChannelType, begins_on: ChannelType) -> list[str]:
    """The nodes that may send anything but a template `on` that kind of channel before a reply, in
    the order they are come to. A message that names no channel goes out on the last one, at first
    the one the flow `begins_on`.
    """
    found: dict[str, None] = {}
    waiting = [("", flow.main.start, begins_on)]
    seen = set(waiting)
    while waiting:
        graph, node_id, channel = waiting.pop(0)
        node = flow.graphs[graph].nodes[node_id]
        own = getattr(node, "channel", None)
        said_on = ChannelType(own) if own is not None else channel
        if isinstance(node, SendMessageNode | Survey) and said_on is on:
            found[node_id] = None
        if isinstance(node, Sending | Survey):
            channel = said_on
        ways = [(graph, each, channel) for each in _unanswered(node)]
        if isinstance(node, Subflow):
            ways.append((str(node.flow), flow.graphs[str(node.flow)].start, channel))
        for way in ways:
            if way not in seen:
                seen.add(way)
                waiting.append(way)
    return list(found)


def _unanswered(node: Node) -> list[str]:
    """Where a node leads as long as the person says nothing."""
    if isinstance(node, WaitForResponse | Survey):
        return [str(node.on_timeout)]
    return [each.target for each in ways(node)]
