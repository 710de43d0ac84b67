"""Which calls were recorded, and where that lies (`queries/recordings.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("recordings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A call; `recording_key` is None where none was kept, or it was cut off."""

    attempt_id: UUID
    campaign_id: str | None
    recording_key: str | None


async def of_attempts(tx: Tx, *, attempt_ids: Sequence[UUID]) -> list[Recorded]:
    """Those of these attempts that were calls."""
    async with tx.cursor(row_factory=class_row(Recorded)) as cursor:
        await cursor.execute(_SQL["of_attempts"], {"attempt_ids": list(attempt_ids)})
        return await cursor.fetchall()
