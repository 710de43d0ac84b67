"""Preflight: what a launch would do, counted and foretold, without contacting or writing anything.

The gate's own rules are asked, once for each crowd of people who are alike, so that the counts are
those of the run. What stands in the way of a launch is `preflight.py`'s to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from campana.domain import gate, spend
from campana.domain.campaign import Campaign, CampaignState, ChannelType, Plan
from campana.domain.errors import FieldProblem, InvalidTransition, NotFound
from campana.domain.forecast import Forecast
from campana.domain.spend import Price
from campana.services import (
    caller_ids,
    channel_pause,
    erasure_keys,
    flow_callers,
    flow_people,
    hearing,
    preflight,
    segments,
    variant_plans,
)
from campana.services.campaign_document import plan_of
from campana.services.context import Context
from campana.services.foretelling import foretold, most_tries, places_left
from campana.services.policy import policy_of
from campana.services.spending import LONGEST_CALL
from campana.store import (
    accounts,
    campaigns,
    channels,
    lists,
    outlook,
    policies,
)
from campana.store import spend as spend_store
from campana.store.db import Tx
from campana.store.outlook import Crowd
from campana.store.segments import Members

DUPLICATE = "duplicate"
PRICE_UNKNOWN = "price_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRange:
    """What the run may cost, in the one currency of the price table."""

    lowest: Decimal
    """Everybody answers at the first try and talks for a minute at the most."""
    highest: Decimal
    """Every try of everybody is as long as it may be; no more than the campaign may spend."""


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
        prices = await _prices(tx, campaign, plan)
        pads = await erasure_keys.pads(tx, context, workspace_id=workspace_id)
        whom = await _whom(tx, campaign)
        found, warnings = list[Crowd](), list[str]()
        if whom is not None:
            found = await _crowds(tx, campaign, plan, whom, prices, pads, now)
            warnings = await flow_people.lacking(tx, campaign, plan, whom=whom, now=now)
        places = await places_left(tx, channel, now)
        calling = channel
        if ChannelType.VOICE in plan.channels:
            calling = await channels.find(
                tx, workspace_id=workspace_id, wanted=plan.channels[ChannelType.VOICE]
            )
        kind = context.carriers.get(calling.kind) if calling is not None else None
        warnings += await hearing.unheard(tx, plan, calling, kind)
        warnings += await flow_callers.unattended(tx, context, plan, calling)
        warnings += await channel_pause.warnings(
            tx, workspace_id=workspace_id, plan=plan, channel=channel
        )
        unbidden = await flow_people.unbidden(tx, campaign, plan)
    allowed = frozenset(workspace.allowed_countries) if workspace else frozenset[str]()
    eligible, skipped, expense = _judged(found, campaign, plan, allowed, prices, now)
    warnings += _uncared_for(found, campaign, plan, allowed, unbidden, now)
    counted = Outlook(
        problems=problems,
        people=sum(crowd.people for crowd in found),
        eligible=sum(eligible.values()),
        skipped=skipped,
        forecast=None,
        latest=None,
        cost=expense if prices.table else None,
        warnings=warnings,
    )
    if channel is None or not eligible:
        return counted
    pool = caller_ids.pool_of(context, channel)
    best, latest = foretold(
        campaign, plan, channel, eligible=eligible, places=places, pool=pool, now=now
    )
    return replace(counted, forecast=best, latest=latest)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prices:
    table: Mapping[str, Price]
    is_limited: bool
    """There is a limit to keep: whoever has no price is not contacted."""

    @property
    def prefix_length(self) -> int:
        return max((len(key) for key in self.table if key.startswith("+")), default=0)


async def _prices(tx: Tx, campaign: Campaign, plan: Plan) -> _Prices:
    workspace_id = campaign.workspace_id
    policy = policy_of(await policies.get(tx, workspace_id=workspace_id))
    return _Prices(
        table={
            entry.prefix: entry.price
            for entry in await spend_store.all_prices(tx, workspace_id=workspace_id)
            if entry.channel_type == campaign.channel_type
        },
        is_limited=plan.spend_limit is not None or policy.daily_spend_limit is not None,
    )


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
    prices: _Prices,
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
    unbidden: Sequence[str],
    now: datetime,
) -> list[str]:
    """What a flow would say by WhatsApp and may not, in a sentence for each node."""
    if not unbidden:
        return []
    reached = [
        crowd
        for crowd in found
        if not crowd.is_duplicate
        and not isinstance(gate.check(_facts(crowd, campaign, plan, allowed, now), now), gate.Drop)
    ]
    people = sum(crowd.people for crowd in reached)
    silent = sum(crowd.people for crowd in reached if not crowd.has_written)
    if not silent:
        return []
    return [
        f"{silent:,} of {people:,} contacts did not write by WhatsApp in the last 24 hours: what"
        f" the node {node} says before they do is not sent to them; it needs a template"
        for node in unbidden
    ]


def _judged(
    found: Sequence[Crowd],
    campaign: Campaign,
    plan: Plan,
    allowed: frozenset[str],
    prices: _Prices,
    now: datetime,
) -> tuple[dict[tuple[str, ...], int], dict[str, int], CostRange]:
    """Who may be contacted, by zones, now or when the window opens; who never, by reason."""
    lowest = highest = Decimal(0)
    longest = timedelta(seconds=plan.script.max_seconds) if plan.script else LONGEST_CALL
    eligible: Counter[tuple[str, ...]] = Counter()
    skipped: Counter[str] = Counter()
    for crowd in found:
        verdict = gate.check(_facts(crowd, campaign, plan, allowed, now), now)
        if crowd.is_duplicate:
            skipped[DUPLICATE] += crowd.people
        elif isinstance(verdict, gate.Drop):
            skipped[verdict.why] += crowd.people
        elif (price := _price(crowd, prices)) is None and prices.is_limited:
            skipped[PRICE_UNKNOWN] += crowd.people
        else:
            eligible[tuple(sorted(crowd.zones))] += crowd.people
            if price is not None:
                lowest += crowd.people * price.amount
                highest += crowd.people * spend.worst_case(price, longest=longest)
    highest *= most_tries(campaign, plan)
    if plan.spend_limit is not None:
        lowest, highest = min(lowest, plan.spend_limit), min(highest, plan.spend_limit)
    return dict(eligible), dict(skipped), CostRange(lowest=lowest, highest=highest)


def _price(crowd: Crowd, prices: _Prices) -> Price | None:
    return spend.price_of(crowd.address or "", crowd.country, prices.table)


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
