"""Whether the calls that a campaign's flow waits for can come in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from campana.domain.calling_in import CallsIn
from campana.domain.campaign import Campaign, ChannelType, Plan
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import channel_secrets, flow_plans
from campana.services.context import Context
from campana.services.hearing import answering
from campana.services.warned import warned
from campana.store import channels, owners
from campana.store.channels import Channel
from campana.store.db import Tx

if TYPE_CHECKING:
    from campana.flow.definition import Flow


async def unanswerable(
    tx: Tx, context: Context, campaign: Campaign, plan: Plan
) -> list[FieldProblem]:
    """Why nobody could answer the calls it waits for, by the field that chooses its channel."""
    waiting = [where for flow in await _flows(tx, plan) for where in _waiting(flow)]
    if not waiting:
        return []
    is_own = campaign.channel_type is ChannelType.VOICE
    pointer = "/channel" if is_own else "/channels/Voice"
    chosen = campaign.channel_id if is_own else plan.channels.get(ChannelType.VOICE)
    if chosen is None:
        # Of the campaign's own channel somebody else says that it is not chosen.
        said = f"{waiting[0]} waits for a call: name the channel it comes in on"
        return [] if is_own else [FieldProblem(pointer=pointer, message=said)]
    channel = await channels.find(tx, workspace_id=campaign.workspace_id, wanted=chosen)
    if channel is None or _can_be_called(context, channel):
        return []
    said = f"{waiting[0]} waits for a call, and {_why_not(context, channel)}"
    return [FieldProblem(pointer=pointer, message=said)]


async def unattended(tx: Tx, context: Context, plan: Plan, channel: Channel | None) -> list[str]:
    """What somebody should know who launches a flow that waits for calls on this channel."""
    if channel is None or not ways_in(context, channel):
        return []
    if not [where for flow in await _flows(tx, plan) for where in _waiting(flow)]:
        return []
    if await owners.is_served(tx, kind=answering(channel.kind)):
        return []
    return [
        warned(
            "The flow waits for calls, and no voice worker that takes them is alive: until one is,"
            " no call is answered (CAMPANA_VOICE_INBOUND_PORT)."
        )
    ]


def _why_not(context: Context, channel: Channel) -> str:
    if context.carriers[channel.kind].calls_in is None:
        return f"no call comes in on a channel of kind {channel.kind}"
    return f"no trunk of the channel {channel.name} takes any: give one `inbound`"


def _can_be_called(context: Context, channel: Channel) -> bool:
    return context.carriers[channel.kind].plays_callers or bool(ways_in(context, channel))


def ways_in(context: Context, channel: Channel) -> tuple[CallsIn, ...]:
    """The trunks of a channel that people call us by."""
    kind = context.carriers[channel.kind]
    if kind.calls_in is None:
        return ()
    return kind.calls_in(channel_secrets.config_of(context, kind=kind, stored=channel.config))


async def _flows(tx: Tx, plan: Plan) -> list[Flow]:
    """Those of the plan that can be read; of the others somebody else tells."""
    found: list[Flow] = []
    for pin in [plan.flow, *(variant.flow for variant in plan.variants)]:
        if pin is None:
            continue
        try:
            found.append(await flow_plans.pinned(tx, flow_id=pin.id, version=pin.version))
        except (LookupError, InvalidParameter):
            continue
    return found


def _waiting(flow: Flow) -> Iterator[str]:
    """Its nodes that wait for a call, for people."""
    from campana.flow.nodes.wait_inbound_call import WaitInboundCall

    for graph_name, graph in flow.graphs.items():
        for node_id, node in graph.nodes.items():
            if isinstance(node, WaitInboundCall):
                yield f"the node {node_id}" + (f" of {graph_name}" if graph_name else "")
