"""Earlier contacts with a person, as a language model is told of them (`queries/earlier.sql`)."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.rows import class_row

from campana.domain.earlier import Earlier
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("earlier")


async def newest(tx: Tx, *, workspace_id: int, contact_id: int, limit: int) -> Sequence[Earlier]:
    """The last `limit` of them, newest first."""
    async with tx.cursor(row_factory=class_row(Earlier)) as cursor:
        await cursor.execute(
            _SQL["newest"],
            {"workspace_id": workspace_id, "contact_id": contact_id, "limit": limit},
        )
        return await cursor.fetchall()
