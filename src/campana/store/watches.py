"""When somebody last looked after a running campaign (`queries/watches.sql`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("watches")


@dataclass(frozen=True, slots=True)
class Watch:
    """A running campaign, and when it was last looked at."""

    workspace_id: int
    start_date: datetime | None
    watched_at: datetime
    document: Mapping[str, Any]


async def get(tx: Tx, *, campaign_id: str) -> Watch | None:
    """None when it does not run."""
    row = await (await tx.execute(_SQL["get"], {"campaign_id": campaign_id})).fetchone()
    return Watch(*row) if row else None


async def set_watched(tx: Tx, *, campaign_id: str, workspace_id: int, now: datetime) -> None:
    await tx.execute(
        _SQL["set"], {"campaign_id": campaign_id, "workspace_id": workspace_id, "now": now}
    )
