"""When a launch would contact whom, and when it would be over: its run played ahead."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from campana.domain.cadence import Rule
from campana.domain.caller_id import CallerIds
from campana.domain.campaign import Campaign, CampaignType, ChannelType, Plan
from campana.domain.caps import Cap
from campana.domain.disposition import Disposition
from campana.domain.forecast import Forecast, Later, Pace, Planned, forecast
from campana.domain.pacing import quota_day
from campana.domain.quota import Quota
from campana.domain.window import next_open
from campana.services import caller_ids
from campana.services.context import Context
from campana.services.messaging import DAY
from campana.services.spending import SETTLING_DELAY
from campana.services.worst_end import Rounds, worst_end
from campana.store import caller_ids as called_from
from campana.store import portfolios, quotas
from campana.store.channels import Channel
from campana.store.db import Tx
from campana.store.portfolios import Portfolio

# What a line is held for: a call nobody answers, or long ringing and the whole bot.
_SHORTEST_CALL = timedelta(seconds=15)
_LONGEST_RINGING = timedelta(seconds=45)


async def places_left(tx: Tx, channel: Channel | None, now: datetime) -> Pace:
    """What is left of the channel's day, and for how many new people there is room, of a pace."""
    if channel is None:
        return Pace(rate=1)
    pace = Pace(rate=channel.rate)
    if (most := channel.daily_attempts) is not None:
        today = quota_day(now)
        spent = await quotas.sent_on(tx, channel_id=channel.id, day=today)
        pace = replace(pace, quotas=[Quota(most=most, left=most - spent, on=today)])
    if channel.portfolio is None or channel.portfolio_limit is None:
        return pace
    portfolio = Portfolio(workspace_id=channel.workspace_id, name=channel.portfolio)
    taken = await portfolios.standing(tx, portfolio=portfolio, after=now - DAY)
    return replace(pace, people=channel.portfolio_limit, taken=taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """The numbers of a channel, and how many calls each has placed on a day of UTC."""

    pool: CallerIds
    used: Mapping[str, int]
    on: date

    def quota(self, number: str | None) -> Quota | None:
        """How many calls the one number a campaign chose, or all of them, may place in a day."""
        own = self.pool.only(number)
        if own.most_calls_a_day is None:
            return None
        return Quota(most=own.most_calls_a_day, left=own.calls_left(self.used), on=self.on)


async def calls_placed(tx: Tx, context: Context, channel: Channel, now: datetime) -> Calls | None:
    """None of a channel that has no numbers to call from."""
    pool = caller_ids.pool_of(context, channel)
    if pool is None:
        return None
    today = quota_day(now)
    used: Mapping[str, int] = {}
    if pool.calls_a_day is not None:
        used = await called_from.used(
            tx, workspace_id=channel.workspace_id, numbers=pool.numbers, day=today
        )
    return Calls(pool=pool, used=used, on=today)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """What one channel has to do: so many attempts, by the zones that people may be in."""

    channel: Channel
    least: Mapping[tuple[str, ...], int]
    most: Mapping[tuple[str, ...], int] | None
    """None without end."""
    places: Pace
    """How many new people there is room for."""
    calls: Calls | None
    """The caller ids of the channel."""
    money: Money | None = None
    first: int | None = None
    """So many of a canary's go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """Attempts that what may be spent pays for, should each cost the least and the most."""

    least: Sequence[Quota]
    most: Sequence[Quota]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What has been done to these people and what else goes on, that makes a run later."""

    caps: Sequence[Cap] = ()
    later: Later = field(default_factory=dict[tuple[tuple[str, ...], datetime], int])
    """Whom a cap keeps away for now."""
    attempts: int = 0
    """Of other campaigns on the channel, that may come first."""


_NOTHING = Beside()


def foretold(
    campaign: Campaign,
    plan: Plan,
    legs: Sequence[Leg],
    *,
    eligible: Mapping[tuple[str, ...], int],
    now: datetime,
    seen: float | None = None,
    beside: Beside = _NOTHING,
) -> tuple[Forecast, datetime | None]:
    """The run played twice: everybody at the first try, and every try of everybody in vain.

    Args:
        campaign: a draft, or one that runs.
        plan: what it says.
        legs: of each channel that somebody may be tried on.
        eligible: how many people, by the zones they may be in.
        now: the moment of the launch, or from when on it can go on.
        seen: attempts a second that it is seen to make: it is not taken to become faster.
        beside: what makes it later.

    Returns:
        The first of the two, and when the second ends: None when it might never.
    """
    start = max(now, campaign.start_date or now)
    people = sum(eligible.values())

    def paced(held: timedelta, *, is_worst: bool) -> list[Pace]:
        # One that runs is past its ramp-up for all anybody knows here.
        ramp_up = plan.pacing.ramp_up if campaign.launched_at is None else timedelta(0)
        paces = [
            _pace(
                plan,
                leg,
                held,
                is_own=leg.channel.id == campaign.channel_id,
                ramp_up=ramp_up,
                is_worst=is_worst,
            )
            for leg in legs
        ]
        if seen is not None:
            paces = [replace(pace, rate=min(pace.rate, seen)) for pace in paces]
        return paces

    def played(
        paces: Sequence[Pace], work: Sequence[Mapping[tuple[str, ...], int]], later: Later
    ) -> Forecast:
        done = list(zip(paces, work, strict=True))
        if len(done) > 1 and plan.pacing.any:
            # Its own limits are for all of its channels together.
            rate = min(plan.pacing.rate or math.inf, sum(pace.rate for pace in paces))
            everything = sum((Counter(each) for each in work), Counter[tuple[str, ...]]())
            own = [Quota(most=plan.pacing.daily)] if plan.pacing.daily else []
            done.append((Pace(rate=rate, quotas=own), everything))
        found = [
            forecast(
                each, window=plan.window, pace=pace, start=start, end=campaign.end_date, later=later
            )
            for pace, each in done
        ]
        return _together(found, [sum(each.values()) for _, each in done], len(work), people)

    is_single = len(legs) == 1 and plan.flow is None
    best = played(
        paced(_SHORTEST_CALL, is_worst=False),
        [leg.least for leg in legs],
        beside.later if is_single else {},
    )
    most = [leg.most for leg in legs if leg.most is not None]
    if len(most) < len(legs) or best.not_reached:
        return best, campaign.end_date
    held = _longest_call(plan)
    paces = paced(held, is_worst=True)
    if is_single:
        rounds = Rounds(
            people=eligible,
            later=beside.later,
            tries=most_tries(campaign, plan),
            rules=_rules(campaign, plan),
            caps=beside.caps,
            others=beside.attempts,
            # Who is put off while money is promised is asked for again a while after it came back.
            held=held + (SETTLING_DELAY if legs[0].money is not None else timedelta(0)),
        )
        return best, worst_end(
            rounds, window=plan.window, pace=paces[0], start=start, end=campaign.end_date
        )
    worst = played(paces, most, {})
    return best, _latest(campaign, plan, best, worst, eligible)


def _together(
    found: Sequence[Forecast], attempts: Sequence[int], channels: int, people: int
) -> Forecast:
    """Several runs at once as one, over when the last is; only the first `channels` plan hours."""
    if len(found) == 1:
        only, made = found[0], attempts[0]
        return replace(only, not_reached=_people(only.not_reached, made, people))
    planned = Counter[tuple[datetime, tuple[str, ...]]]()
    for run in found[:channels]:
        planned.update({(each.hour, each.zones): each.attempts for each in run.planned})
    busy = [run for run, made in zip(found, attempts, strict=True) if made]
    starts = [run.first_at for run in busy if run.first_at is not None]
    ends = [run.last_at for run in busy if run.last_at is not None]
    return Forecast(
        planned=[
            Planned(hour=hour, zones=zones, attempts=made)
            for (hour, zones), made in sorted(planned.items())
        ],
        first_at=min(starts, default=None),
        last_at=max(ends, default=None),
        not_reached=max(
            (
                _people(run.not_reached, made, people)
                for run, made in zip(found, attempts, strict=True)
            ),
            default=0,
        ),
    )


def _people(left: int, attempts: int, people: int) -> int:
    """How many people are left when so many attempts of all are."""
    return left if attempts == people or not attempts else math.ceil(left * people / attempts)


def _pace(
    plan: Plan,
    leg: Leg,
    held: timedelta,
    *,
    is_own: bool,
    ramp_up: timedelta,
    is_worst: bool = False,
) -> Pace:
    """The lowest of all limits, when each attempt holds its line for so long."""
    channel, own = leg.channel, plan.pacing
    full = min(channel.rate, own.rate or channel.rate)
    lines = min(channel.lines, own.lines or channel.lines)
    limits = [*leg.places.quotas]
    if own.daily is not None:
        # Of which the campaign itself has used nothing yet.
        limits.append(Quota(most=own.daily))
    if leg.calls is not None and (numbers := leg.calls.quota(plan.caller_id if is_own else None)):
        limits.append(numbers)
    if leg.money is not None:
        limits += leg.money.most if is_worst else leg.money.least
    wait = timedelta(0) if plan.canary is None else plan.canary.wait
    return replace(
        leg.places,
        rate=min(full, lines / held.total_seconds()),
        quotas=limits,
        first=leg.first,
        # The wait begins when the last of the first is over.
        first_wait=wait + (held if is_worst else timedelta(0)),
        ramp_up=ramp_up,
        full=full,
    )


def quickest(plan: Plan, leg: Leg) -> Pace:
    """The pace at which everybody is reached at the first try, on the campaign's own channel."""
    return _pace(plan, leg, _SHORTEST_CALL, is_own=True, ramp_up=plan.pacing.ramp_up)


def _longest_call(plan: Plan) -> timedelta:
    talk = timedelta(seconds=plan.script.max_seconds) if plan.script else _SHORTEST_CALL
    return _LONGEST_RINGING + talk


def _rules(campaign: Campaign, plan: Plan) -> list[Rule]:
    """What may have a person tried again on the campaign's channel: no call is held back."""
    is_call = campaign.channel_type is ChannelType.VOICE and campaign.type is CampaignType.VOICE_BOT
    return [
        rule
        for outcome, rule in plan.cadence.rules.items()
        if not (is_call and outcome is Disposition.HELD_BACK)
    ]


def most_tries(campaign: Campaign, plan: Plan) -> int:
    """How often one person may be tried in all."""
    again = sum(rule.attempts - 1 for rule in _rules(campaign, plan))
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
    delay = max((rule.delay for rule in _rules(campaign, plan)), default=timedelta(0))
    last = best.last_at
    for _ in range(most_tries(campaign, plan) - 1):
        opening = [next_open(plan.window, zones, last + delay) for zones in eligible]
        last = max((each for each in opening if each is not None), default=last)
    latest = max(worst.last_at, last)
    if plan.canary is not None and campaign.launched_at is not None:
        # Whether its first people are through already is not asked.
        latest += plan.canary.wait
    return latest if campaign.end_date is None else min(latest, campaign.end_date)
