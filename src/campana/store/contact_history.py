"""What happened to a person, over all channels (`queries/contact_history.sql`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("contact_history")

SOURCES = ("attempts", "decisions", "consents", "suppressions", "messages")
"""The queries whose rows together are the history: a new kind of trace adds its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. `outcome` and `reason` are words of its kind; `detail` is in the
    words of the API."""

    at: datetime
    kind: str
    id: str
    campaign_id: str | None
    channel_type: str | None
    channel_id: str | None
    address: str | None
    outcome: str
    reason: str | None
    detail: Mapping[str, Any]

    @property
    def place(self) -> tuple[datetime, str]:
        """Where it stands in the whole."""
        return self.at, self.id


async def page(
    tx: Tx,
    *,
    workspace_id: int,
    contact_id: int,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[Entry]:
    """Newest first, from the one before a place."""
    found: list[Entry] = []
    for source in SOURCES:
        async with tx.cursor(row_factory=class_row(Entry)) as cursor:
            await cursor.execute(
                _SQL[source],
                {
                    "workspace_id": workspace_id,
                    "contact_id": contact_id,
                    "before_at": before[0] if before else None,
                    "before_id": before[1] if before else None,
                    "limit": limit,
                },
            )
            found += await cursor.fetchall()
    # As PostgreSQL orders texts under the C collation, which is what the queries name.
    return sorted(found, key=lambda entry: entry.place, reverse=True)[:limit]
