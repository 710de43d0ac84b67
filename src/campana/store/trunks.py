"""What the trunks of a channel have used of their own limits (`queries/trunks.sql`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from campana.domain.pacing import TrunkPace, quota_day
from campana.store.db import Tx
from campana.store.owners import LOCK_SPACE
from campana.store.sql import load

_SQL = load("trunks")


async def paces(
    tx: Tx, *, channel_id: str, owner_id: int, now: datetime
) -> Mapping[str, TrunkPace]:
    """By name, those that were ever used; this owner's own promise is not counted."""
    cursor = await tx.execute(
        _SQL["paces"],
        {
            "channel_id": channel_id,
            "owner_id": owner_id,
            "space": LOCK_SPACE,
            "day": quota_day(now),
        },
    )
    return {
        name: TrunkPace(arrival_at=arrival_at, rate=rate, sent_today=sent_today, lines_in_use=lines)
        for name, arrival_at, rate, sent_today, lines in await cursor.fetchall()
    }


async def lines_in_use(tx: Tx, *, channel_id: str, trunk: str) -> int:
    """Open attempts on a trunk, and lines of it that are promised to owners that still live."""
    cursor = await tx.execute(
        _SQL["lines_in_use"], {"channel_id": channel_id, "trunk": trunk, "space": LOCK_SPACE}
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def set_pace(
    tx: Tx,
    *,
    channel_id: str,
    workspace_id: int,
    trunk: str,
    arrival_at: datetime,
    rate: float,
    sent_today: int,
    now: datetime,
) -> None:
    await tx.execute(
        _SQL["set_pace"],
        {
            "channel_id": channel_id,
            "workspace_id": workspace_id,
            "trunk": trunk,
            "arrival_at": arrival_at,
            "rate": rate,
            "sent_today": sent_today,
            "day": quota_day(now),
        },
    )


async def give_back(tx: Tx, *, channel_id: str, trunk: str, sends: int) -> None:
    await tx.execute(_SQL["give_back"], {"channel_id": channel_id, "trunk": trunk, "sends": sends})
