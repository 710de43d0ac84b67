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

from campana.domain import gate
from campana.domain.campaign import Campaign, CampaignState, Plan
from campana.domain.errors import FieldProblem, InvalidTransition, NotFound
from campana.domain.forecast import Forecast, Pace, forecast
from campana.domain.window import next_open
from campana.services import preflight
from campana.services.campaign_document import plan_of
from campana.services.context import Context
from campana.store import accounts, campaigns, channels, outlook
from campana.store.channels import Channel
from campana.store.db import Tx
from campana.store.outlook import Crowd

DUPLICATE = "duplicate"

# What a line is held for: a call nobody answers, or long ringing and the whole bot.
_SHORTEST_CALL = timedelta(seconds=15)
_LONGEST_RINGING = timedelta(seconds=45)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRange:
    """What the run may cost, in the currency of the price table."""

    currency: str
    lowest: Decimal
    highest: Decimal


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
        found = await _crowds(tx, campaign, now)
        workspace = await accounts.workspace(tx, workspace_id=workspace_id)
        channel = None
        if campaign.channel_id is not None:
            channel = await channels.find(tx, workspace_id=workspace_id, wanted=campaign.channel_id)
    plan = plan_of(campaign.document)
    allowed = frozenset(workspace.allowed_countries) if workspace else frozenset[str]()
    eligible, skipped = _judged(found, plan, allowed, now)
    counted = Outlook(
        problems=problems,
        people=sum(crowd.people for crowd in found),
        eligible=sum(eligible.values()),
        skipped=skipped,
        forecast=None,
        latest=None,
        cost=None,
    )
    if channel is None or not eligible:
        return counted
    return _foretold(counted, campaign, plan, channel, eligible, now)


async def _crowds(tx: Tx, campaign: Campaign, now: datetime) -> list[Crowd]:
    if campaign.list_id is None:
        return []
    return await outlook.crowds(
        tx,
        workspace_id=campaign.workspace_id,
        campaign_id=campaign.id,
        list_id=campaign.list_id,
        channel_type=campaign.channel_type,
        now=now,
    )


def _judged(
    found: Sequence[Crowd], plan: Plan, allowed: frozenset[str], now: datetime
) -> tuple[dict[tuple[str, ...], int], dict[str, int]]:
    """Who may be contacted, by zones, now or when the window opens; who never, by reason."""
    eligible: Counter[tuple[str, ...]] = Counter()
    skipped: Counter[str] = Counter()
    for crowd in found:
        verdict = gate.check(_facts(crowd, plan, allowed), now)
        if crowd.is_duplicate:
            skipped[DUPLICATE] += crowd.people
        elif isinstance(verdict, gate.Drop):
            skipped[verdict.why] += crowd.people
        else:
            eligible[tuple(sorted(crowd.zones))] += crowd.people
    return dict(eligible), dict(skipped)


def _facts(crowd: Crowd, plan: Plan, allowed: frozenset[str]) -> gate.Facts:
    return gate.Facts(
        address="" if crowd.has_address else None,
        country=crowd.country,
        zones=tuple(crowd.zones),
        suppressed_by=crowd.suppressed_by,
        address_is_busy=False,
        allowed_countries=allowed,
        window=plan.window,
    )


def _foretold(
    counted: Outlook,
    campaign: Campaign,
    plan: Plan,
    channel: Channel,
    eligible: Mapping[tuple[str, ...], int],
    now: datetime,
) -> Outlook:
    """The run played twice: everybody at the first try, and every try of everybody in vain."""
    start = max(now, campaign.start_date or now)
    best = forecast(
        eligible,
        window=plan.window,
        pace=_pace(plan, channel, _SHORTEST_CALL),
        start=start,
        end=campaign.end_date,
    )
    tries = _most_tries(plan)
    worst = forecast(
        {zones: people * tries for zones, people in eligible.items()},
        window=plan.window,
        pace=_pace(plan, channel, _longest_call(plan)),
        start=start,
        end=campaign.end_date,
    )
    return replace(counted, forecast=best, latest=_latest(campaign, plan, best, worst, eligible))


def _pace(plan: Plan, channel: Channel, held: timedelta) -> Pace:
    """The lowest of all limits, when each attempt holds its line for so long."""
    own = plan.pacing
    rates = [channel.rate, own.rate or channel.rate]
    lines = min(channel.lines, own.lines or channel.lines)
    quotas = [each for each in (channel.daily_attempts, own.daily) if each is not None]
    return Pace(
        rate=min(*rates, lines / held.total_seconds()), daily=min(quotas) if quotas else None
    )


def _longest_call(plan: Plan) -> timedelta:
    talk = timedelta(seconds=plan.script.max_seconds) if plan.script else _SHORTEST_CALL
    return _LONGEST_RINGING + talk


def _most_tries(plan: Plan) -> int:
    """How often one person may be tried in all."""
    again = sum(rule.attempts - 1 for rule in plan.cadence.rules.values())
    return min(plan.cadence.max_attempts, 1 + again)


def _latest(
    campaign: Campaign,
    plan: Plan,
    best: Forecast,
    worst: Forecast,
    eligible: Mapping[tuple[str, ...], int],
) -> datetime | None:
    """The end of the worst case, at the end date at the latest.

    It is no earlier than the last person's last try after all its delays, in hours that are open.
    """
    if worst.not_reached or worst.last_at is None or best.last_at is None:
        return campaign.end_date
    delay = max((rule.delay for rule in plan.cadence.rules.values()), default=timedelta(0))
    last = best.last_at
    for _ in range(_most_tries(plan) - 1):
        opening = [next_open(plan.window, zones, last + delay) for zones in eligible]
        last = max((each for each in opening if each is not None), default=last)
    latest = max(worst.last_at, last)
    return latest if campaign.end_date is None else min(latest, campaign.end_date)
