"""From what is due to an intent that may be sent: choose, grant, claim, gate.

The order of commits is the promise. An intent is committed before the network is touched, and may
be sent only within SEND_DEADLINE of the moment its claim began; `sending_at` is committed last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from campana.domain import gate, pacing
from campana.domain.campaign import Plan
from campana.domain.contact import ContactFields
from campana.domain.ids import uuid7
from campana.services.campaign_document import plan_of
from campana.services.context import Context
from campana.store import attempts, campaigns, due, owners, targets
from campana.store.attempts import NewAttempt
from campana.store.db import Tx
from campana.store.due import Candidate, Group

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
    claimed: list[Claimed] = []
    async with context.db.transaction() as tx:
        document = await campaigns.share(tx, campaign_id=group.campaign_id, now=now)
        if document is None:
            return []
        plan = plan_of(document)
        for candidate in await due.claim(
            tx, group=group, channel_type=channel_type, limit=limit, now=now
        ):
            intent = await _pass(
                tx, context, candidate, group=group, plan=plan, owner_id=owner_id, now=now
            )
            if intent is not None:
                claimed.append(intent)
        await owners.use_promise(
            tx, channel_id=group.channel_id, owner_id=owner_id, lines=len(claimed)
        )
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


async def _pass(
    tx: Tx,
    context: Context,
    candidate: Candidate,
    *,
    group: Group,
    plan: Plan,
    owner_id: int,
    now: datetime,
) -> Claimed | None:
    """Through the gate and into an intent; None when something was in the way."""
    address = candidate.address or ""
    facts = gate.Facts(
        address=candidate.address,
        country=candidate.country,
        zones=tuple(candidate.zones),
        suppressed_by=candidate.suppressed_by,
        address_is_busy=candidate.address_is_busy,
        allowed_countries=frozenset(candidate.allowed_countries),
        window=plan.window,
    )
    match gate.check(facts, now):
        case gate.Drop(disposition=disposition, why=why):
            await targets.finish(
                tx, target_id=candidate.id, disposition=disposition, reason=why, now=now
            )
            return None
        case gate.Defer(until=until, why=why):
            await due.defer(tx, target_id=candidate.id, until=until, why=why)
            return None
        case gate.Allow():
            pass
    intent = NewAttempt(
        id=uuid7(int(now.timestamp() * 1000), context.entropy(10)),
        workspace_id=group.workspace_id,
        campaign_id=group.campaign_id,
        target_id=candidate.id,
        channel_id=group.channel_id,
        attempt_no=candidate.attempt_count + 1,
        address=address,
        owner_id=owner_id,
    )
    if not await attempts.open_intent(tx, attempt=intent, now=now):
        # Another campaign reached this address between our reading and our writing.
        await due.defer(
            tx, target_id=candidate.id, until=now + gate.ADDRESS_BUSY_DELAY, why="address_busy"
        )
        return None
    return Claimed(
        attempt_id=intent.id,
        workspace_id=intent.workspace_id,
        campaign_id=intent.campaign_id,
        target_id=intent.target_id,
        channel_id=intent.channel_id,
        attempt_no=intent.attempt_no,
        address=intent.address,
        fields=ContactFields(
            first_name=candidate.first_name,
            last_name=candidate.last_name,
            attributes={str(k): str(v) for k, v in candidate.attributes.items()},
        ),
        plan=plan,
    )
