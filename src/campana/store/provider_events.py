"""What carriers said of attempts, in their own words (`queries/provider_events.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("provider_events")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """One thing a carrier told; `type` and `at` are what we made of it."""

    id: int
    attempt_id: UUID
    type: str
    at: datetime
    received_at: datetime | None
    """None where it stood in the answer to a send."""
    body: str


async def is_of_campaign(tx: Tx, *, workspace_id: int, attempt_id: UUID) -> bool:
    """Is there such an attempt, made by a campaign?"""
    cursor = await tx.execute(
        _SQL["is_of_campaign"], {"workspace_id": workspace_id, "attempt_id": attempt_id}
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def page(
    tx: Tx, *, workspace_id: int, attempt_id: UUID, after: int, limit: int
) -> list[ProviderEvent]:
    """Of one attempt, in the order they were written down, from behind number `after`."""
    values = {
        "workspace_id": workspace_id,
        "attempt_id": attempt_id,
        "after": after,
        "limit": limit,
    }
    async with tx.cursor(row_factory=class_row(ProviderEvent)) as cursor:
        await cursor.execute(_SQL["page"], values)
        return await cursor.fetchall()


async def of_attempts(
    tx: Tx, *, workspace_id: int, attempt_ids: Sequence[UUID], limit: int
) -> list[ProviderEvent]:
    """The first `limit` of these attempts."""
    values = {"workspace_id": workspace_id, "attempt_ids": list(attempt_ids), "limit": limit}
    async with tx.cursor(row_factory=class_row(ProviderEvent)) as cursor:
        await cursor.execute(_SQL["of_attempts"], values)
        return await cursor.fetchall()
