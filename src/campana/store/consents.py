"""The consent ledger (`queries/consents.sql`): rows are added, never changed.

Whether somebody consents at a moment is a fact of the claim (`queries/due.sql`): the latest thing
said about the address on that kind of channel, and a grant only until it expires.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from campana.domain.campaign import ChannelType
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("consents")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One thing somebody said about being contacted.

    `channel_type` None is every kind of channel; `wording` is the text agreed to, or the words in
    which it was taken back; `expires_at` None is until revoked.
    """

    id: str
    address: str
    channel_type: ChannelType | None
    is_granted: bool
    source: str
    wording: str
    said_at: datetime
    created_at: datetime
    expires_at: datetime | None

    def __post_init__(self) -> None:
        if self.channel_type is not None:
            object.__setattr__(self, "channel_type", ChannelType(self.channel_type))


async def insert(tx: Tx, *, workspace_id: int, consent: Consent) -> None:
    await tx.execute(
        _SQL["insert"],
        {
            "id": consent.id,
            "workspace_id": workspace_id,
            "address": consent.address,
            "channel_type": consent.channel_type,
            "is_granted": consent.is_granted,
            "source": consent.source,
            "wording": consent.wording,
            "said_at": consent.said_at,
            "created_at": consent.created_at,
            "expires_at": consent.expires_at,
        },
    )


async def get(tx: Tx, *, workspace_id: int, consent_id: str) -> Consent | None:
    async with tx.cursor(row_factory=class_row(Consent)) as cursor:
        await cursor.execute(_SQL["get"], {"workspace_id": workspace_id, "id": consent_id})
        return await cursor.fetchone()


async def page(
    tx: Tx, *, workspace_id: int, address: str | None, after: str | None, limit: int
) -> list[Consent]:
    """Newest first, from the one after consent `after`."""
    async with tx.cursor(row_factory=class_row(Consent)) as cursor:
        await cursor.execute(
            _SQL["page"],
            {"workspace_id": workspace_id, "address": address, "after": after, "limit": limit},
        )
        return await cursor.fetchall()
