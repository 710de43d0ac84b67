"""How fast campaigns go, against how fast they may, and when they will be through.

For whoever watches: the pace is counted over a minute, and an end is foretold anew twice a minute
at most. Nothing is decided by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campana.domain.campaign import Campaign, CampaignState
from campana.domain.errors import InvalidParameter
from campana.domain.forecast import Ends, Pace
from campana.domain.target import zones_of
from campana.domain.waiting import Cause, Standing
from campana.domain.window import next_open
from campana.services.campaign_document import plan_of
from campana.services.context import Context
from campana.services.foretelling import Calls, Leg, calls_placed, foretold, most_tries, places_left
from campana.store import campaigns, channels, overview
from campana.store.campaign_search import Found
from campana.store.channels import Channel
from campana.store.db import Tx
from campana.store.overview import Left

MINUTE = timedelta(minutes=1)
_STEP_SECONDS = 5
"""The minute moves on in steps, so that a steady pace is a steady number."""
_LEAST_SPAN = timedelta(seconds=10)
_RATE_SECONDS, _ENDS_SECONDS, _COST_SHARE = 10.0, 30.0, 20.0
_NOBODY_SECONDS = 2.0
"""So soon it is asked again of a campaign in which nobody waits: its people may be coming in."""
_GOING = (Cause.CONTACTING, Cause.READY, Cause.CHANNEL_RATE, Cause.CAMPAIGN_RATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """Of a campaign that runs."""

    begun: int
    """Attempts of the last minute."""
    most: float | None
    """As many its limits allow in a minute; None without a channel."""
    ends: Ends | None
    """None when nobody waits, nobody asked, or nobody can say."""


async def tempos(
    tx: Tx,
    context: Context,
    *,
    workspace_id: int,
    found: Sequence[Found],
    standings: Mapping[str, Standing],
    with_ends: bool,
    now: datetime,
) -> dict[str, Tempo]:
    """Of those of these campaigns that run."""
    ids = [each.id for each in found if each.state == CampaignState.RUNNING]
    if not ids:
        return {}
    until = now - timedelta(seconds=now.timestamp() % _STEP_SECONDS)
    begun = await context.counts.begun(
        tx,
        workspace_id=workspace_id,
        since=until - MINUTE,
        until=until,
        monotonic=context.monotonic,
    )
    rates = await _rates(tx, context, ids)
    ends: Mapping[str, Ends | None] = {}
    if with_ends:
        told = {each: standings[each] for each in ids}
        ends = await _ends(tx, context, workspace_id, told, begun, now)
    return {
        each: Tempo(
            begun=begun.get(each, 0),
            most=None if (rate := rates[each]) is None else rate * MINUTE.total_seconds(),
            ends=ends.get(each),
        )
        for each in ids
    }


async def _rates(tx: Tx, context: Context, ids: Sequence[str]) -> dict[str, float | None]:
    kept, now = context.counts.rates, context.monotonic()
    known = {each: kept.fresh(each, now=now) for each in ids}
    stale = [each for each in ids if not kept.has(each, now=now)]
    if stale:
        read = await overview.rates(tx, campaign_ids=stale)
        for each in stale:
            known[each] = read.get(each)
            kept.keep_for(each, known[each], seconds=_RATE_SECONDS, now=now)
    return known


async def _ends(
    tx: Tx,
    context: Context,
    workspace_id: int,
    told: Mapping[str, Standing],
    begun: Mapping[str, int],
    now: datetime,
) -> dict[str, Ends | None]:
    kept, began = context.counts.ends, context.monotonic()
    known = {each: kept.fresh(each, now=began) for each in told if kept.has(each, now=began)}
    stale = [each for each in told if each not in known]
    if not stale:
        return known
    left = await overview.left_by_zones(tx, campaign_ids=stale)
    every = {each.id: each for each in await channels.list_all(tx, workspace_id=workspace_id)}
    for each in stale:
        known[each] = None
        if each in left:
            known[each] = await _foretold(
                tx, context, each, every, told[each], left[each], begun.get(each, 0), now
            )
    seconds = max(_ENDS_SECONDS, _COST_SHARE * (context.monotonic() - began))
    for each in stale:
        # Counting them took as long as there are people: that is not done all the time.
        for_seconds = seconds if each in left else _NOBODY_SECONDS
        kept.keep_for(each, known[each], seconds=for_seconds, now=context.monotonic())
    return known


async def _foretold(
    tx: Tx,
    context: Context,
    campaign_id: str,
    every: Mapping[str, Channel],
    told: Standing,
    left: Sequence[Left],
    begun: int,
    now: datetime,
) -> Ends | None:
    campaign = await campaigns.get(tx, campaign_id=campaign_id, now=now)
    channel = every.get(campaign.channel_id or "") if campaign else None
    if campaign is None or channel is None:
        return None
    places = await places_left(tx, channel, now)
    return ends_of(
        campaign,
        channel,
        left=left,
        begun=begun,
        told=told,
        places=places,
        calls=await calls_placed(tx, context, channel, now),
        now=now,
    )


def ends_of(
    campaign: Campaign,
    channel: Channel,
    *,
    left: Sequence[Left],
    begun: int,
    told: Standing,
    places: Pace,
    calls: Calls | None,
    now: datetime,
) -> Ends | None:
    """When a campaign that runs will be through with those `left`.

    At the pace it has, `begun` in the last minute, once it is going; else at its limits, from when
    what it waits for is over. None when it would take longer than anybody can say.
    """
    try:
        plan = plan_of(campaign.document, channel_window=channel.window)
    except InvalidParameter:
        return None
    people = Counter[tuple[str, ...]]()
    for each in left:
        people[zones_of(each.window_key)] += each.people
    is_going = told.cause in _GOING
    start = max(each for each in (now, campaign.start_date, told.until) if each)
    tries = most_tries(campaign, plan)
    leg = Leg(
        channel=channel,
        least=people,
        most={zones: tries * number for zones, number in people.items()},
        places=places,
        calls=calls,
    )
    best, latest = foretold(
        campaign,
        plan,
        [leg],
        eligible=people,
        now=start,
        seen=_seen(campaign, begun, now) if is_going else None,
    )
    soonest = campaign.end_date if best.not_reached else best.last_at
    if soonest is None:
        return None
    for each in left:
        # Whoever was put off, or is to be tried again, is due at a moment of their own.
        if not best.not_reached and each.last_due_at > soonest:
            opens = next_open(plan.window, zones_of(each.window_key), each.last_due_at)
            soonest = max(soonest, opens or soonest)
    return Ends(
        soonest=_whole_minute(soonest),
        latest=None if latest is None else _whole_minute(max(latest, soonest)),
        is_going=is_going,
    )


def _seen(campaign: Campaign, begun: int, now: datetime) -> float | None:
    """Attempts a second since it runs, over a minute at most; None before there are any."""
    if not begun:
        return None
    since = max(
        (each for each in (campaign.running_since, campaign.start_date) if each),
        default=now - MINUTE,
    )
    span = min(MINUTE, max(now - since, _LEAST_SPAN))
    return begun / span.total_seconds()


def _whole_minute(moment: datetime) -> datetime:
    """The minute in which it ends is over."""
    return (moment + MINUTE - timedelta(microseconds=1)).replace(second=0, microsecond=0)
