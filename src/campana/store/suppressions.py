"""Suppressions (`queries/suppressions.sql`): addresses nobody contacts any more, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from psycopg.errors import ForeignKeyViolation
from psycopg.rows import class_row

from campana.domain.campaign import ChannelType
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("suppressions")


class Scope(StrEnum):
    """How far a suppression reaches."""

    WORKSPACE = "workspace"
    CAMPAIGN = "campaign"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """One address nobody contacts until `expires_at` (None: ever)."""

    id: str
    address: str
    scope: Scope
    campaign_id: str | None
    channel_type: ChannelType | None
    reason: str
    source: str
    created_at: datetime
    expires_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "scope", Scope(self.scope))
        if self.channel_type is not None:
            object.__setattr__(self, "channel_type", ChannelType(self.channel_type))


async def insert(
    tx: Tx, *, workspace_id: int, suppression: Suppression, stopped_by: str | None = None
) -> Suppression | None:
    """Store it, or lengthen the one that says the same: what is stored. None: no such campaign.

    `stopped_by` is the address whose STOP it is; START from there lifts it, unless somebody else
    says the same.
    """
    async with tx.cursor(row_factory=class_row(Suppression)) as cursor:
        try:
            await cursor.execute(
                _SQL["insert"],
                {
                    "id": suppression.id,
                    "workspace_id": workspace_id,
                    "address": suppression.address,
                    "scope": suppression.scope,
                    "campaign_id": suppression.campaign_id,
                    "channel_type": suppression.channel_type,
                    "reason": suppression.reason,
                    "source": suppression.source,
                    "now": suppression.created_at,
                    "expires_at": suppression.expires_at,
                    "stopped_by": stopped_by,
                },
            )
        except ForeignKeyViolation:
            return None
        return await cursor.fetchone()


async def get(tx: Tx, *, workspace_id: int, suppression_id: str) -> Suppression | None:
    async with tx.cursor(row_factory=class_row(Suppression)) as cursor:
        await cursor.execute(_SQL["get"], {"workspace_id": workspace_id, "id": suppression_id})
        return await cursor.fetchone()


async def page(tx: Tx, *, workspace_id: int, after: str | None, limit: int) -> list[Suppression]:
    """Newest first, from the one after suppression `after`."""
    async with tx.cursor(row_factory=class_row(Suppression)) as cursor:
        await cursor.execute(
            _SQL["page"], {"workspace_id": workspace_id, "after": after, "limit": limit}
        )
        return await cursor.fetchall()


async def of_addresses(
    tx: Tx, *, workspace_id: int, addresses: Sequence[str], now: datetime
) -> list[Suppression]:
    """Every suppression of these addresses that holds at `now`, of any scope."""
    async with tx.cursor(row_factory=class_row(Suppression)) as cursor:
        await cursor.execute(
            _SQL["of_addresses"],
            {"workspace_id": workspace_id, "addresses": list(addresses), "now": now},
        )
        return await cursor.fetchall()


async def delete(tx: Tx, *, workspace_id: int, suppression_id: str) -> Suppression | None:
    """The one that is gone; None when there was none."""
    async with tx.cursor(row_factory=class_row(Suppression)) as cursor:
        await cursor.execute(_SQL["delete"], {"workspace_id": workspace_id, "id": suppression_id})
        return await cursor.fetchone()
