"""Events on their way to webhooks (`queries/deliveries.sql`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from campana.domain.delivery import DOWN_AFTER, PARALLEL, SLOW, Health
from campana.domain.event import Event
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("deliveries")


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    """Given up."""


@dataclass(frozen=True, slots=True)
class Lagging:
    """A webhook (held) that has not been told of everything."""

    id: str
    workspace_id: int
    event_types: Sequence[str]
    cursor: int
    replayed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sendable:
    """A webhook (held) to which up to `parallel` messages may be under way."""

    id: str
    url: str
    parallel: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A delivery that is claimed: so many tries have failed before."""

    event: Event
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What one try came to; `due_at` is when the next one is, if there must be one."""

    webhook_id: str
    event_id: int
    claim: str
    is_delivered: bool
    due_at: datetime
    tried: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One line of a webhook's log."""

    event_id: int
    event_type: str
    subject: str
    state: DeliveryState
    due_at: datetime
    try_count: int
    tries: Sequence[Mapping[str, Any]]
    created_at: datetime
    finished_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", DeliveryState(self.state))


async def are_wanted(tx: Tx) -> bool:
    """Is there anything to spread or to give up?"""
    row = await (await tx.execute(_SQL["are_wanted"])).fetchone()
    return bool(row and row[0])


async def lagging(tx: Tx, *, horizon: int, most: int) -> list[Lagging]:
    """Webhooks with events up to `horizon` to come and fewer than `most` deliveries pending."""
    cursor = await tx.execute(_SQL["lagging"], {"horizon": horizon, "most": most})
    return [Lagging(*row) for row in await cursor.fetchall()]


async def spread(
    tx: Tx,
    *,
    webhook: Lagging,
    horizon: int,
    limit: int,
    give_up_after: timedelta,
    now: datetime,
) -> None:
    """Make deliveries of the next `limit` events and move the cursor behind them."""
    await tx.execute(
        _SQL["spread"],
        {
            "id": webhook.id,
            "workspace_id": webhook.workspace_id,
            "event_types": list(webhook.event_types),
            "cursor": webhook.cursor,
            "replayed_at": webhook.replayed_at,
            "horizon": horizon,
            "limit": limit,
            "give_up_after": give_up_after,
            "now": now,
        },
    )


async def sendable(tx: Tx, *, now: datetime) -> list[Sendable]:
    """Webhooks to which something could be sent, the longest waiting first."""
    cursor = await tx.execute(
        _SQL["sendable"],
        {
            "parallel": PARALLEL,
            "down": DOWN_AFTER,
            "slow_ms": SLOW / timedelta(milliseconds=1),
            "now": now,
        },
    )
    return [Sendable(*row) for row in await cursor.fetchall()]


async def claim(
    tx: Tx, *, webhook_id: str, parallel: int, claim: str, until: datetime, now: datetime
) -> list[Taken]:
    """Take what may be sent now, so that at most `parallel` are under way to the webhook."""
    cursor = await tx.execute(
        _SQL["claim"],
        {"id": webhook_id, "parallel": parallel, "claim": claim, "until": until, "now": now},
    )
    return [
        Taken(
            tries=tries,
            event=Event(
                id=event_id, type=kind, subject=subject, campaign_id=campaign, at=at, data=data
            ),
        )
        for tries, event_id, kind, subject, campaign, at, data in await cursor.fetchall()
    ]


async def hold(tx: Tx, *, webhook_ids: Sequence[str]) -> dict[str, Health]:
    """How these webhooks are doing, each held until the transaction ends."""
    cursor = await tx.execute(_SQL["hold"], {"ids": list(webhook_ids)})
    return {
        webhook_id: Health(failing_since=since, failures=failures, retry_at=retry_at)
        for webhook_id, since, failures, retry_at in await cursor.fetchall()
    }


async def settle(tx: Tx, *, settled: Sequence[Settled], now: datetime) -> set[tuple[str, int]]:
    """Store what came of some tries; returns those (webhook, event) that were still ours."""
    cursor = await tx.execute(
        _SQL["settle"],
        {
            "webhook_ids": [each.webhook_id for each in settled],
            "event_ids": [each.event_id for each in settled],
            "claims": [each.claim for each in settled],
            "are_delivered": [each.is_delivered for each in settled],
            "due_ats": [each.due_at for each in settled],
            "tries": [Jsonb(dict(each.tried)) for each in settled],
            "now": now,
        },
    )
    return {(str(row[0]), int(row[1])) for row in await cursor.fetchall()}


async def set_health(
    tx: Tx, *, webhook_id: str, health: Health, last_ms: int, disabled_reason: str | None
) -> None:
    """A reason switches it off."""
    await tx.execute(
        _SQL["set_health"],
        {
            "id": webhook_id,
            "failing_since": health.failing_since,
            "failures": health.failures,
            "retry_at": health.retry_at,
            "last_ms": last_ms,
            "disabled_reason": disabled_reason,
        },
    )


async def pull_forward(tx: Tx, *, webhook_id: str, now: datetime) -> None:
    """Everything that waits is due at once."""
    await tx.execute(_SQL["pull_forward"], {"id": webhook_id, "now": now})


async def give_up(tx: Tx, *, now: datetime) -> None:
    """Close what has become too old."""
    overdue = await (await tx.execute(_SQL["overdue"], {"now": now})).fetchall()
    for (webhook_id,) in overdue:
        await tx.execute(_SQL["give_up"], {"id": webhook_id, "now": now})


async def page(
    tx: Tx,
    *,
    workspace_id: int,
    webhook_id: str,
    before: int | None,
    state: DeliveryState | None,
    limit: int,
) -> list[Delivery]:
    """Newest event first, from the one before event number `before`."""
    async with tx.cursor(row_factory=class_row(Delivery)) as cursor:
        await cursor.execute(
            _SQL["page"],
            {
                "workspace_id": workspace_id,
                "webhook_id": webhook_id,
                "before": before,
                "state": state,
                "limit": limit,
            },
        )
        return await cursor.fetchall()
