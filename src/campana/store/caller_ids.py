"""How often each number we call from was used today (`queries/caller_ids.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("caller_ids")


async def used(tx: Tx, *, workspace_id: int, numbers: Sequence[str], day: date) -> dict[str, int]:
    """Number to its calls of that day; those without any are not in it."""
    cursor = await tx.execute(
        _SQL["used"], {"workspace_id": workspace_id, "numbers": list(numbers), "day": day}
    )
    return {str(number): int(calls) for number, calls in await cursor.fetchall()}


async def use(tx: Tx, *, workspace_id: int, number: str, day: date, most: int | None) -> bool:
    """Count one more call; False when others have used up `most` meanwhile.

    Whoever uses the same number waits until the transaction ends.
    """
    cursor = await tx.execute(
        _SQL["use"], {"workspace_id": workspace_id, "number": number, "day": day, "most": most}
    )
    return await cursor.fetchone() is not None


async def forget(tx: Tx, *, before: date) -> None:
    """Forget days before that one, of all workspaces (engine role)."""
    await tx.execute(_SQL["forget"], {"before": before})
