"""What conversations wait for (`queries/session_waits.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("session_waits")


async def for_call(
    tx: Tx, *, workspace_id: int, channel_ids: Sequence[str], numbers: Sequence[str]
) -> list[tuple[int, str, str]]:
    """Conversations that wait for a call from one of these numbers on one of these channels: id,
    campaign and channel, the one that went on last first. None is held."""
    cursor = await tx.execute(
        _SQL["for_call"],
        {
            "workspace_id": workspace_id,
            "channel_ids": list(channel_ids),
            "numbers": list(numbers),
        },
    )
    return [(int(row[0]), str(row[1]), str(row[2])) for row in await cursor.fetchall()]


async def of_target(
    tx: Tx, *, workspace_id: int, target_id: int
) -> list[tuple[str, datetime | None]]:
    """What the conversation with a target waits for: the kind of each wait, and until when."""
    values = {"workspace_id": workspace_id, "target_id": target_id}
    rows = await (await tx.execute(_SQL["of_target"], values)).fetchall()
    return [(str(row[0]), row[1]) for row in rows]
