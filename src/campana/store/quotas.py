"""What is gone of the quotas of channels, and what goes back to them and those of trunks
(`queries/quotas.sql`)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from campana.store import arrays
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("quotas")


async def give_back(tx: Tx, *, attempt_ids: Iterable[UUID]) -> None:
    """Those of these attempts that `tx` ended as not sent count for no quota any more.

    To be said once of each, and as the last thing in the transaction: grants wait for it.
    """
    ids = arrays.uuids(attempt_ids)
    cursor = await tx.execute(_SQL["hold"], {"ids": ids})
    channel_ids = arrays.texts(row[0] for row in await cursor.fetchall())
    if not channel_ids:
        return
    await tx.execute(_SQL["give_back"], {"ids": ids, "channel_ids": channel_ids})
    await tx.execute(_SQL["give_back_to_trunks"], {"ids": ids})


async def sent_on(tx: Tx, *, channel_id: str, day: date) -> int:
    """How much of a channel's quota of that day is gone."""
    row = await (
        await tx.execute(_SQL["sent_on"], {"channel_id": channel_id, "day": day})
    ).fetchone()
    return int(row[0]) if row else 0
