"""Bringing back finished targets, and adding people (`queries/reopening.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from campana.domain.disposition import Disposition
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("reopening")


async def reopen(
    tx: Tx, *, campaign_id: str, outcomes: Sequence[Disposition], now: datetime
) -> dict[Disposition, int]:
    """Finished targets of these outcomes wait again; how many of each there were."""
    cursor = await tx.execute(
        _SQL["reopen"], {"campaign_id": campaign_id, "outcomes": list(outcomes), "now": now}
    )
    return {Disposition(row[0]): int(row[1]) for row in await cursor.fetchall()}


async def add_list(
    tx: Tx, *, campaign_id: str, workspace_id: int, list_id: str, now: datetime
) -> None:
    """Enroll a list, or those who came into it since it was enrolled."""
    await tx.execute(
        _SQL["add_list"],
        {
            "campaign_id": campaign_id,
            "workspace_id": workspace_id,
            "list_id": list_id,
            "now": now,
        },
    )
