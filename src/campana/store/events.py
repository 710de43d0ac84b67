"""Events (`queries/events.sql`): added in the transaction of the change, read up to a horizon.

Which horizon, and why there must be one, is told in `services/events.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from psycopg.rows import class_row

from campana.domain.event import Event, NewEvent
from campana.store import arrays
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("events")


async def add(tx: Tx, *events: NewEvent) -> list[int]:
    """Tell of what this transaction changes; as true as its commit. Returns their numbers."""
    if not events:
        return []
    cursor = await tx.execute(
        _SQL["add"],
        {
            "workspace_ids": arrays.numbers(event.workspace_id for event in events),
            "types": arrays.texts(event.type for event in events),
            "subjects": arrays.texts(event.subject for event in events),
            "campaign_ids": arrays.texts(event.campaign_id for event in events),
            "ats": arrays.moments(event.at for event in events),
            "data": arrays.texts(msgspec.json.encode(event.data).decode() for event in events),
        },
    )
    return [int(row[0]) for row in await cursor.fetchall()]


async def newest(tx: Tx) -> int:
    """The last number drawn; 0 before the first."""
    row = await (await tx.execute(_SQL["newest"])).fetchone()
    return int(row[0]) if row else 0


async def writers(tx: Tx) -> frozenset[str]:
    """The open transactions that have written events, by names that are not used twice."""
    cursor = await tx.execute(_SQL["writers"])
    return frozenset(str(row[0]) for row in await cursor.fetchall())


async def page(
    tx: Tx,
    *,
    workspace_id: int,
    after: int,
    horizon: int,
    limit: int,
    campaign_ids: Sequence[str] | None = None,
) -> list[Event]:
    """Events with an id above `after` and up to `horizon`, in order; None is every campaign, and
    what belongs to none."""
    async with tx.cursor(row_factory=class_row(Event)) as cursor:
        await cursor.execute(
            _SQL["page"],
            {
                "workspace_id": workspace_id,
                "after": after,
                "horizon": horizon,
                "limit": limit,
                "campaign_ids": None if campaign_ids is None else list(campaign_ids),
            },
        )
        return await cursor.fetchall()
