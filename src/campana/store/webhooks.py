"""Webhooks and their secrets (`queries/webhooks.sql`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.rows import class_row

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("webhooks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where events of a workspace are sent; without types, all of them."""

    id: str
    workspace_id: int
    url: str
    description: str | None
    event_types: Sequence[str]
    is_enabled: bool
    disabled_reason: str | None
    failing_since: datetime | None
    failures: int
    retry_at: datetime | None
    missed: int
    created_at: datetime
    updated_at: datetime


async def insert(tx: Tx, *, webhook: Webhook, cursor: int) -> None:
    """Store a new one that is told of events after number `cursor`."""
    await tx.execute(
        _SQL["insert"],
        {
            "id": webhook.id,
            "workspace_id": webhook.workspace_id,
            "cursor": cursor,
            "now": webhook.created_at,
            **_changeable(webhook),
        },
    )


async def page(tx: Tx, *, workspace_id: int) -> list[Webhook]:
    """All of a workspace, oldest first."""
    return await _webhooks(tx, _SQL["page"], {"workspace_id": workspace_id})


async def get(tx: Tx, *, workspace_id: int, webhook_id: str) -> Webhook | None:
    return await _one(tx, _SQL["get"], workspace_id=workspace_id, webhook_id=webhook_id)


async def lock(tx: Tx, *, workspace_id: int, webhook_id: str) -> Webhook | None:
    """The webhook, held until the transaction ends."""
    return await _one(tx, _SQL["lock"], workspace_id=workspace_id, webhook_id=webhook_id)


async def update(tx: Tx, *, webhook: Webhook, now: datetime) -> None:
    """Write everything of it that a person may change."""
    await tx.execute(
        _SQL["update"],
        {
            "id": webhook.id,
            "workspace_id": webhook.workspace_id,
            "now": now,
            **_changeable(webhook),
        },
    )


async def delete(tx: Tx, *, workspace_id: int, webhook_id: str) -> bool:
    """True when there was one."""
    cursor = await tx.execute(_SQL["delete"], {"workspace_id": workspace_id, "id": webhook_id})
    return await cursor.fetchone() is not None


async def rewind(tx: Tx, *, workspace_id: int, webhook_id: str, before: int, now: datetime) -> None:
    """Tell again of what came after event number `before`."""
    await tx.execute(
        _SQL["rewind"],
        {"workspace_id": workspace_id, "id": webhook_id, "before": before, "now": now},
    )


async def add_secret(
    tx: Tx, *, workspace_id: int, webhook_id: str, sealed: str, now: datetime
) -> None:
    await tx.execute(
        _SQL["add_secret"],
        {"workspace_id": workspace_id, "webhook_id": webhook_id, "sealed": sealed, "now": now},
    )


async def retire_secrets(tx: Tx, *, webhook_id: str, until: datetime, now: datetime) -> int:
    """Those that sign now do so until then; those that do not are gone. Returns how many go on."""
    await tx.execute(_SQL["drop_secrets"], {"webhook_id": webhook_id, "now": now})
    cursor = await tx.execute(_SQL["retire_secrets"], {"webhook_id": webhook_id, "until": until})
    return sum(expires_at > now for (expires_at,) in await cursor.fetchall())


async def secrets(tx: Tx, *, webhook_id: str, now: datetime) -> list[str]:
    """What messages are signed with, sealed, newest first."""
    cursor = await tx.execute(_SQL["secrets"], {"webhook_id": webhook_id, "now": now})
    return [str(row[0]) for row in await cursor.fetchall()]


def _changeable(webhook: Webhook) -> dict[str, Any]:
    return {
        "url": webhook.url,
        "description": webhook.description,
        "event_types": list(webhook.event_types),
        "is_enabled": webhook.is_enabled,
        "disabled_reason": webhook.disabled_reason,
    }


async def _one(
    tx: Tx, query: LiteralString, *, workspace_id: int, webhook_id: str
) -> Webhook | None:
    found = await _webhooks(tx, query, {"workspace_id": workspace_id, "id": webhook_id})
    return found[0] if found else None


async def _webhooks(tx: Tx, query: LiteralString, values: Mapping[str, Any]) -> list[Webhook]:
    async with tx.cursor(row_factory=class_row(Webhook)) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchall()
