"""Templates that a campaign's flow names and nobody could send: found out before the launch.

A name that the workspace does not keep is its provider's own, and goes there as it is written: some
keep templates nowhere else. So a name that nobody is known to have is told of, and no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from campana.domain.campaign import Campaign, ChannelType, Plan
from campana.domain.errors import FieldProblem
from campana.services.warned import warned
from campana.store import templates
from campana.store.db import Tx
from campana.store.templates import ProviderStatus

if TYPE_CHECKING:
    from campana.flow.definition import Flow
    from campana.flow.nodes.send_template import SendTemplateNode

LANGUAGE = "en"
"""Of a provider's own template where the node names none."""


async def unsendable(
    tx: Tx, flow: Flow, campaign: Campaign, own: Plan, *, at: str, way: str
) -> list[FieldProblem]:
    """Templates that are certain not to be sent.

    Args:
        tx: a transaction that reads.
        flow: the flow of a way that people are gone about.
        campaign: whose flow it is.
        own: the plan of that way.
        at: where the document says that this is the flow.
        way: where it makes that way; templates that it replaces stand there.
    """
    from campana.flow.shapes import escaped
    from campana.services import flow_files

    found: list[FieldProblem] = []
    for graph, node_id, node in _named(flow):
        pointer = f"{at}{flow_files.pointer_of(graph, node_id)}/template"
        name = own.templates.get(node.template, node.template)
        if name != node.template:
            pointer = f"{way}/templates/{escaped(node.template)}"
        why = await _why_not(tx, campaign, node, name)
        if why is not None:
            where = f"the node {node_id}" + (f" of {graph}" if graph else "")
            message = f"{where} sends the template {name}, which {why}"
            found.append(FieldProblem(pointer=pointer, message=message))
    return found


async def doubtful(tx: Tx, flow: Flow, campaign: Campaign, own: Plan) -> list[str]:
    """In sentences: names that nobody is known to have, templates that are for another channel."""
    found: list[str] = []
    for _, node_id, node in _named(flow):
        name = own.templates.get(node.template, node.template)
        stored = await templates.find(tx, workspace_id=campaign.workspace_id, wanted=name)
        if stored is None and await _at_provider(tx, campaign, node, name) is None:
            found.append(
                warned(
                    f"the template {name} of the node {node_id} is none of this workspace's: it is"
                    " asked of the provider by that name, and nobody has said that it is there"
                )
            )
        elif stored is not None and node.channel not in {None, stored.channel_type}:
            found.append(
                warned(
                    f"the template {name} of the node {node_id} is for {stored.channel_type}: it is"
                    f" not sent by {node.channel}"
                )
            )
    return found


async def _why_not(tx: Tx, campaign: Campaign, node: SendTemplateNode, name: str) -> str | None:
    stored = await templates.find(tx, workspace_id=campaign.workspace_id, wanted=name)
    if stored is None:
        status = await _at_provider(tx, campaign, node, name)
    elif stored.published is None:
        return "was never published"
    else:
        status = stored.provider_status
    return f"is {status} by its provider" if status in {"rejected", "paused"} else None


async def _at_provider(
    tx: Tx, campaign: Campaign, node: SendTemplateNode, name: str
) -> ProviderStatus | None:
    """What a provider last said of its own template of that name; None when it said nothing."""
    if node.channel not in {None, ChannelType.WHATSAPP}:
        return None
    return await templates.provider_status(
        tx,
        workspace_id=campaign.workspace_id,
        provider_name=name,
        language=node.language or LANGUAGE,
    )


def _named(flow: Flow) -> Iterator[tuple[str, str, SendTemplateNode]]:
    """Every node that sends a template: its graph, its name and itself."""
    from campana.flow.nodes.send_template import SendTemplateNode

    for graph, within in flow.graphs.items():
        for node_id, node in within.nodes.items():
            if isinstance(node, SendTemplateNode):
                yield graph, node_id, node
