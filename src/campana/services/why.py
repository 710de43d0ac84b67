"""Why is it not dialing? One question, one transaction of reading, one sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import msgspec

from campana.domain.breakers import FAILURES
from campana.domain.campaign import Campaign, CampaignState
from campana.domain.errors import NotFound
from campana.domain.standing import standing
from campana.domain.target import zones_of
from campana.domain.waiting import TOLD_WITH_FAILURE, Cause, Standing, WaitFacts
from campana.domain.window import Window, ever_opens, next_open
from campana.services import key_hours, trunk_registrations
from campana.services.context import Context
from campana.services.secrets import Unreadable
from campana.store import campaigns, channels, due, overview
from campana.store.db import Tx
from campana.store.due import First

_NEWEST = 5
"""Attempts that must all have failed before that is told as the cause."""
_OF_THE_FIRST = frozenset({
    Cause.WINDOW_CLOSED,
    Cause.RETRIES,
    Cause.CALLBACK,
    Cause.ADDRESS_BUSY,
    Cause.CAPS,
    Cause.SPEND_LIMIT,
    Cause.CHANNEL_QUOTA,
    Cause.CHANNEL_RATE,
    Cause.DEFERRED,
})  # fmt: skip
"""What depends on who of those who wait is the first."""
_TOLD_WITH_OUTCOMES = (CampaignState.COMPLETED, CampaignState.CANCELLED, CampaignState.EXPIRED)


async def why(context: Context, *, workspace_id: int, campaign_id: str) -> Standing:
    """How a campaign stands, and what it waits for.

    Raises:
        NotFound
    """
    now = context.clock.now()
    async with context.db.read(workspace_id=workspace_id) as tx:
        campaign = await campaigns.get(tx, campaign_id=campaign_id, now=now)
        if campaign is None or campaign.workspace_id != workspace_id:
            raise NotFound
        found = await overview.waiting(tx, campaign_ids=[campaign_id], now=now)
        facts = replace(found[campaign_id], is_clock_steady=context.clock.is_steady)
        facts = await _registered(tx, context, campaign, facts)
        if facts.is_attempting and not await overview.holds_people(tx, campaign_id=campaign_id):
            facts = replace(facts, is_attempting=False, awaits_reports=True)
        told = standing(campaign.state, facts, now)
        further = await _further(tx, campaign, facts, told, now)
    return told if further is facts else standing(campaign.state, further, now)


async def _registered(tx: Tx, context: Context, campaign: Campaign, facts: WaitFacts) -> WaitFacts:
    """With what keeps its trunks from taking calls, if that is a registration they refuse."""
    if facts.channel is None:
        return facts
    channel = await channels.find(tx, workspace_id=campaign.workspace_id, wanted=facts.channel.name)
    if channel is None:
        return facts
    try:
        refusal = await trunk_registrations.refusal(tx, context, channel)
    except (Unreadable, msgspec.ValidationError):
        return facts
    return replace(facts, channel=replace(facts.channel, refusal=refusal))


async def _failure(tx: Tx, campaign: Campaign) -> str | None:
    """What the newest attempts failed of, if all of them did, at the carrier."""
    newest = await overview.newest(tx, campaign_id=campaign.id, limit=_NEWEST)
    if not newest or any(each.disposition not in FAILURES for each in newest):
        return None
    code, reason = newest[0].sip_status, newest[0].reason or str(newest[0].disposition)
    return f"{code} {reason}" if code is not None else reason


async def _first(tx: Tx, campaign: Campaign, facts: WaitFacts, now: datetime) -> WaitFacts:
    """With whoever may be contacted first, of all who open and close together, and when."""
    firsts = await due.firsts(tx, campaign_id=campaign.id)
    hours = await key_hours.hours_under(
        tx,
        campaign_id=campaign.id,
        document=campaign.document,
        keys=[each.window_key for each in firsts],
    )
    turns = [
        (turn, each)
        for each in firsts
        if (turn := _turn(hours[each.window_key], each, now)) is not None
    ]
    if not turns:
        never = firsts and not any(ever_opens(each, now) for each in hours.values())
        return replace(facts, never_opens=bool(never))
    opens_at, first = min(turns, key=lambda each: (each[0], each[1].due_at))
    return replace(
        facts,
        first_due_at=first.due_at,
        first_reason=first.reason,
        first_attempts=first.attempts,
        opens_at=opens_at,
    )


def _turn(window: Window, first: First, now: datetime) -> datetime | None:
    return next_open(window, zones_of(first.window_key), max(first.due_at, now))


async def _further(
    tx: Tx, campaign: Campaign, facts: WaitFacts, told: Standing, now: datetime
) -> WaitFacts:
    """What the sentence says besides, read only when it does."""
    if told.cause in _OF_THE_FIRST:
        facts = await _first(tx, campaign, facts, now)
    if told.cause in TOLD_WITH_FAILURE:
        facts = replace(facts, failure=await _failure(tx, campaign))
    if campaign.state in _TOLD_WITH_OUTCOMES or told.cause is Cause.ALL_FINISHED:
        counted = (await overview.progress(tx, campaign_ids=[campaign.id])).get(campaign.id, [])
        outcomes = {each.disposition: each.count for each in counted if each.disposition}
        return replace(facts, outcomes=outcomes)
    return facts
