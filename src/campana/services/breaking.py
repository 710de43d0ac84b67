"""Campaigns that stop by themselves, channels that are left alone, first people that are judged.

Asked again and again by the sweeper, by any number of processes: each decision is one transaction
that holds the campaign and looks at its state again, so it is taken once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from campana.domain.breakers import (
    COMPLAINTS_WITHIN,
    Breakers,
    complained,
    enough_attempts,
    is_down,
    tripped,
)
from campana.domain.campaign import CampaignState, Plan
from campana.services import events, tripping, windows
from campana.services.campaign_document import plan_of
from campana.services.context import Context
from campana.store import breakers, campaign_pacing, campaigns
from campana.store import events as store_events
from campana.store.breakers import CanaryWaiting, ChannelOutcomes, Watched
from campana.store.db import Tx

_LATELY = timedelta(seconds=30)
"""Campaigns of which nothing ended for so long passed no limit since they were last looked at."""

DOWN_AFTER = 10
"""Failures in a row after which a carrier is left alone."""
_DOWN_AGAIN_AFTER = 3
_DOWN_WITHIN = timedelta(minutes=5)
_SHORTEST_DOWN = timedelta(seconds=30)
_LONGEST_DOWN = timedelta(minutes=10)


async def trip(context: Context) -> list[str]:
    """Trip running campaigns that passed one of their limits; returns their ids (engine role)."""
    now = context.clock.now()
    async with context.db.read() as tx:
        found: list[tuple[str, Plan, str]] = []
        for campaign in await breakers.watched(
            tx, since=now - _LATELY, complained_since=now - COMPLAINTS_WITHIN, now=now
        ):
            plan = plan_of(campaign.document)
            limits = plan.breakers
            since = now - limits.within
            if campaign.running_since is not None:
                # A person who lets it go on has seen what was before.
                since = max(since, campaign.running_since)
            sample = await breakers.sample(
                tx, campaign_id=campaign.campaign_id, since=since, limit=limits.sample_size
            )
            reason = tripped(limits.limits, sample) if sample.size >= limits.minimum else None
            reason = reason or await _complained(tx, campaign, limits, now=now)
            if reason is not None:
                found.append((campaign.campaign_id, plan, reason))
    stopped: list[str] = []
    for campaign_id, plan, reason in found:
        resume = plan.breakers.resume_after
        resume_at = None if resume is None else now + resume
        if await tripping.trip(
            context, campaign_id=campaign_id, reason=reason, resume_at=resume_at
        ):
            stopped.append(campaign_id)
    return stopped


async def _complained(tx: Tx, campaign: Watched, limits: Breakers, *, now: datetime) -> str | None:
    if limits.complaint_share is None:
        return None
    since = now - COMPLAINTS_WITHIN
    if campaign.running_since is not None:
        since = max(since, campaign.running_since)
    share, campaign_id = limits.complaint_share, campaign.campaign_id
    told = await breakers.complaints(tx, campaign_id=campaign_id, since=since)
    if not (enough := enough_attempts(share, complaints=told)):
        return None
    reached = await breakers.reached(tx, campaign_id=campaign_id, since=since, limit=enough)
    return complained(share, complaints=told, attempts=reached)


async def resume(context: Context) -> list[str]:
    """Let tripped campaigns go on whose time is over; returns their ids (engine role)."""
    now = context.clock.now()
    async with context.db.transaction() as tx:
        found = await breakers.resuming(tx, now=now)
        for campaign in found:
            await campaigns.set_state(
                tx, campaign_id=campaign.campaign_id, state=CampaignState.RUNNING, now=now
            )
            await tripping.note(
                tx,
                campaign_id=campaign.campaign_id,
                workspace_id=campaign.workspace_id,
                action="resume",
                now=now,
            )
            resumed = await campaigns.get(tx, campaign_id=campaign.campaign_id, now=now)
            if resumed is not None:
                await store_events.add(tx, events.of_state(resumed, at=now))
            await windows.refresh(
                tx,
                context,
                campaign_id=campaign.campaign_id,
                workspace_id=campaign.workspace_id,
                document=campaign.document,
            )
    return [campaign.campaign_id for campaign in found]


async def judge(context: Context) -> list[str]:
    """Give the verdict on first people whose fate is known; returns the campaigns that go on."""
    async with context.db.read() as tx:
        waiting = await breakers.canaries(tx)
    return [each.campaign_id for each in waiting if await _judge(context, each)]


async def rest_channels(context: Context) -> list[str]:
    """Leave channels alone whose carrier lets nothing through; returns their ids (engine role).

    Their campaigns wait and lose nobody; those of other channels notice nothing. What comes up
    again is down again after fewer failures, and for longer.
    """
    now = context.clock.now()
    rested: list[str] = []
    async with context.db.transaction() as tx:
        since = now - _DOWN_WITHIN
        for channel in await breakers.channels(tx, since=since, limit=DOWN_AFTER, now=now):
            until = _down_until(channel, now)
            if until is not None:
                await breakers.set_down(
                    tx, channel_id=channel.channel_id, until=until, failing=channel.failing + 1
                )
                rested.append(channel.channel_id)
            elif channel.failing and not is_down(channel.outcomes, after=1):
                await breakers.set_down(tx, channel_id=channel.channel_id, until=None, failing=0)
    return rested


def _down_until(channel: ChannelOutcomes, now: datetime) -> datetime | None:
    after = _DOWN_AGAIN_AFTER if channel.failing else DOWN_AFTER
    if not is_down(channel.outcomes, after=after):
        return None
    return now + min(_LONGEST_DOWN, _SHORTEST_DOWN * 2 ** min(channel.failing, 10))


async def _judge(context: Context, waiting: CanaryWaiting) -> bool:
    canary = plan_of(waiting.document).canary
    if canary is not None and waiting.begun < canary.size(waiting.enrolled):
        # More people were enrolled since: more of them go first.
        async with context.db.transaction() as tx:
            await campaign_pacing.release(tx, campaign_id=waiting.campaign_id)
        return False
    if waiting.is_enrolling or waiting.is_attempting:
        return False
    now, ended_at = context.clock.now(), waiting.last_ended_at
    if canary is not None and ended_at is not None and now < ended_at + canary.wait:
        return False
    if canary is not None:
        async with context.db.transaction() as tx:
            begun = await campaign_pacing.recount(tx, campaign_id=waiting.campaign_id)
            if begun is None:
                return False
            if begun < canary.size(waiting.enrolled):
                # Some were never in contact: a verdict on them would be one on nobody.
                await campaign_pacing.release(tx, campaign_id=waiting.campaign_id)
                return False
        async with context.db.read() as tx:
            sample = await breakers.sample(
                tx,
                campaign_id=waiting.campaign_id,
                since=datetime.min.replace(tzinfo=now.tzinfo),
                limit=max(1000, waiting.begun * 2),
            )
        reason = tripped(canary.limits, sample)
        if reason is not None:
            await tripping.trip(
                context,
                campaign_id=waiting.campaign_id,
                reason=f"of its first people, {reason}",
            )
            return False
    async with context.db.transaction() as tx:
        passed = await campaign_pacing.judge(tx, campaign_id=waiting.campaign_id, canary="passed")
        if passed:
            await tripping.note(
                tx,
                campaign_id=waiting.campaign_id,
                workspace_id=waiting.workspace_id,
                action="canary_passed",
                now=now,
            )
    return passed
