"""Whom a campaign's flow knows too little of, or may not speak to yet: said before the launch.

Nobody is kept from anything by it. Where people are gone about in several ways, of each.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from campana.domain.campaign import Campaign, ChannelType, Plan
from campana.domain.errors import InvalidParameter
from campana.domain.ids import numbered
from campana.services import flow_plans, flow_templates, template_document, variant_plans
from campana.services.warned import warned
from campana.store import flows, templates
from campana.store.db import Tx
from campana.store.flows import Lacking
from campana.store.segments import Members

if TYPE_CHECKING:
    from campana.flow.definition import Flow
    from campana.flow.nodes.send_template import SendTemplateNode

_SHOWN_FIELDS = 20
"""Of the fields that people lack, how many are named."""
_SHOWN_PEOPLE = 5
"""Of those who lack something, how many are named."""
_ALWAYS_THERE = frozenset({"phone", "time_zone"})
"""Fields that are no columns of a contact: who has no address is not contacted at all."""


async def lacking(
    tx: Tx, campaign: Campaign, plan: Plan, *, whom: Members, now: datetime
) -> list[str]:
    """Whom the flow would know too little of, among these people, in sentences."""
    found: list[str] = []
    asked = set[tuple[str, tuple[tuple[str, str], ...]]]()
    async for flow, own in _flows(tx, plan):
        # Ways that differ in neither would be told the same, at a look through the list for each.
        way = (flow.version, tuple(sorted(own.templates.items())))
        if way in asked:
            continue
        asked.add(way)
        fields = [name for name in flow.reads if name != "time_zone"]
        found += await _holes(tx, campaign, flow, own.templates, whom=whom, now=now)
        lacks = await flows.lacking(tx, whom=whom, fields=fields, now=now)
        found += missing(lacks, bot=None)
    return list(dict.fromkeys(found))


async def unbidden(tx: Tx, campaign: Campaign, plan: Plan) -> list[list[str]]:
    """The nodes that may say anything but a template by WhatsApp before a reply.

    Of each variant, by its place, as its people hear them; of the plan itself where it has none.
    """
    from campana.flow import openings

    found: list[list[str]] = []
    for place in range(max(1, len(plan.variants))):
        own, _ = variant_plans.nth(plan, place)
        flow = await flow_of(tx, own)
        if flow is None:
            found.append([])
            continue
        begins_on = own.begins_on or campaign.channel_type
        found.append(openings.free_form(flow, on=ChannelType.WHATSAPP, begins_on=begins_on))
    return found


async def doubtful_templates(tx: Tx, campaign: Campaign, plan: Plan) -> list[str]:
    """Templates that may not be sent after all, in sentences."""
    found: list[str] = []
    async for flow, own in _flows(tx, plan):
        found += await flow_templates.doubtful(tx, flow, campaign, own)
    return list(dict.fromkeys(found))


async def _flows(tx: Tx, plan: Plan) -> AsyncIterator[tuple[Flow, Plan]]:
    for _, own in variant_plans.each_way(plan):
        flow = await flow_of(tx, own)
        if flow is not None:
            yield flow, own


async def flow_of(tx: Tx, own: Plan) -> Flow | None:
    """The flow of a way; None too where it cannot be run, which is told elsewhere."""
    if own.flow is None:
        return None
    try:
        return await flow_plans.pinned(tx, flow_id=own.flow.id, version=own.flow.version)
    except (LookupError, InvalidParameter):
        return None


def missing(found: Sequence[Lacking], *, bot: str | None) -> list[str]:
    """Who has nothing in a field that somebody reads, in a sentence for each field.

    It is read by the `bot` of that name, by the only one (empty), or by the flow (None).
    """
    sentences: list[str] = []
    for each in found[:_SHOWN_FIELDS]:
        field, of, who = each.field, each.people, _named(each.first, of=each.missing)
        if not each.missing:
            continue
        if bot is None:
            said = warned(
                f"{each.missing:,} of {of:,} contacts have no {field}, which the flow reads: {who}"
            )
        elif not bot:
            said = warned(
                f"{each.missing:,} of {of:,} contacts have no {field}, which the bot reads: {who}"
            )
        else:
            said = warned(
                f"{each.missing:,} of {of:,} contacts have no {field}, which the bot {bot} reads:"
                f" {who}"
            )
        sentences.append(said)
    return sentences


def _named(first: Sequence[int], *, of: int) -> str:
    """The first of so many people."""
    people = ", ".join(numbered("ctc", each) for each in first)
    return people + (", \u2026" if of > len(first) else "")


async def _holes(
    tx: Tx,
    campaign: Campaign,
    flow: Flow,
    replaced: Mapping[str, str],
    *,
    whom: Members,
    now: datetime,
) -> list[str]:
    """Whom a template of the flow could not be sent to: how many, for want of what, and who."""
    from campana.flow.nodes.send_template import SendTemplateNode

    found: list[str] = []
    for graph in flow.graphs.values():
        for node_id, node in graph.nodes.items():
            if not isinstance(node, SendTemplateNode):
                continue
            name = replaced.get(node.template, node.template)
            needed = await _needed(tx, campaign, node, name)
            if not needed:
                continue
            without = await templates.lacking(
                tx, whom=whom, fields=needed, shown=_SHOWN_PEOPLE, now=now
            )
            if without.contacts:
                found.append(
                    warned(
                        f"{without.contacts:,} of {without.total:,} contacts lack"
                        f" {', '.join(sorted(without.by_field))}, without which the template"
                        f" {name} of the node {node_id} is not sent:"
                        f" {_named(without.first, of=without.contacts)}"
                    )
                )
    return found


async def _needed(tx: Tx, campaign: Campaign, node: SendTemplateNode, name: str) -> list[str]:
    """The contact's fields that a template needs: its own, and those of the values it is given."""
    names = {
        each for value in node.values.values() for each in template_document.plain_in(value.source)
    }
    stored = await templates.find(tx, workspace_id=campaign.workspace_id, wanted=name)
    if stored is not None and stored.published is not None:
        version = await templates.version(tx, template_id=stored.id, number=stored.published)
        if version is not None:
            names.update(template_document.required(template_document.stored(version.content)))
    return sorted(names - _ALWAYS_THERE)
