"""Why a person was not contacted (`queries/decisions.sql`): the gate's decisions, as they fell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("decisions")


@dataclass(frozen=True, slots=True)
class Decision:
    """`deferred` to `until`, or `skipped` for good, with a machine-readable reason.

    The same deferral again and again is one row: how many `times`, first and last.
    """

    kind: str
    reason: str
    first_at: datetime
    last_at: datetime
    times: int
    until: datetime | None


async def skip(tx: Tx, *, target_id: int, reason: str, now: datetime) -> None:
    """It will not be contacted in this campaign."""
    await tx.execute(_SQL["skip"], {"target_id": target_id, "reason": reason, "now": now})


async def of_target(tx: Tx, *, target_id: int) -> list[Decision]:
    """All of them, first to last."""
    cursor = await tx.execute(_SQL["of_target"], {"target_id": target_id})
    return [Decision(*row) for row in await cursor.fetchall()]
