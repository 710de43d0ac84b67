"""From what is due to an intent that may be sent: choose, grant, claim, gate.

The order of commits is the promise. An intent is committed before the network is touched, and may
be sent only within SEND_DEADLINE of the moment its claim began; `sending_at` is committed last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from campana.domain import gate, pacing
from campana.domain.campaign import Plan
from campana.domain.caps import Cap
from campana.domain.contact import ContactFields
from campana.domain.ids import uuid7
from campana.services import capping, late, spending, tripping
from campana.services.campaign_document import plan_of
from campana.services.context import Context
from campana.services.policy import policy_of
from campana.store import attempts, campaigns, claims, decisions, due, owners, targets
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


async def ready(context: Context, *, channel_ids: Sequence[str]) -> list[Group]:
    """Groups with something due now on these channels, most urgent first (engine role)."""
    async with context.db.read() as tx:
        return await due.ready(tx, channel_ids=channel_ids, now=context.clock.now())


async def grant(
    context: Context, *, channel_id: str, owner_id: int, wanted: int, unused: int = 0
) -> int:
    """How many attempts this owner may begin on the channel now, at most `wanted`.

    `unused` sends of the last grant, which found nobody to send to, go back to the channel.
    """
    now = context.clock.now()
    async with context.db.transaction() as tx:
        pace = await owners.lock_pace(tx, channel_id=channel_id)
        if pace is None:
            return 0
        given_back = unused * timedelta(seconds=1 / pace.limits.rate)
        granted = pacing.grant(
            pace.limits,
            arrival_at=pace.arrival_at - given_back,
            lines_in_use=await owners.lines_in_use(tx, channel_id=channel_id, owner_id=owner_id),
            wanted=wanted,
            now=now,
        )
        await owners.set_arrival(tx, channel_id=channel_id, arrival_at=granted.arrival_at)
        await owners.promise(tx, channel_id=channel_id, owner_id=owner_id, lines=granted.sends)
    return granted.sends


async def claim(
    context: Context, *, group: Group, channel_type: str, owner_id: int, limit: int
) -> list[Claimed]:
    """Turn up to `limit` waiting targets of the group into committed intents.

    What the gate objects to is deferred or finished in the same transaction. Nothing is claimed
    from a campaign that is not running, or that somebody is changing at this moment.
    """
    now = context.clock.now()
    async with context.db.transaction() as tx:
        in_force = await campaigns.share(tx, campaign_id=group.campaign_id, now=now)
        if in_force is None:
            return []
        plan = plan_of(in_force.document, channel_window=in_force.channel_window)
        if late.is_unwatched(
            watched_at=in_force.watched_at, run_if_within=plan.run_if_within, now=now
        ):
            return []
        policy = policy_of(in_force.policy)
        limits = plan.caps + policy.caps
        await claims.begin(tx, workspace_id=group.workspace_id)
        waiting = await due.claim(
            tx,
            group=group,
            channel_type=channel_type,
            requires_consent=plan.requires_consent,
            limit=limit,
            now=now,
        )
        capped = await capping.reached(
            tx, waiting, workspace_id=group.workspace_id, limits=limits, now=now
        )
        allowed = await _pass_gate(tx, waiting, plan=plan, capped=capped, now=now)
        allowed = await capping.hold_contacts(tx, allowed, limits=limits, now=now)
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
            limits=limits,
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
        await owners.use_promise(
            tx, channel_id=group.channel_id, owner_id=owner_id, lines=len(claimed)
        )
    if budget.is_exhausted:
        await tripping.trip(context, campaign_id=group.campaign_id, reason="spend_limit")
    return claimed


async def begin_sending(
    context: Context, *, claimed: Claimed, owner_id: int, from_number: str
) -> bool:
    """Commit that the network is about to be touched; False when it may not be any more."""
    async with context.db.transaction() as tx:
        return await attempts.begin_sending(
            tx,
            attempt_id=claimed.attempt_id,
            owner_id=owner_id,
            from_number=from_number,
            now=context.clock.now(),
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
    for candidate in waiting:
        match gate.check(_facts(candidate, plan, capped), now):
            case gate.Allow():
                allowed.append(candidate)
            case gate.Defer(until=until, why=why):
                deferrals.append(Deferral(target_id=candidate.id, until=until, why=why))
            case gate.Drop(disposition=disposition, why=why):
                await targets.finish(
                    tx, target_id=candidate.id, disposition=disposition, reason=why, now=now
                )
                await decisions.skip(tx, target_id=candidate.id, reason=why, now=now)
    await due.defer(tx, deferrals=deferrals, now=now)
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
    limits: Sequence[Cap],
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
                attributes={str(k): str(v) for k, v in candidate.attributes.items()},
            ),
            plan=plan,
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
        limits=limits,
        now=now,
    )
    return [each for each in claimed if each.attempt_id in written and each.target_id not in beyond]
