"""What a campaign document says about its flow: names made ids, and what keeps it from running."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from campana.domain.campaign import Campaign, CampaignType, ChannelType, Plan
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.domain.script_problems import problems as script_problems
from campana.domain.transfer import forbidden, wrong_with
from campana.services import flow_plans, flow_templates, reference_tables, variant_plans
from campana.services.campaign_document import CampaignDocument, PinDocument
from campana.store import accounts, channels, flows, versioned
from campana.store.db import Tx

if TYPE_CHECKING:
    from campana.flow.definition import Flow
    from campana.flow.nodes.voice_call import VoiceCall


async def resolved(
    tx: Tx, *, workspace_id: int, document: CampaignDocument, is_typed: bool = True
) -> tuple[dict[str, Any], list[FieldProblem]]:
    """The fields about flow and channels, by id, and what is wrong with them as written.

    `is_typed`: the campaign says what it is made for; else nothing is judged by that.
    """
    problems: list[FieldProblem] = []
    talk: dict[str, Any] = {}
    if document.flow is not None:
        pinned, wrong = await _pinned(tx, document.flow, workspace_id=workspace_id, at="/flow")
        problems += wrong
        if pinned:
            talk["flow"] = pinned
    ways, wrong = await _variants(tx, workspace_id=workspace_id, document=document)
    problems += wrong
    if ways:
        talk["variants"] = ways
    own_type = document.channel_type if is_typed else None
    chosen, wrong = await _channels(
        tx, document.channels, workspace_id=workspace_id, own_type=own_type
    )
    problems += wrong
    if chosen:
        talk["channels"] = chosen
    return talk, problems


async def _pinned(
    tx: Tx, pin: PinDocument, *, workspace_id: int, at: str
) -> tuple[dict[str, Any], list[FieldProblem]]:
    """A flow by id, on the version that was asked for or the latest."""
    found = await versioned.find(
        tx, queries=flows.QUERIES, workspace_id=workspace_id, wanted=pin.id
    )
    if found is None:
        return {}, [_problem(f"{at}/id", "there is no such flow")]
    version = pin.version or found.published
    pinned: dict[str, Any] = {"id": found.id}
    if version is not None:
        pinned["version"] = version
    if pin.params:
        pinned["params"] = pin.params
    if version is not None and not await flows.version_hash(tx, flow_id=found.id, number=version):
        return pinned, [_problem(f"{at}/version", f"there is no version {version}")]
    return pinned, []


async def _variants(
    tx: Tx, *, workspace_id: int, document: CampaignDocument
) -> tuple[list[dict[str, Any]], list[FieldProblem]]:
    """The variants with their flows pinned; none where no variant has one of its own."""
    if not any(each.changes.flow for each in document.variants):
        return [], []
    written: list[dict[str, Any]] = []
    problems: list[FieldProblem] = []
    for n, each in enumerate(document.variants):
        plain: dict[str, Any] = msgspec.to_builtins(each)
        if each.changes.flow is not None:
            at = f"/variants/{n}/changes/flow"
            pinned, wrong = await _pinned(tx, each.changes.flow, workspace_id=workspace_id, at=at)
            problems += wrong
            changes = {key: value for key, value in plain["changes"].items() if value}
            plain["changes"] = {**changes, "flow": pinned}
        written.append(plain)
    return written, problems


async def _channels(
    tx: Tx,
    named: Mapping[ChannelType, str],
    *,
    workspace_id: int,
    own_type: ChannelType | None,
) -> tuple[dict[str, str], list[FieldProblem]]:
    chosen: dict[str, str] = {}
    problems: list[FieldProblem] = []
    for channel_type, wanted in named.items():
        pointer = f"/channels/{channel_type}"
        channel = await channels.find(tx, workspace_id=workspace_id, wanted=wanted)
        if channel is None:
            problems.append(_problem(pointer, "there is no such channel"))
        elif channel.channel_type != channel_type:
            said = f"is a {channel.channel_type} channel, not {channel_type}"
            problems.append(_problem(pointer, said))
        elif channel_type is own_type:
            said = "is the campaign's own type: that channel is named by `channel`"
            problems.append(_problem(pointer, said))
        else:
            chosen[channel_type] = channel.id
    return chosen, problems


async def unready(tx: Tx, campaign: Campaign, plan: Plan, *, has_model: bool) -> list[FieldProblem]:
    """Why the flow of a campaign cannot run; empty when it can, or when it needs none.

    `has_model`: a language model is there to say what people mean.
    """
    if campaign.type is not CampaignType.FLOW:
        return []
    if "flow" not in campaign.document:
        return [_problem("/flow", "a Flow campaign needs one")]
    if plan.flow is None:
        return [_problem("/flow", "the flow was never published")]
    found: list[FieldProblem] = []
    for way, own in variant_plans.each_way(plan):
        if own.flow is None:
            continue
        # A variant without a flow of its own has the campaign's, which stands where that does.
        at = "/flow" if own.flow is plan.flow else f"{way}/flow"
        try:
            flow = await flow_plans.pinned(tx, flow_id=own.flow.id, version=own.flow.version)
        except LookupError:
            found.append(_problem(f"{at}/version", f"there is no version {own.flow.version}"))
        except InvalidParameter as error:
            found += [_problem(f"{at}{e.pointer or ''}", e.message) for e in error.problems]
        else:
            found += _nodes(flow, campaign, plan, at=at)
            found += await _transfers(tx, flow, campaign, at=at)
            found += [] if has_model else _intents(flow, at=at)
            found += await _credentials(tx, flow, campaign, at=at)
            found += await _tables(tx, flow, campaign, at=at)
            found += await flow_templates.unsendable(tx, flow, campaign, own, at=at, way=way)
    return list(dict.fromkeys(found))


def _nodes(flow: Flow, campaign: Campaign, plan: Plan, *, at: str) -> Iterable[FieldProblem]:
    """What its nodes need that the campaign does not have, or that campaigns do not do.

    `at`: where the document says that this is the flow.
    """
    from campana.flow.nodes.gather import GatherNode
    from campana.flow.nodes.say import SayNode
    from campana.flow.nodes.voice_call import VoiceCall
    from campana.flow.nodes.voice_transfer import VoiceTransfer
    from campana.flow.sending import Sending
    from campana.services import flow_files

    usable = {campaign.channel_type, *plan.channels}
    for graph_name, graph in flow.graphs.items():
        for node_id, node in graph.nodes.items():
            where = f"the node {node_id}" + (f" of {graph_name}" if graph_name else "")
            not_run = flow_files.not_run(node)
            if not_run is not None:
                pointer = f"{at}{flow_files.pointer_of(graph_name, node_id)}"
                yield _problem(pointer, f"{where} {not_run}")
            elif isinstance(node, Sending) and node.channel and node.channel not in usable:
                said = f"{where} sends by {node.channel}: name the channel to use"
                yield _problem(f"/channels/{node.channel}", said)
            elif isinstance(node, SayNode | GatherNode | VoiceTransfer):
                if ChannelType.VOICE not in usable:
                    said = f"{where} speaks in a call: name the channel to use"
                    yield _problem("/channels/Voice", said)
            elif isinstance(node, VoiceCall):
                yield from _call(node, where, usable, plan)


def _intents(flow: Flow, *, at: str) -> Iterable[FieldProblem]:
    """Nodes that go by what somebody meant, where nobody can say it."""
    from campana.flow.nodes.response_branch import ResponseBranch
    from campana.services import flow_files

    for graph_name, graph in flow.graphs.items():
        for node_id, node in graph.nodes.items():
            if isinstance(node, ResponseBranch) and any(each.intent for each in node.cases):
                pointer = f"{at}{flow_files.pointer_of(graph_name, node_id)}"
                said = f"the node {node_id} goes by intent: that needs CAMPANA_LLM_URL"
                yield _problem(pointer, said)


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


async def _transfers(tx: Tx, flow: Flow, campaign: Campaign, *, at: str) -> Sequence[FieldProblem]:
    """Whom it may not hand calls over to, as things are today."""
    from campana.flow.nodes.voice_transfer import VoiceTransfer
    from campana.services import flow_files

    named = [
        (f"{at}{flow_files.pointer_of(graph_name, node_id)}/to", str(node.to))
        for graph_name, graph in flow.graphs.items()
        for node_id, node in graph.nodes.items()
        if isinstance(node, VoiceTransfer)
    ]
    if not named:
        return []
    workspace = await accounts.workspace(tx, workspace_id=campaign.workspace_id)
    countries = workspace.allowed_countries if workspace is not None else ()
    return [
        _problem(pointer, why)
        for pointer, to in named
        if (why := wrong_with(to) or forbidden(to, countries=countries, hosts=())) is not None
    ]


async def _credentials(
    tx: Tx, flow: Flow, campaign: Campaign, *, at: str
) -> Sequence[FieldProblem]:
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
        _problem(at, f"its webhooks show the credential {name}, which is not stored")
        for name in sorted(named - known)
    ]


async def _tables(tx: Tx, flow: Flow, campaign: Campaign, *, at: str) -> Sequence[FieldProblem]:
    """Reference tables that its lookups name and nobody has written."""
    from campana.flow.nodes.lookup import Lookup

    named = {
        node.table
        for graph in flow.graphs.values()
        for node in graph.nodes.values()
        if isinstance(node, Lookup)
    }
    if not named:
        return []
    known = await reference_tables.names_known(tx, workspace_id=campaign.workspace_id)
    return [
        _problem(at, f"its lookups look into the table {name}, which is not there")
        for name in sorted(named.difference(known))
    ]


def _problem(pointer: str, message: str) -> FieldProblem:
    return FieldProblem(pointer=pointer, message=message)
