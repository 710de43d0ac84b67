"""Keywords of channels (`queries/channel_keywords.sql`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from campana.domain.campaign import ChannelType
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("channel_keywords")


@dataclass(frozen=True, slots=True)
class Listening:
    """A channel as what comes in on it needs to know it."""

    channel_type: ChannelType
    kind: str
    document: Mapping[str, Any] | None


async def get(tx: Tx, *, channel_id: str) -> Mapping[str, Any] | None:
    """As it was written; None where nobody wrote anything."""
    row = await (await tx.execute(_SQL["get"], {"channel_id": channel_id})).fetchone()
    return row[0] if row else None


async def put(
    tx: Tx, *, workspace_id: int, channel_id: str, document: Mapping[str, Any], now: datetime
) -> None:
    await tx.execute(
        _SQL["put"],
        {
            "workspace_id": workspace_id,
            "channel_id": channel_id,
            "document": Jsonb(dict(document)),
            "now": now,
        },
    )


async def channel(tx: Tx, *, channel_id: str) -> Listening | None:
    """The channel of that id."""
    row = await (await tx.execute(_SQL["channel"], {"channel_id": channel_id})).fetchone()
    return Listening(ChannelType(row[0]), row[1], row[2]) if row else None
