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
from campana.services import flow_plans, template_document, variant_plans
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
        found += _missing(await flows.lacking(tx, whom=whom, fields=fields, now=now))
    return list(dict.fromkeys(found))


async def unbidden(tx: Tx, campaign: Campaign, plan: Plan) -> list[str]:
    """The nodes that may say anything but a template by WhatsApp before a reply."""
    from campana.flow import openings

    found: list[str] = []
    async for flow, own in _flows(tx, plan):
        begins_on = own.begins_on or campaign.channel_type
        found += openings.free_form(flow, on=ChannelType.WHATSAPP, begins_on=begins_on)
    return list(dict.fromkeys(found))


async def _flows(tx: Tx, plan: Plan) -> AsyncIterator[tuple[Flow, Plan]]:
    for _, own in variant_plans.each_way(plan):
        if own.flow is None:
            continue
        try:
            flow = await flow_plans.pinned(tx, flow_id=own.flow.id, version=own.flow.version)
        except (LookupError, InvalidParameter):
            continue
        yield flow, own


def _missing(found: Sequence[Lacking]) -> list[str]:
    return [
        f"{each.missing:,} of {each.people:,} contacts have no {each.field}, which the flow reads"
        for each in found[:_SHOWN_FIELDS]
        if each.missing
    ]


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
                people = ", ".join(numbered("ctc", each) for each in without.first)
                more = ", \u2026" if without.contacts > len(without.first) else ""
                found.append(
                    f"{without.contacts:,} of {without.total:,} contacts lack"
                    f" {', '.join(sorted(without.by_field))}, without which the template"
                    f" {name} of the node {node_id} is not sent: {people}{more}"
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
