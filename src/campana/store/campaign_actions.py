"""Who asked what of a campaign (`queries/campaign_actions.sql`): append-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("campaign_actions")


@dataclass(frozen=True, slots=True)
class CampaignAction:
    """One thing somebody asked of a campaign."""

    action: str
    actor: str
    at: datetime
    detail: Mapping[str, Any]


async def add(
    tx: Tx,
    *,
    workspace_id: int,
    campaign_id: str,
    action: str,
    actor: str,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Note an action; `actor` is the id of a key, or says in words who it was."""
    await tx.execute(
        _SQL["add"],
        {
            "workspace_id": workspace_id,
            "campaign_id": campaign_id,
            "action": action,
            "actor": actor,
            "now": now,
            "detail": Jsonb(dict(detail or {})),
        },
    )


async def of_campaign(tx: Tx, *, campaign_id: str, limit: int = 100) -> list[CampaignAction]:
    """The newest actions, newest first."""
    cursor = await tx.execute(_SQL["of_campaign"], {"campaign_id": campaign_id, "limit": limit})
    return [CampaignAction(*row) for row in await cursor.fetchall()]
