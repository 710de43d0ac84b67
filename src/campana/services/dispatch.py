"""From what is due to an intent that may be sent: choose, claim, gate (`granting` says how many).

The order of commits is the promise. An intent is committed before the network is touched, and may
be sent only within SEND_DEADLINE of the moment its claim looked whether the campaign goes on;
`sending_at` is committed last.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from campana.domain import gate
from campana.domain.caller_id import CallerIds
from campana.domain.campaign import ChannelType, Plan
from campana.domain.event import EventName, NewEvent
from campana.services import (
    caller_ids,
    capping,
    erasure_keys,
    events,
    flow_sending,
    intents,
    late,
    limits,
    messaging,
    spending,
    tripping,
)
from campana.services.campaign_document import plan_of
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.flow_sending import FlowClaim
from campana.services.intents import Send
from campana.services.marks import Marks
from campana.services.policy import policy_of
from campana.services.secrets import Unreadable
from campana.services.variant_plans import Ways
from campana.store import attempts, campaigns, claims, decisions, due, owners, targets
from campana.store import events as store_events
from campana.store.db import Tx, once_more
from campana.store.due import BEGINNING, NO_MARKS, Candidate, Deferral, Group, Position

log = logging.getLogger(__name__)

SEND_DEADLINE = timedelta(milliseconds=500)
"""How long after its claim saw that the campaign goes on an intent may still be sent (design: pause
answers within a second)."""


async def ready(
    context: Context,
    *,
    channel_ids: Sequence[str],
    marks: Marks | None = None,
    owner_id: int | None = None,
    beside: Sequence[str] = (),
) -> list[Group]:
    """Groups with something due now on these channels, most urgent first (engine role).

    Of a group that has a mark, only what lies behind it counts. With `owner_id` nothing waits on a
    channel that another owner serves, unless it is among `beside`.
    """
    known = marks.all() if marks is not None else NO_MARKS
    async with context.db.glance() as tx:
        return await due.ready(
            tx,
            channel_ids=channel_ids,
            marks=known,
            owner_id=owner_id,
            beside=beside,
            now=context.clock.now(),
        )


@once_more
async def claim(
    context: Context,
    *,
    group: Group,
    channel_type: str,
    owner_id: int,
    limit: int,
    ahead: timedelta = timedelta(0),
    send: Send | None = None,
    callers: CallerIds | None = None,
    marks: Marks | None = None,
) -> list[Claimed]:
    """Turn up to `limit` waiting targets of the group into committed intents.

    With `send` they are committed as about to be sent, and nothing more needs to be written before
    the network. With `callers` each is given the number it is called from. With `marks` it begins
    where they say, and moves them on.

    What the gate objects to is deferred or finished in the same transaction. Nothing is claimed
    from a campaign that is not running, or that somebody is changing at this moment, and no more
    than its own limits allow, which may make an intent wait up to `ahead` before it is sent. The
    lines of the grant that are not used are free again when it returns. A grant from before a limit
    of the channel was lowered claims nothing, nor does one of the day before.
    """
    after = marks.of(group.key) if marks is not None else BEGINNING
    async with context.db.transaction() as tx:
        promise = await owners.use_promise(
            tx, channel_id=group.channel_id, owner_id=owner_id, lines=limit
        )
        if promise is None:
            return []
        # The send deadline runs from here, not from before a connection was had: who stops the
        # campaign, or suppresses somebody, waits for what comes now and for nothing before it.
        began, now = context.monotonic(), context.clock.now()
        in_force = await campaigns.share(
            tx, campaign_id=group.campaign_id, channel_id=group.channel_id, now=now
        )
        if in_force is None or not promise.is_of(now):
            return []
        plan = plan_of(in_force.document, channel_window=in_force.channel_window)
        if late.is_unwatched(
            watched_at=in_force.watched_at, run_if_within=plan.run_if_within, now=now
        ):
            return []
        own = await limits.allow(tx, group=group, plan=plan, wanted=limit, ahead=ahead, now=now)
        if not own.attempts:
            return []
        try:
            pads = erasure_keys.pads_of(context.secrets, in_force.erasure_key)
        except Unreadable:
            # Who was erased cannot be told from who was not: nobody is contacted.
            log.error("workspace %s: its erasure key cannot be opened", group.workspace_id)
            return []
        policy = policy_of(in_force.policy)
        caps = plan.caps + policy.caps
        await claims.begin(tx, workspace_id=group.workspace_id)
        found = waiting = await due.claim(
            tx,
            group=group,
            channel_type=channel_type,
            requires_consent=plan.requires_consent,
            limit=own.attempts,
            after=after,
            pads=pads,
            now=now,
        )
        flow, waiting = await flow_sending.claiming(
            tx,
            context,
            waiting,
            group=group,
            plan=plan,
            document=in_force.document,
            channel_type=channel_type,
        )
        capped = await capping.reached(
            tx, waiting, workspace_id=group.workspace_id, limits=caps, now=now
        )
        allowed, facts = await _pass_gate(
            tx,
            waiting,
            campaign_id=group.campaign_id,
            plan=plan,
            channel_type=channel_type,
            capped=capped,
            flow=flow,
            now=now,
        )
        allowed = await flow_sending.prepare(flow, allowed)
        allowed = await capping.hold_contacts(tx, allowed, limits=caps, now=now)
        if channel_type == ChannelType.WHATSAPP:
            allowed = await messaging.within_limits(
                tx, allowed, channel_id=group.channel_id, now=now
            )
        allowed, numbers = await caller_ids.within_limits(
            tx,
            allowed,
            workspace_id=group.workspace_id,
            pool=callers.only(plan.caller_id) if callers is not None else None,
            now=now,
        )
        allowed, budget = await spending.within_limits(
            tx,
            allowed,
            workspace_id=group.workspace_id,
            campaign_id=group.campaign_id,
            channel_type=channel_type,
            plan=plan,
            policy=policy,
            has_prices=in_force.has_prices,
            now=now,
        )
        claimed = await intents.write(
            tx,
            context,
            allowed,
            group=group,
            plan=plan,
            caps=caps,
            facts=facts,
            owner_id=owner_id,
            send=send,
            callers=numbers,
            now=now,
            began=began,
        )
        claimed = await flow_sending.carry(flow, claimed)
        await spending.promise(
            tx,
            {each.target_id: each.attempt_id for each in claimed},
            workspace_id=group.workspace_id,
            campaign_id=group.campaign_id,
            budget=budget,
        )
        if own.granted is not None:
            claimed = [
                replace(each, not_before=own.moment(n, now)) for n, each in enumerate(claimed)
            ]
        await limits.use(tx, own, group=group, plan=plan, claimed=claimed, now=now)
    if marks is not None:
        last = found[-1] if found else None
        marks.move(group.key, last and Position(last.due_at, last.id))
    if budget.is_exhausted:
        await tripping.trip(context, campaign_id=group.campaign_id, reason=spending.EXHAUSTED)
    return claimed


async def begin_sending(
    context: Context, *, claimed: Claimed, owner_id: int, from_number: str
) -> bool:
    """Commit that the network is about to be touched; False when it may not be any more."""
    now = context.clock.now()
    async with context.db.transaction() as tx:
        if not await attempts.begin_sending(
            tx,
            attempt_id=claimed.attempt_id,
            owner_id=owner_id,
            from_number=from_number,
            now=now,
        ):
            return False
        await store_events.add(tx, _started(claimed, now=now))
    return True


def _started(claimed: Claimed, *, now: datetime) -> NewEvent:
    return events.of_sending(
        workspace_id=claimed.workspace_id,
        campaign_id=claimed.campaign_id,
        target_id=claimed.target_id,
        attempt_id=claimed.attempt_id,
        channel_id=claimed.channel_id,
        number=claimed.attempt_no,
        address=claimed.address,
        at=now,
    )


async def _pass_gate(
    tx: Tx,
    waiting: Sequence[Candidate],
    *,
    campaign_id: str,
    plan: Plan,
    channel_type: str,
    capped: Mapping[int, datetime],
    flow: FlowClaim | None,
    now: datetime,
) -> tuple[list[Candidate], dict[int, gate.Facts]]:
    """Those who may be contacted now, and by target what was known of each.

    The others are put off or finished, with the reason.
    """
    ways = Ways(plan, campaign_id=campaign_id)
    is_free_form = channel_type == ChannelType.WHATSAPP and plan.flow is None
    judged: dict[tuple[object, ...], tuple[gate.Facts, gate.Verdict]] = {}
    allowed: list[Candidate] = []
    known: dict[int, gate.Facts] = {}
    deferrals: list[Deferral] = []
    told: list[NewEvent] = []
    for candidate in waiting:
        own = ways.of(candidate.contact_id)
        reach, until = gate.reach_of(candidate.address), capped.get(candidate.id)
        # Most people of a claim are alike in all that the gate asks: they are judged once.
        alike = (
            *(id(own), reach, until, candidate.country, candidate.suppressed_by),
            *(candidate.address_is_busy, candidate.has_consent, candidate.wrote_at),
            *candidate.zones,
        )
        if alike not in judged:
            facts = gate.Facts(
                reach=reach,
                country=candidate.country,
                zones=tuple(candidate.zones),
                suppressed_by=candidate.suppressed_by,
                address_is_busy=candidate.address_is_busy,
                allowed_countries=frozenset(candidate.allowed_countries),
                requires_consent=own.requires_consent,
                has_consent=candidate.has_consent is True,
                window=own.window,
                capped_until=until,
                is_held_out=ways.held_out(candidate.contact_id),
                is_free_form=is_free_form,
                wrote_at=candidate.wrote_at,
            )
            judged[alike] = facts, gate.check(facts, now)
        facts, verdict = judged[alike]
        match verdict:
            case gate.Allow():
                allowed.append(candidate)
                known[candidate.id] = facts
            case gate.Defer(until=until, why=why):
                deferrals.append(Deferral(target_id=candidate.id, until=until, why=why))
            case gate.Drop(disposition=disposition, why=why):
                if flow is not None and await flow.dropped(candidate, disposition, why=why):
                    continue
                finished = await targets.finish(
                    tx, target_id=candidate.id, disposition=disposition, reason=why, now=now
                )
                told += events.of_target(EventName.TARGET_FINISHED, finished, at=now)
                await decisions.skip(tx, target_id=candidate.id, reason=why, now=now)
    await due.defer(tx, deferrals=deferrals, now=now)
    await store_events.add(tx, *told)
    return allowed, known
