"""Preflight: what a launch would do, counted and foretold, without contacting or writing anything.

The gate's own rules are asked, once for each crowd of people who are alike, so that the counts are
those of the run. What stands in the way of a launch is `preflight.py`'s to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from campana.domain import gate
from campana.domain.campaign import Campaign, CampaignState, ChannelType, Plan
from campana.domain.errors import FieldProblem, InvalidTransition, NotFound
from campana.domain.forecast import Forecast, Pace
from campana.services import (
    bot_people,
    caller_ids,
    channel_pause,
    erasure_keys,
    flow_people,
    flow_tries,
    hearing,
    preflight,
    segments,
    variant_plans,
)
from campana.services.campaign_document import plan_of
from campana.services.context import Context
from campana.services.flow_tries import Course
from campana.services.foretelling import Leg, foretold
from campana.services.messaging import DAY
from campana.services.reckoned import CostRange, Prices, Reckoned, known_prices, prices_of
from campana.store import (
    accounts,
    campaigns,
    channels,
    lists,
    outlook,
    portfolios,
)
from campana.store.channels import Channel
from campana.store.db import Tx
from campana.store.outlook import Crowd
from campana.store.portfolios import Portfolio
from campana.store.segments import Members

DUPLICATE = "duplicate"
PRICE_UNKNOWN = "price_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a launch at this moment would do."""

    problems: Sequence[FieldProblem]
    """What keeps it from being launched, all of it."""
    people: int
    eligible: int
    skipped: Mapping[str, int]
    """Those who would never be contacted, by the gate's machine-readable reason."""
    forecast: Forecast | None
    """If everybody is reached at the first try; None while no channel or nobody is chosen."""
    latest: datetime | None
    """When it would end if every try failed; None when it might never."""
    cost: CostRange | None
    """None while there is no price table."""
    warnings: Sequence[str] = ()
    """What keeps nobody from being contacted and somebody should know, in sentences."""


async def look_ahead(context: Context, *, workspace_id: int, campaign_id: str) -> Outlook:
    """Preflight of a draft.

    Raises:
        NotFound
        InvalidTransition: it was launched; `why` says how it stands.
    """
    now = context.clock.now()
    async with context.db.read(workspace_id=workspace_id) as tx:
        campaign = await campaigns.get(tx, campaign_id=campaign_id, now=now)
        if campaign is None or campaign.workspace_id != workspace_id:
            raise NotFound
        if campaign.state is not CampaignState.DRAFT:
            raise InvalidTransition("it was launched already: ask why it is or is not dialing")
        problems = await preflight.blocking(tx, context, campaign)
        workspace = await accounts.workspace(tx, workspace_id=workspace_id)
        channel = None
        if campaign.channel_id is not None:
            channel = await channels.find(tx, workspace_id=workspace_id, wanted=campaign.channel_id)
        plan = plan_of(campaign.document, channel_window=channel.window if channel else None)
        courses = await flow_tries.courses(tx, campaign, plan)
        prices = await prices_of(tx, campaign, plan, courses)
        pads = await erasure_keys.pads(tx, context, workspace_id=workspace_id)
        whom = await _whom(tx, campaign)
        found, warnings = list[Crowd](), list[str]()
        if whom is not None:
            found = await _crowds(tx, campaign, plan, whom, prices, pads, now)
            warnings = await flow_people.lacking(tx, campaign, plan, whom=whom, now=now)
            warnings += await bot_people.lacking(tx, plan, whom=whom, now=now)
        warnings += await flow_people.doubtful_templates(tx, campaign, plan)
        warnings += flow_tries.endless(courses)
        used = await _channels(tx, context, campaign, plan, channel, now=now)
        calling = channel
        if ChannelType.VOICE in plan.channels:
            calling = await channels.find(
                tx, workspace_id=workspace_id, wanted=plan.channels[ChannelType.VOICE]
            )
        kind = context.carriers.get(calling.kind) if calling is not None else None
        warnings += await hearing.unheard(tx, plan, calling, kind)
        warnings += await channel_pause.warnings(
            tx, workspace_id=workspace_id, plan=plan, channel=channel
        )
        unbidden = await flow_people.unbidden(tx, campaign, plan)
    allowed = frozenset(workspace.allowed_countries) if workspace else frozenset[str]()
    judged = _judged(found, campaign, plan, courses, allowed, prices, now)
    eligible = judged.eligible
    warnings += _uncared_for(found, campaign, plan, allowed, unbidden, now)
    counted = Outlook(
        problems=problems,
        people=sum(crowd.people for crowd in found),
        eligible=sum(eligible.values()),
        skipped=judged.skipped,
        forecast=None,
        latest=None,
        cost=judged.cost if prices.table else None,
        warnings=warnings,
    )
    if channel is None or not eligible:
        return counted
    legs = [
        replace(leg, least=judged.least[each], most=judged.most[each])
        for each, leg in used.items()
        if judged.least[each] or judged.most[each] != {}
    ]
    best, latest = foretold(campaign, plan, legs, eligible=eligible, now=now)
    return replace(counted, forecast=best, latest=latest)


async def _channels(
    tx: Tx,
    context: Context,
    campaign: Campaign,
    plan: Plan,
    channel: Channel | None,
    *,
    now: datetime,
) -> dict[ChannelType, Leg]:
    """The channels that the campaign uses, its own first, with nothing to do yet."""
    found = {campaign.channel_type: channel}
    for channel_type, wanted in plan.channels.items():
        found[channel_type] = await channels.find(
            tx, workspace_id=campaign.workspace_id, wanted=wanted
        )
    return {
        channel_type: Leg(
            channel=each,
            least={},
            most={},
            places=await _places(tx, each, now),
            pool=caller_ids.pool_of(context, each),
        )
        for channel_type, each in found.items()
        if each is not None
    }


async def _places(tx: Tx, channel: Channel, now: datetime) -> Pace:
    """The part of a pace that says how many new people there is room for."""
    if channel.portfolio is None or channel.portfolio_limit is None:
        return Pace(rate=channel.rate)
    portfolio = Portfolio(workspace_id=channel.workspace_id, name=channel.portfolio)
    taken = await portfolios.standing(tx, portfolio=portfolio, after=now - DAY)
    return Pace(rate=channel.rate, people=channel.portfolio_limit, taken=taken)


async def _whom(tx: Tx, campaign: Campaign) -> Members | None:
    """The people of the campaign's list or segment, if it has one."""
    if campaign.list_id is None:
        return None
    found = await lists.get(tx, workspace_id=campaign.workspace_id, list_id=campaign.list_id)
    if found is None:
        return None
    return await segments.members_of(tx, workspace_id=campaign.workspace_id, found=found)


async def _crowds(
    tx: Tx,
    campaign: Campaign,
    plan: Plan,
    whom: Members,
    prices: Prices,
    pads: bytes | None,
    now: datetime,
) -> list[Crowd]:
    return await outlook.crowds(
        tx,
        workspace_id=campaign.workspace_id,
        campaign_id=campaign.id,
        whom=whom,
        channel_type=campaign.channel_type,
        requires_consent=plan.requires_consent,
        prefix_length=prices.prefix_length,
        pads=pads,
        bounds=variant_plans.bounds_of(plan),
        care_channel=_care_channel(campaign, plan),
        now=now,
    )


def _care_channel(campaign: Campaign, plan: Plan) -> str | None:
    """The channel that takes anything but a template only for people who wrote on it lately."""
    if campaign.channel_type is ChannelType.WHATSAPP:
        return campaign.channel_id
    return plan.channels.get(ChannelType.WHATSAPP)


def _uncared_for(
    found: Sequence[Crowd],
    campaign: Campaign,
    plan: Plan,
    allowed: frozenset[str],
    unbidden: Sequence[Sequence[str]],
    now: datetime,
) -> list[str]:
    """What a flow would say by WhatsApp and may not, in a sentence for each node."""
    people, silent = Counter[str](), Counter[str]()
    for crowd in found:
        nodes = unbidden[crowd.variant]
        if not nodes or crowd.is_duplicate:
            continue
        if isinstance(gate.check(_facts(crowd, campaign, plan, allowed, now), now), gate.Drop):
            continue
        for node in nodes:
            people[node] += crowd.people
            silent[node] += 0 if crowd.has_written else crowd.people
    return [
        f"{silent[node]:,} of {people[node]:,} contacts did not write by WhatsApp in the last 24"
        f" hours: what the node {node} says before they do is not sent to them; it needs a template"
        for node in people
        if silent[node]
    ]


def _judged(
    found: Sequence[Crowd],
    campaign: Campaign,
    plan: Plan,
    courses: Sequence[Course],
    allowed: frozenset[str],
    prices: Prices,
    now: datetime,
) -> Reckoned:
    judged = Reckoned(limit=plan.spend_limit)
    for crowd in found:
        verdict = gate.check(_facts(crowd, campaign, plan, allowed, now), now)
        if crowd.is_duplicate:
            judged.skipped[DUPLICATE] += crowd.people
            continue
        if isinstance(verdict, gate.Drop):
            judged.skipped[verdict.why] += crowd.people
            continue
        known = known_prices(crowd, prices)
        if campaign.channel_type not in known and prices.is_limited:
            judged.skipped[PRICE_UNKNOWN] += crowd.people
            continue
        judged.take(crowd, courses[crowd.variant], known)
    return judged


def _facts(
    crowd: Crowd, campaign: Campaign, plan: Plan, allowed: frozenset[str], now: datetime
) -> gate.Facts:
    own, is_held_out = variant_plans.nth(plan, crowd.variant)
    return gate.Facts(
        # One speaks for all: numbers nobody may call are refused when people are imported.
        address=crowd.address,
        country=crowd.country,
        zones=tuple(crowd.zones),
        suppressed_by=crowd.suppressed_by,
        address_is_busy=False,
        allowed_countries=allowed,
        requires_consent=plan.requires_consent,
        has_consent=crowd.has_consent,
        window=own.window,
        is_held_out=is_held_out,
        # A cap puts people off; it never leaves them out.
        capped_until=None,
        is_free_form=campaign.channel_type is ChannelType.WHATSAPP and plan.flow is None,
        wrote_at=now if crowd.has_written else None,
    )
