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
from campana.domain.campaign import ChannelType
from campana.domain.errors import FieldProblem
from campana.domain.first_turns import first_turns
from campana.domain.forecast import Forecast, Pace
from campana.domain.window import ALWAYS, Window
from campana.services import (
    caller_ids,
    channel_pause,
    crowds,
    flow_callers,
    flow_people,
    hearing,
    preflight,
)
from campana.services.context import Context
from campana.services.crowds import Judge
from campana.services.foretelling import foretold, most_tries, places_left, quickest
from campana.services.spending import LONGEST_CALL
from campana.store import channels
from campana.store import outlook as store
from campana.store.db import Tx
from campana.store.outlook import Crowd, Person

FIRST = 20
"""People who are told one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRange:
    """What the run may cost, in the one currency of the price table."""

    lowest: Decimal
    """Everybody answers at the first try and talks for a minute at the most."""
    highest: Decimal
    """Every try of everybody is as long as it may be; no more than the campaign may spend."""


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
            warnings = await flow_people.lacking(
                tx, campaign, plan, whom=judge.question.whom, now=now
            )
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
        warnings += _uncared_for(found, judge, await flow_people.unbidden(tx, campaign, plan))
        eligible, skipped, expense = _judged(found, judge)
        counted = Outlook(
            problems=problems,
            people=sum(crowd.people for crowd in found),
            eligible=sum(eligible.values()),
            skipped=skipped,
            forecast=None,
            latest=None,
            cost=expense if judge.prices else None,
            warnings=warnings,
            window=plan.window,
            zones=sorted(eligible),
        )
        if channel is None or not eligible:
            return counted
        pool = caller_ids.pool_of(context, channel)
        best, latest = foretold(
            campaign, plan, channel, eligible=eligible, places=places, pool=pool, now=now
        )
        pace = quickest(plan, channel, places, pool)
        first = await _first(tx, judge, found, eligible, pace)
        return replace(counted, forecast=best, latest=latest, first=first)


def _uncared_for(found: Sequence[Crowd], judge: Judge, unbidden: Sequence[str]) -> list[str]:
    """What a flow would say by WhatsApp and may not, in a sentence for each node."""
    if not unbidden:
        return []
    reached = [
        crowd
        for crowd in found
        if not crowd.is_duplicate
        and not isinstance(gate.check(judge.facts(crowd), judge.now), gate.Drop)
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
    found: Sequence[Crowd], judge: Judge
) -> tuple[dict[tuple[str, ...], int], dict[str, int], CostRange]:
    """Who may be contacted, by zones, now or when the window opens; who never, by reason."""
    plan = judge.plan
    lowest = highest = Decimal(0)
    longest = timedelta(seconds=plan.script.max_seconds) if plan.script else LONGEST_CALL
    eligible: Counter[tuple[str, ...]] = Counter()
    skipped: Counter[str] = Counter()
    for crowd in found:
        if (reason := judge.reason(crowd)) is not None:
            skipped[reason] += crowd.people
            continue
        eligible[tuple(sorted(crowd.zones))] += crowd.people
        if (price := judge.price(crowd)) is not None:
            lowest += crowd.people * price.amount
            highest += crowd.people * spend.worst_case(price, longest=longest)
    highest *= most_tries(judge.campaign, plan)
    if plan.spend_limit is not None:
        lowest, highest = min(lowest, plan.spend_limit), min(highest, plan.spend_limit)
    return dict(eligible), dict(skipped), CostRange(lowest=lowest, highest=highest)


async def _first(
    tx: Tx,
    judge: Judge,
    found: Sequence[Crowd],
    eligible: Mapping[tuple[str, ...], int],
    pace: Pace,
) -> list[First]:
    """Whose turn it is first, in the order they came into the list."""
    campaign = judge.campaign
    turns = first_turns(
        eligible, window=judge.plan.window, pace=pace, end=campaign.end_date, most=FIRST,
        start=max(judge.now, campaign.start_date or judge.now),
    )  # fmt: skip
    ids: dict[tuple[str, ...], list[int]] = {}
    for crowd in found:
        if judge.reason(crowd) is None:
            ids.setdefault(tuple(sorted(crowd.zones)), []).extend(crowd.first_ids)
    queues = {zones: sorted(each) for zones, each in ids.items()}
    chosen = [(turn, queues[turn.zones][turn.place]) for turn in turns]
    people = await store.named(
        tx, workspace_id=campaign.workspace_id, campaign_id=campaign.id,
        ids=[contact_id for _, contact_id in chosen],
    )  # fmt: skip
    return [First(at=turn.at, person=people[contact_id]) for turn, contact_id in chosen]
