"""From what is due to an intent that may be sent: choose, claim, gate (`granting` says how many).

The order of commits is the promise. An intent is committed before the network is touched, and may
be sent only within SEND_DEADLINE of the moment its claim began; `sending_at` is committed last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from campana.domain import gate
from campana.domain.campaign import Plan
from campana.domain.caps import Cap
from campana.domain.contact import ContactFields
from campana.domain.event import EventName, NewEvent
from campana.domain.ids import uuid7
from campana.services import capping, events, late, limits, spending, tripping
from campana.services.campaign_document import plan_of
from campana.services.context import Context
from campana.services.policy import policy_of
from campana.services.values import text_of
from campana.store import attempts, campaigns, claims, decisions, due, owners, targets
from campana.store import events as store_events
from campana.store.attempts import Intent
from campana.store.db import Tx
from campana.store.due import Candidate, Deferral, Group

SEND_DEADLINE = timedelta(milliseconds=500)
"""How long after its claim began an intent may still be sent (design: pause answers within a
second)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An intent that is committed: this owner, and only this owner, may send it, and soon."""

    attempt_id: UUID
    workspace_id: int
    campaign_id: str
    target_id: int
    channel_id: str
    attempt_no: int
    address: str
    fields: ContactFields
    plan: Plan
    not_before: datetime
    """The campaign's own pace: it waits for this moment, which lies within the send deadline."""


async def ready(context: Context, *, channel_ids: Sequence[str]) -> list[Group]:
    """Groups with something due now on these channels, most urgent first (engine role)."""
    async with context.db.read() as tx:
        return await due.ready(tx, channel_ids=channel_ids, now=context.clock.now())


async def claim(
    context: Context,
    *,
    group: Group,
    channel_type: str,
    owner_id: int,
    limit: int,
    ahead: timedelta = timedelta(0),
) -> list[Claimed]:
    """Turn up to `limit` waiting targets of the group into committed intents.

    What the gate objects to is deferred or finished in the same transaction. Nothing is claimed
    from a campaign that is not running, or that somebody is changing at this moment, and no more
    than its own limits allow, which may make an intent wait up to `ahead` before it is sent. The
    lines of the grant that are not used are free again when it returns. A grant from before a limit
    of the channel was lowered claims nothing.
    """
    now = context.clock.now()
    async with context.db.transaction() as tx:
        if not await owners.use_promise(
            tx, channel_id=group.channel_id, owner_id=owner_id, lines=limit
        ):
            return []
        in_force = await campaigns.share(tx, campaign_id=group.campaign_id, now=now)
        if in_force is None:
            return []
        plan = plan_of(in_force.document, channel_window=in_force.channel_window)
        if late.is_unwatched(
            watched_at=in_force.watched_at, run_if_within=plan.run_if_within, now=now
        ):
            return []
        own = await limits.allow(tx, group=group, plan=plan, wanted=limit, ahead=ahead, now=now)
        if not own.attempts:
            return []
        policy = policy_of(in_force.policy)
        caps = plan.caps + policy.caps
        await claims.begin(tx, workspace_id=group.workspace_id)
        waiting = await due.claim(
            tx,
            group=group,
            channel_type=channel_type,
            requires_consent=plan.requires_consent,
            limit=own.attempts,
            now=now,
        )
        capped = await capping.reached(
            tx, waiting, workspace_id=group.workspace_id, limits=caps, now=now
        )
        allowed = await _pass_gate(tx, waiting, plan=plan, capped=capped, now=now)
        allowed = await capping.hold_contacts(tx, allowed, limits=caps, now=now)
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
        claimed = await _write_intents(
            tx,
            context,
            allowed,
            group=group,
            plan=plan,
            caps=caps,
            owner_id=owner_id,
            now=now,
        )
        await spending.promise(
            tx,
            {each.target_id: each.attempt_id for each in claimed},
            workspace_id=group.workspace_id,
            campaign_id=group.campaign_id,
            budget=budget,
        )
        claimed = [replace(each, not_before=own.moment(n, now)) for n, each in enumerate(claimed)]
        await limits.use(
            tx, own, group=group, plan=plan, numbers=[each.attempt_no for each in claimed], now=now
        )
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


async def begin_sending_all(
    context: Context,
    *,
    claimed: Sequence[Claimed],
    owner_id: int,
    from_number: str,
    is_call: bool,
    ask_after: timedelta,
) -> set[UUID]:
    """The same for a whole claim that goes to a carrier one can ask; returns those that may go.

    Should this process die, the carrier is asked what it knows of each: here nothing is `unknown`
    for having been marked too early.
    """
    now = context.clock.now()
    async with context.db.transaction() as tx:
        return await attempts.begin_sending_all(
            tx,
            attempt_ids=[each.attempt_id for each in claimed],
            owner_id=owner_id,
            from_number=from_number,
            is_call=is_call,
            ask_at=now + ask_after,
            now=now,
        )


async def _pass_gate(
    tx: Tx,
    waiting: Sequence[Candidate],
    *,
    plan: Plan,
    capped: Mapping[int, datetime],
    now: datetime,
) -> list[Candidate]:
    """Those who may be contacted now; the others are put off or finished, with the reason."""
    allowed: list[Candidate] = []
    deferrals: list[Deferral] = []
    told: list[NewEvent] = []
    for candidate in waiting:
        match gate.check(_facts(candidate, plan, capped), now):
            case gate.Allow():
                allowed.append(candidate)
            case gate.Defer(until=until, why=why):
                deferrals.append(Deferral(target_id=candidate.id, until=until, why=why))
            case gate.Drop(disposition=disposition, why=why):
                finished = await targets.finish(
                    tx, target_id=candidate.id, disposition=disposition, reason=why, now=now
                )
                told += events.of_target(EventName.TARGET_FINISHED, finished, at=now)
                await decisions.skip(tx, target_id=candidate.id, reason=why, now=now)
    await due.defer(tx, deferrals=deferrals, now=now)
    await store_events.add(tx, *told)
    return allowed


def _facts(candidate: Candidate, plan: Plan, capped: Mapping[int, datetime]) -> gate.Facts:
    return gate.Facts(
        address=candidate.address,
        country=candidate.country,
        zones=tuple(candidate.zones),
        suppressed_by=candidate.suppressed_by,
        address_is_busy=candidate.address_is_busy,
        allowed_countries=frozenset(candidate.allowed_countries),
        requires_consent=plan.requires_consent,
        has_consent=candidate.has_consent is True,
        window=plan.window,
        capped_until=capped.get(candidate.id),
    )


async def _write_intents(
    tx: Tx,
    context: Context,
    allowed: Sequence[Candidate],
    *,
    group: Group,
    plan: Plan,
    caps: Sequence[Cap],
    owner_id: int,
    now: datetime,
) -> list[Claimed]:
    """An intent for each; whoever another campaign reached in between is put off."""
    unix_ms = int(now.timestamp() * 1000)
    claimed = [
        Claimed(
            attempt_id=uuid7(unix_ms, context.entropy(10)),
            workspace_id=group.workspace_id,
            campaign_id=group.campaign_id,
            target_id=candidate.id,
            channel_id=group.channel_id,
            attempt_no=candidate.attempt_count + 1,
            address=candidate.address or "",
            fields=ContactFields(
                first_name=candidate.first_name,
                last_name=candidate.last_name,
                attributes={k: text_of(v) for k, v in candidate.attributes.items()},
            ),
            plan=plan,
            not_before=now,
        )
        for candidate in allowed
    ]
    intents = [
        Intent(
            id=each.attempt_id,
            target_id=each.target_id,
            attempt_no=each.attempt_no,
            address=each.address,
        )
        for each in claimed
    ]
    written = await attempts.open_intents(
        tx,
        workspace_id=group.workspace_id,
        campaign_id=group.campaign_id,
        channel_id=group.channel_id,
        owner_id=owner_id,
        intents=intents,
        now=now,
    )
    later = now + gate.ADDRESS_BUSY_DELAY
    await due.defer(
        tx,
        deferrals=[
            Deferral(target_id=each.target_id, until=later, why="address_busy")
            for each in claimed
            if each.attempt_id not in written
        ],
        now=now,
    )
    beyond = await capping.end_those_beyond(
        tx,
        [each for each in intents if each.id in written],
        contacts={each.id: each.contact_id for each in allowed},
        workspace_id=group.workspace_id,
        limits=caps,
        now=now,
    )
    return [each for each in claimed if each.attempt_id in written and each.target_id not in beyond]
