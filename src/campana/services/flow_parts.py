"""What a campaign document says about its flow: names made ids, and what keeps it from running."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from campana.domain.campaign import Campaign, CampaignType, ChannelType, Plan
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.domain.script_problems import problems as script_problems
from campana.services import flow_plans
from campana.services.campaign_document import CampaignDocument
from campana.store import channels, flows
from campana.store.db import Tx

if TYPE_CHECKING:
    from campana.flow.definition import Flow
    from campana.flow.nodes.voice_call import VoiceCall

_NOT_RUN: Mapping[str, str] = {
    "Lookup": "looks into a reference table",
    "SayNode": "speaks in a call",
    "GatherNode": "asks for keys in a call",
    "VoiceTransfer": "transfers a call",
    "WaitInboundCall": "waits for a call",
}
"""Nodes that the interpreter knows and campaigns do not carry out."""

_SHOWN_FIELDS = 20
"""Of the fields that people lack, how many are named."""


async def resolved(
    tx: Tx, *, workspace_id: int, document: CampaignDocument
) -> tuple[dict[str, Any], list[FieldProblem]]:
    """The fields about flow and channels, by id, and what is wrong with them as written."""
    problems: list[FieldProblem] = []
    talk: dict[str, Any] = {}
    if document.flow is not None:
        found = await flows.find(tx, workspace_id=workspace_id, wanted=document.flow.id)
        if found is None:
            problems.append(_problem("/flow/id", "there is no such flow"))
        else:
            version = document.flow.version or found.published
            pinned: dict[str, Any] = {"id": found.id}
            if version is not None:
                pinned["version"] = version
            if document.flow.params:
                pinned["params"] = document.flow.params
            talk["flow"] = pinned
            if version is not None and not await flows.version_hash(
                tx, flow_id=found.id, number=version
            ):
                problems.append(_problem("/flow/version", f"there is no version {version}"))
    chosen, wrong = await _channels(tx, workspace_id=workspace_id, document=document)
    problems += wrong
    if chosen:
        talk["channels"] = chosen
    return talk, problems


async def _channels(
    tx: Tx, *, workspace_id: int, document: CampaignDocument
) -> tuple[dict[str, str], list[FieldProblem]]:
    chosen: dict[str, str] = {}
    problems: list[FieldProblem] = []
    for channel_type, wanted in document.channels.items():
        pointer = f"/channels/{channel_type}"
        channel = await channels.find(tx, workspace_id=workspace_id, wanted=wanted)
        if channel is None:
            problems.append(_problem(pointer, "there is no such channel"))
        elif channel.channel_type != channel_type:
            said = f"is a {channel.channel_type} channel, not {channel_type}"
            problems.append(_problem(pointer, said))
        elif channel_type is document.channel_type:
            said = "is the campaign's own type: that channel is named by `channel`"
            problems.append(_problem(pointer, said))
        else:
            chosen[channel_type] = channel.id
    return chosen, problems


async def unready(tx: Tx, campaign: Campaign, plan: Plan) -> list[FieldProblem]:
    """Why the flow of a campaign cannot run; empty when it can, or when it needs none."""
    if campaign.type is not CampaignType.FLOW:
        return []
    if "flow" not in campaign.document:
        return [_problem("/flow", "a Flow campaign needs one")]
    if plan.flow is None:
        return [_problem("/flow", "the flow was never published")]
    try:
        flow = await flow_plans.pinned(tx, flow_id=plan.flow.id, version=plan.flow.version)
    except LookupError:
        return [_problem("/flow/version", f"there is no version {plan.flow.version}")]
    except InvalidParameter as error:
        return [_problem(f"/flow{each.pointer or ''}", each.message) for each in error.problems]
    return [*_nodes(flow, campaign, plan), *await _credentials(tx, flow, campaign)]


async def lacking(tx: Tx, campaign: Campaign, plan: Plan) -> list[str]:
    """Whom the flow would know too little of, in sentences: nobody is kept from anything by it."""
    if plan.flow is None or campaign.list_id is None:
        return []
    try:
        flow = await flow_plans.pinned(tx, flow_id=plan.flow.id, version=plan.flow.version)
    except (LookupError, InvalidParameter):
        return []
    fields = [name for name in flow.reads if name != "time_zone"]
    found = await flows.lacking(tx, list_id=campaign.list_id, fields=fields)
    return [
        f"{each.missing:,} of {each.people:,} contacts have no {each.field}, which the flow reads"
        for each in found[:_SHOWN_FIELDS]
        if each.missing
    ]


def _nodes(flow: Flow, campaign: Campaign, plan: Plan) -> Iterable[FieldProblem]:
    """What its nodes need that the campaign does not have, or that campaigns do not do."""
    from campana.flow.nodes.voice_call import VoiceCall
    from campana.flow.sending import Sending

    usable = {campaign.channel_type, *plan.channels}
    for graph_name, graph in flow.graphs.items():
        for node_id, node in graph.nodes.items():
            where = f"the node {node_id}" + (f" of {graph_name}" if graph_name else "")
            not_run = _NOT_RUN.get(type(node).__name__)
            if not_run is not None:
                yield _problem("/flow", f"{where} {not_run}, which campaigns cannot do yet")
            elif isinstance(node, Sending) and node.channel and node.channel not in usable:
                said = f"{where} sends by {node.channel}: name the channel to use"
                yield _problem(f"/channels/{node.channel}", said)
            elif isinstance(node, VoiceCall):
                yield from _call(node, where, usable, plan)


def _call(
    node: VoiceCall, where: str, usable: set[ChannelType], plan: Plan
) -> Iterable[FieldProblem]:
    if ChannelType.VOICE not in usable:
        yield _problem("/channels/Voice", f"{where} calls: name the channel to use")
    script = plan.scripts.get(node.bot)
    if script is None:
        yield _problem("/voiceBots", f"{where} calls with the bot {node.bot}, which is not there")
        return
    for wrong in script_problems(script):
        yield _problem(f"/voiceBots/{node.bot}{wrong.pointer}", wrong.message)


async def _credentials(tx: Tx, flow: Flow, campaign: Campaign) -> Sequence[FieldProblem]:
    """Credentials that its webhooks name and nobody has stored."""
    from campana.flow.nodes.webhook import Webhook

    named = {
        node.credential
        for graph in flow.graphs.values()
        for node in graph.nodes.values()
        if isinstance(node, Webhook) and node.credential
    }
    if not named:
        return []
    stored = await flows.credentials(tx, workspace_id=campaign.workspace_id)
    known = {each.name for each in stored}
    return [
        _problem("/flow", f"its webhooks show the credential {name}, which is not stored")
        for name in sorted(named - known)
    ]


def _problem(pointer: str, message: str) -> FieldProblem:
    return FieldProblem(pointer=pointer, message=message)
