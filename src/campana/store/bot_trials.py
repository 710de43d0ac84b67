"""The last trial of each bot on simulated callees (`queries/bot_trials.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("bot_trials")


async def keep(
    tx: Tx,
    *,
    workspace_id: int,
    fingerprint: str,
    opt_out_ignored: bool,
    calls: int,
    right_calls: int,
    now: datetime,
) -> None:
    """In place of the one before of the same bot."""
    await tx.execute(
        _SQL["keep"],
        {
            "workspace_id": workspace_id,
            "fingerprint": fingerprint,
            "opt_out_ignored": opt_out_ignored,
            "calls": calls,
            "right_calls": right_calls,
            "tried_at": now,
        },
    )


async def ignoring(
    tx: Tx, *, workspace_id: int, fingerprints: Sequence[str]
) -> dict[str, datetime]:
    """Those of these bots that last ignored a wish not to be called again, and when that was."""
    values = {"workspace_id": workspace_id, "fingerprints": list(fingerprints)}
    rows = await (await tx.execute(_SQL["ignoring"], values)).fetchall()
    return {str(row[0]): row[1] for row in rows}
