"""Events to webhooks: signed, at least once, in order for each subject.

Three steps, each a transaction of its own and each safe to die in. `spread` turns events into
deliveries and moves the webhook's cursor with them. `claim` takes some for a while; nothing is sent
inside it. `settle` stores what came of them; a process that dies before it leaves claims that run
out, and another sends the message again, under the same `webhook-id`.

Promised: every event of a wanted type is sent at least once within three days of trying, or
counted as missed. Of two events with one subject the later is not sent before the earlier was taken
or given up; a receiver that is told twice may see the earlier again. Between subjects there is no
order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from standardwebhooks import Webhook as Signer

from campana.domain import delivery
from campana.domain.clock import wire
from campana.domain.delivery import Health
from campana.domain.event import Event, envelope, shown_id
from campana.services.context import Context
from campana.services.outbound import Outcome
from campana.services.secrets import Unreadable
from campana.store import deliveries, webhooks
from campana.store.deliveries import Settled

CLAIM = timedelta(seconds=30)
"""How long a claim keeps others away: twice what sending may take."""

MOST_PENDING = 1000
"""Deliveries of a webhook beyond which its events wait as events."""

_STRETCH = 500
_GONE = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message that is this process's to send, until the claim runs out."""

    webhook_id: str
    url: str
    claim: str
    event: Event
    tries: int
    secrets: Sequence[str]
    """As stored, sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A message and what came of it: when it was sent, and when that was over."""

    claimed: Claimed
    outcome: Outcome
    at: datetime
    ended: datetime


async def are_wanted(context: Context) -> bool:
    """Say whether a webhook is on, or anything still to be delivered (engine role)."""
    async with context.db.glance() as tx:
        return await deliveries.are_wanted(tx)


async def spread(context: Context, *, horizon: int) -> bool:
    """Make deliveries of events up to `horizon`; True when there may be more (engine role)."""
    now = context.clock.now()
    async with context.db.transaction() as tx:
        await deliveries.give_up(tx, now=now)
        found = await deliveries.lagging(tx, horizon=horizon, most=MOST_PENDING)
        for webhook in found:
            await deliveries.spread(
                tx,
                webhook=webhook,
                horizon=horizon,
                limit=_STRETCH,
                give_up_after=delivery.GIVE_UP_AFTER,
                now=now,
            )
    return bool(found)


async def claim(context: Context, *, room: int) -> list[Claimed]:
    """Take what may be sent now, up to about `room` messages (engine role)."""
    now = context.clock.now()
    claimed: list[Claimed] = []
    async with context.db.transaction() as tx:
        for webhook in await deliveries.sendable(tx, now=now):
            if len(claimed) >= room:
                break
            token = context.new_id("claim")
            taken = await deliveries.claim(
                tx,
                webhook_id=webhook.id,
                parallel=webhook.parallel,
                claim=token,
                until=now + CLAIM,
                now=now,
            )
            if not taken:
                continue
            secrets = await webhooks.secrets(tx, webhook_id=webhook.id, now=now)
            claimed += [
                Claimed(
                    webhook_id=webhook.id,
                    url=webhook.url,
                    claim=token,
                    event=each.event,
                    tries=each.tries,
                    secrets=secrets,
                )
                for each in taken
            ]
    return claimed


async def send(context: Context, claimed: Claimed) -> Tried:
    """Send it, in the Standard Webhooks form. No transaction is open."""
    body = msgspec.json.encode(envelope(claimed.event))
    now = context.clock.now()
    try:
        headers = signed(
            [context.secrets.open(sealed) for sealed in claimed.secrets],
            message_id=shown_id(claimed.event.id),
            body=body,
            now=now,
        )
    except Unreadable as error:
        outcome = Outcome(ms=0, status=None, answer="", problem=f"its secret: {error}")
    else:
        outcome = await context.outbound.post(claimed.url, body=body, headers=headers)
    return Tried(claimed=claimed, outcome=outcome, at=now, ended=context.clock.now())


def signed(
    secrets: Sequence[str], *, message_id: str, body: bytes, now: datetime
) -> dict[str, str]:
    """The headers of a message: a signature by each secret, all of them good.

    Args:
        secrets: `whsec_…`, newest first.
        message_id: the same whenever the message is sent again.
        body: its bytes as they are sent.
        now: aware UTC.
    """
    text = body.decode()
    signatures = [Signer(secret).sign(message_id, now, text) for secret in secrets]
    return {
        "content-type": "application/json",
        "user-agent": "Campana",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


async def settle(context: Context, tried: Sequence[Tried]) -> list[str]:
    """Store what came of these messages; returns webhooks this switched off (engine role)."""
    if not tried:
        return []
    now = context.clock.now()
    switched_off: list[str] = []
    async with context.db.transaction() as tx:
        concerned = sorted({each.claimed.webhook_id for each in tried})
        before = await deliveries.hold(tx, webhook_ids=concerned)
        ours = await deliveries.settle(tx, settled=[_settled(t, now=now) for t in tried], now=now)
        for webhook_id, health in before.items():
            mine = [
                each
                for each in tried
                if each.claimed.webhook_id == webhook_id
                and (webhook_id, each.claimed.event.id) in ours
            ]
            if not mine:
                continue
            found = delivery.after(health, [t.outcome.is_delivered for t in mine], now=now)
            reason = _why_off(found, mine[-1].outcome, now=now)
            await deliveries.set_health(
                tx,
                webhook_id=webhook_id,
                health=found,
                last_ms=mine[-1].outcome.ms,
                disabled_reason=reason,
            )
            if health.was_out(now) and not found.is_down:
                await deliveries.pull_forward(tx, webhook_id=webhook_id, now=now)
            if reason is not None:
                switched_off.append(webhook_id)
    return switched_off


def _settled(tried: Tried, *, now: datetime) -> Settled:
    outcome, claimed = tried.outcome, tried.claimed
    return Settled(
        webhook_id=claimed.webhook_id,
        event_id=claimed.event.id,
        claim=claimed.claim,
        is_delivered=outcome.is_delivered,
        due_at=now + delivery.retry_delay(claimed.tries + 1),
        tried={
            "at": wire(tried.at),
            "ms": outcome.ms,
            "status": outcome.status,
            "answer": outcome.answer.replace("\0", ""),
            "problem": outcome.problem,
        },
    )


def _why_off(health: Health, last: Outcome, *, now: datetime) -> str | None:
    if last.status == _GONE:
        return "the receiver answered 410 Gone"
    if not health.is_hopeless(now):
        return None
    said = last.problem or f"status {last.status}"
    days = delivery.SWITCH_OFF_AFTER.days
    return f"nothing was taken for {days} days; the last try: {said}"
