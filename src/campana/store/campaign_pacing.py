"""What a campaign has used of its own limits (`queries/campaign_pacing.sql`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg.rows import dict_row

from campana.domain.pacing import Hold, OwnPace, quota_day
from campana.store import arrays
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("campaign_pacing")


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPace:
    """The row, held; and how many people the campaign has so far."""

    pace: OwnPace
    begun: int
    is_canary_pending: bool
    enrolled: int


async def lock(tx: Tx, *, campaign_id: str, workspace_id: int, now: datetime) -> CampaignPace:
    """The campaign's row, made when there is none, held until the transaction ends."""
    values = {
        "campaign_id": campaign_id,
        "workspace_id": workspace_id,
        "now": now,
        "day": quota_day(now),
    }
    await tx.execute(_SQL["make"], values)
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_SQL["lock"], values)
        [row] = await cursor.fetchall()
    [counted] = await (await tx.execute(_SQL["in_use"], values)).fetchall()
    return CampaignPace(
        pace=OwnPace(
            arrival_at=row["arrival_at"],
            lines_in_use=counted[0],
            attempts_today=row["attempts_today"],
            since=row["since"],
            channel_rate=row["channel_rate"],
            rate=row["rate"],
        ),
        begun=row["begun"],
        is_canary_pending=row["is_canary_pending"],
        enrolled=counted[1],
    )


async def set_pace(
    tx: Tx,
    *,
    campaign_id: str,
    arrival_at: datetime,
    rate: float | None,
    attempts_today: int,
    begun: int,
    hold: Hold | None,
    now: datetime,
) -> None:
    await tx.execute(
        _SQL["set"],
        {
            "campaign_id": campaign_id,
            "arrival_at": arrival_at,
            "rate": rate,
            "day": quota_day(now),
            "attempts_today": attempts_today,
            "begun": begun,
            "held_by": hold.by if hold else None,
            "held_until": hold.until if hold else None,
        },
    )


async def untried(tx: Tx, *, tries: Mapping[int, int]) -> int:
    """How many of these targets, by the number of their attempt, were never in contact before it."""
    values = {"target_ids": arrays.numbers(tries), "attempt_nos": arrays.numbers(tries.values())}
    [row] = await (await tx.execute(_SQL["untried"], values)).fetchall()
    return row[0]


async def recount(tx: Tx, *, campaign_id: str) -> int | None:
    """Count anew who of a canary's people was in contact; None when it does not wait any more."""
    cursor = await tx.execute(_SQL["hold_canary"], {"campaign_id": campaign_id})
    if await cursor.fetchone() is None:
        return None
    [row] = await (await tx.execute(_SQL["recount"], {"campaign_id": campaign_id})).fetchall()
    return row[0]


async def release(tx: Tx, *, campaign_id: str) -> None:
    """Forget what held the campaign back; the next claim finds out again."""
    await tx.execute(_SQL["release"], {"campaign_id": campaign_id})


async def judge(tx: Tx, *, campaign_id: str, canary: Literal["passed", "overridden"]) -> bool:
    """Let the rest go; False when that was decided before."""
    cursor = await tx.execute(_SQL["judge"], {"campaign_id": campaign_id, "canary": canary})
    return await cursor.fetchone() is not None
