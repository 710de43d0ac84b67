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
from campana.domain.campaign import ChannelType
from campana.domain.errors import FieldProblem
from campana.domain.first_turns import first_turns
from campana.domain.forecast import Forecast, Pace
from campana.domain.window import ALWAYS, Window
from campana.services import (
    bot_people,
    budgets,
    channel_pause,
    closed_hours,
    crowds,
    flow_callers,
    flow_people,
    flow_tries,
    hearing,
    preflight,
    without_effect,
)
from campana.services.campaign_document import plan_of
from campana.services.context import Context
from campana.services.crowds import Judge
from campana.services.foretelling import (
    Beside,
    Leg,
    calls_placed,
    foretold,
    most_tries,
    places_left,
    quickest,
)
from campana.services.reckoned import CostRange, Reckoned
from campana.services.warned import warned
from campana.store import campaigns, channels
from campana.store import outlook as store
from campana.store.channels import Channel
from campana.store.db import Tx
from campana.store.outlook import Crowd, Person

FIRST = 20
"""People who are told one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """Somebody whose turn comes soon after the launch, and when that would be."""

    at: datetime
    person: Person


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
    window: Window = ALWAYS
    """The hours of the campaign, and of its channel where that has its own."""
    zones: Sequence[tuple[str, ...]] = ()
    """Where those who would be contacted are."""
    first: Sequence[First] = ()
    """Whose turn it would be first, `FIRST` of them at the most."""


async def look_ahead(context: Context, *, workspace_id: int, campaign_id: str) -> Outlook:
    """Preflight of a draft.

    Raises:
        NotFound
        InvalidTransition: it was launched; `why` says how it stands.
    """
    now = context.clock.now()
    async with context.db.read(workspace_id=workspace_id) as tx:
        judge = await crowds.judge(
            tx, context, workspace_id=workspace_id, campaign_id=campaign_id, now=now
        )
        campaign, channel, plan = judge.campaign, judge.channel, judge.plan
        problems = await preflight.blocking(tx, context, campaign)
        found = (
            await store.crowds(tx, judge.question, most=FIRST) if judge.question is not None else []
        )
        warnings = list[str]()
        if judge.question is not None:
            whom = judge.question.whom
            warnings = await flow_people.lacking(tx, campaign, plan, whom=whom, now=now)
            warnings += await bot_people.lacking(tx, plan, whom=whom, now=now)
        warnings += await flow_people.doubtful_templates(tx, campaign, plan)
        warnings += flow_tries.endless(judge.courses)
        warnings += without_effect.warnings(campaign, plan, channel)
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
        warnings += _uncared_for(found, judge, await flow_people.unbidden(tx, campaign, plan))
        warnings += closed_hours.warnings(judge, found)
        reckoned = _reckoned(found, judge)
        eligible = reckoned.eligible
        counted = Outlook(
            problems=problems,
            people=sum(crowd.people for crowd in found),
            eligible=sum(eligible.values()),
            skipped=reckoned.skipped,
            forecast=None,
            latest=None,
            cost=reckoned.cost if judge.prices.table else None,
            warnings=warnings,
            window=plan.window,
            zones=sorted(eligible),
        )
        if channel is None or not eligible:
            return counted
        legs = await _legs(tx, context, judge, reckoned)
        best, latest = foretold(
            campaign,
            plan,
            legs,
            eligible=eligible,
            now=now,
            beside=await _beside(tx, judge, channel, reckoned),
        )
        warnings += _unaffordable(legs, judge, sum(eligible.values()))
        own = next((leg for leg in legs if leg.channel.id == channel.id), None)
        pace = quickest(plan, own) if own is not None else Pace(rate=channel.rate)
        first = await _first(tx, judge, found, reckoned, pace)
        return replace(counted, forecast=best, latest=latest, first=first)


async def _legs(tx: Tx, context: Context, judge: Judge, reckoned: Reckoned) -> list[Leg]:
    """What each of the campaign's channels would have to do."""
    campaign = judge.campaign
    used = {campaign.channel_type: judge.channel}
    for channel_type, wanted in judge.plan.channels.items():
        used[channel_type] = await channels.find(
            tx, workspace_id=campaign.workspace_id, wanted=wanted
        )
    spendable = await budgets.money(
        tx,
        judge,
        one=reckoned.lowest / max(1, sum(reckoned.eligible.values())),
        most=reckoned.dearest,
    )
    return [
        Leg(
            channel=channel,
            least=reckoned.least[channel_type],
            most=reckoned.most[channel_type],
            places=await places_left(tx, channel, judge.now),
            calls=await calls_placed(tx, context, channel, judge.now),
            money=spendable,
            first=_go_first(judge, reckoned, channel_type)
            if channel.id == campaign.channel_id
            else None,
        )
        for channel_type, channel in used.items()
        if channel is not None and reckoned.most[channel_type] != {}
    ]


def _unaffordable(legs: Sequence[Leg], judge: Judge, people: int) -> list[str]:
    """That what the campaign may spend in all is not enough for everybody, even at the best."""
    paid = [
        quota.most
        for leg in legs
        for quota in (leg.money.least if leg.money is not None else ())
        if quota.zone is None
    ]
    if not paid or min(paid) >= people:
        return []
    return [
        warned(
            f"the spendLimit of {judge.plan.spend_limit} is used up when {min(paid):,} of"
            f" {people:,} people have been contacted: raise it, or the campaign stops there"
        )
    ]


def _go_first(judge: Judge, reckoned: Reckoned, channel_type: ChannelType) -> int | None:
    """How many attempts a canary's people are, of all who are enrolled; None without one."""
    if judge.plan.canary is None:
        return None
    enrolled = sum(reckoned.eligible.values()) + sum(
        people for reason, people in reckoned.skipped.items() if reason != crowds.DUPLICATE
    )
    size = judge.plan.canary.size(enrolled)
    attempts = sum(reckoned.least[channel_type].values())
    return max(size, size * attempts // max(1, sum(reckoned.eligible.values())))


async def _beside(tx: Tx, judge: Judge, channel: Channel, reckoned: Reckoned) -> Beside:
    campaign = judge.campaign
    waiting = await store.beside(
        tx, workspace_id=campaign.workspace_id, channel_id=channel.id, campaign_id=campaign.id
    )
    attempts = 0
    for other_id, people in waiting.items():
        other = await campaigns.get(tx, campaign_id=other_id, now=judge.now)
        if other is not None:
            attempts += people * most_tries(other, plan_of(other.document))
    return Beside(
        caps=judge.caps,
        later=reckoned.later,
        attempts=attempts,
    )


def _uncared_for(
    found: Sequence[Crowd], judge: Judge, unbidden: Sequence[Sequence[str]]
) -> list[str]:
    """What a flow would say by WhatsApp and may not, in a sentence for each node."""
    people, silent = Counter[str](), Counter[str]()
    for crowd in found:
        nodes = unbidden[crowd.variant]
        if not nodes or crowd.is_duplicate:
            continue
        if isinstance(gate.check(judge.facts(crowd), judge.now), gate.Drop):
            continue
        for node in nodes:
            people[node] += crowd.people
            silent[node] += 0 if crowd.has_written else crowd.people
    return [
        warned(
            f"{silent[node]:,} of {people[node]:,} contacts did not write by WhatsApp in the last"
            f" 24 hours: what the node {node} says before they do is not sent to them; it needs a"
            " template"
        )
        for node in people
        if silent[node]
    ]


def _reckoned(found: Sequence[Crowd], judge: Judge) -> Reckoned:
    reckoned = Reckoned(limit=judge.plan.spend_limit)
    for crowd in found:
        if (reason := judge.reason(crowd)) is not None:
            reckoned.skipped[reason] += crowd.people
        else:
            reckoned.take(crowd, judge.courses[crowd.variant], judge.costs(crowd))
    return reckoned


async def _first(
    tx: Tx,
    judge: Judge,
    found: Sequence[Crowd],
    reckoned: Reckoned,
    pace: Pace,
) -> list[First]:
    """Whose turn it is first, in the order they came into the list; of those no cap keeps away."""
    campaign = judge.campaign
    capped = Counter[tuple[str, ...]]()
    for (zones, _), people in reckoned.later.items():
        capped[zones] += people
    at_once = Counter(reckoned.eligible) - capped
    turns = first_turns(
        at_once, window=judge.plan.window, pace=pace, end=campaign.end_date, most=FIRST,
        start=max(judge.now, campaign.start_date or judge.now),
    )  # fmt: skip
    ids: dict[tuple[str, ...], list[int]] = {}
    for crowd in found:
        if judge.reason(crowd) is None and crowd.capped_until is None:
            ids.setdefault(tuple(sorted(crowd.zones)), []).extend(crowd.first_ids)
    queues = {zones: sorted(each) for zones, each in ids.items()}
    chosen = [(turn, queues[turn.zones][turn.place]) for turn in turns]
    people = await store.named(
        tx, workspace_id=campaign.workspace_id, campaign_id=campaign.id,
        ids=[contact_id for _, contact_id in chosen],
    )  # fmt: skip
    return [First(at=turn.at, person=people[contact_id]) for turn, contact_id in chosen]
