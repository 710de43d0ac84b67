"""When a launch would contact whom, and when it would be over: its run played ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from campana.domain.cadence import Rule
from campana.domain.caller_id import CallerIds
from campana.domain.campaign import Campaign, CampaignType, ChannelType, Plan
from campana.domain.disposition import Disposition
from campana.domain.forecast import Forecast, Pace, forecast
from campana.domain.window import next_open
from campana.services.messaging import DAY
from campana.store import portfolios
from campana.store.channels import Channel
from campana.store.db import Tx
from campana.store.portfolios import Portfolio

# What a line is held for: a call nobody answers, or long ringing and the whole bot.
_SHORTEST_CALL = timedelta(seconds=15)
_LONGEST_RINGING = timedelta(seconds=45)


async def places_left(tx: Tx, channel: Channel | None, now: datetime) -> Pace:
    """The part of a pace that says how many new people there is room for."""
    if channel is None or channel.portfolio is None or channel.portfolio_limit is None:
        return Pace(rate=channel.rate if channel else 1)
    portfolio = Portfolio(workspace_id=channel.workspace_id, name=channel.portfolio)
    taken = await portfolios.standing(tx, portfolio=portfolio, after=now - DAY)
    return Pace(rate=channel.rate, people=channel.portfolio_limit, taken=taken)


def foretold(
    campaign: Campaign,
    plan: Plan,
    channel: Channel,
    *,
    eligible: Mapping[tuple[str, ...], int],
    places: Pace,
    pool: CallerIds | None,
    now: datetime,
    seen: float | None = None,
) -> tuple[Forecast, datetime | None]:
    """The run played twice: everybody at the first try, and every try of everybody in vain.

    Args:
        campaign: a draft, or one that runs.
        plan: what it says.
        channel: the one it begins on.
        eligible: how many people, by the zones they may be in.
        places: how many new people there is room for.
        pool: the caller ids of the channel.
        now: the moment of the launch, or from when on it can go on.
        seen: attempts a second that it is seen to make: it is not taken to become faster.

    Returns:
        The first of the two, and when the second ends: None when it might never.
    """
    start = max(now, campaign.start_date or now)

    def pace(held: timedelta) -> Pace:
        most = _pace(plan, channel, held, places, pool)
        return most if seen is None else replace(most, rate=min(most.rate, seen))

    best = forecast(
        eligible,
        window=plan.window,
        pace=pace(_SHORTEST_CALL),
        start=start,
        end=campaign.end_date,
    )
    tries = most_tries(campaign, plan)
    worst = forecast(
        {zones: people * tries for zones, people in eligible.items()},
        window=plan.window,
        pace=pace(_longest_call(plan)),
        start=start,
        end=campaign.end_date,
    )
    return best, _latest(campaign, plan, best, worst, eligible)


def _pace(
    plan: Plan, channel: Channel, held: timedelta, places: Pace, pool: CallerIds | None
) -> Pace:
    """The lowest of all limits, when each attempt holds its line for so long."""
    by_numbers = pool.only(plan.caller_id).most_calls_a_day if pool is not None else None
    own = plan.pacing
    rates = [channel.rate, own.rate or channel.rate]
    lines = min(channel.lines, own.lines or channel.lines)
    quotas = [each for each in (channel.daily_attempts, own.daily, by_numbers) if each]
    return replace(
        places,
        rate=min(*rates, lines / held.total_seconds()),
        daily=min(quotas) if quotas else None,
    )


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
    return latest if campaign.end_date is None else min(latest, campaign.end_date)
