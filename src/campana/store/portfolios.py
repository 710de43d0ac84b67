"""What providers limit besides a channel's pace (`queries/portfolios.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("portfolios")

_PAIR_SPACE = 0x70616972
"""First half of the advisory lock of a channel's pairs; the second is a hash of its id."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a channel; None is no limit."""

    workspace_id: int
    portfolio: str | None
    people: int | None
    """Whom the portfolio may write to first in any 24 hours."""
    pair_seconds: float | None
    """The least between two messages to one person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """By workspace and name."""

    workspace_id: int
    name: str


async def limits(tx: Tx, *, channel_id: str) -> Limits:
    """Those of a channel that exists."""
    [row] = await (await tx.execute(_SQL["limits"], {"channel_id": channel_id})).fetchall()
    return Limits(*row)


async def hold_pairs(tx: Tx, *, channel_id: str) -> None:
    """Nobody else asks who was written to on the channel until the transaction ends."""
    await tx.execute(_SQL["hold_pairs"], {"space": _PAIR_SPACE, "channel_id": channel_id})


async def written_since(
    tx: Tx, *, workspace_id: int, channel_id: str, addresses: Sequence[str], since: datetime
) -> dict[str, datetime]:
    """Address to when it was last written to on the channel, if it was since then."""
    cursor = await tx.execute(
        _SQL["written_since"],
        {
            "workspace_id": workspace_id,
            "channel_id": channel_id,
            "addresses": list(addresses),
            "since": since,
        },
    )
    return {str(row[0]): row[1] for row in await cursor.fetchall()}


async def hold(tx: Tx, *, portfolio: Portfolio, before: datetime) -> int:
    """How many people count now, without those last written to `before` that or then; held until
    the transaction ends."""
    whose = {"workspace_id": portfolio.workspace_id, "name": portfolio.name}
    await tx.execute(_SQL["hold"], whose)
    [[recipients]] = await (
        await tx.execute(_SQL["forget"], {**whose, "before": before})
    ).fetchall()
    return int(recipients)


async def known(tx: Tx, *, portfolio: Portfolio, addresses: Sequence[str]) -> set[str]:
    """Those of the addresses that count already."""
    cursor = await tx.execute(
        _SQL["known"],
        {
            "workspace_id": portfolio.workspace_id,
            "name": portfolio.name,
            "addresses": list(addresses),
        },
    )
    return {str(row[0]) for row in await cursor.fetchall()}


async def oldest(tx: Tx, *, portfolio: Portfolio, limit: int) -> list[datetime]:
    """When those were last written to whose places become free next, soonest first."""
    cursor = await tx.execute(
        _SQL["oldest"],
        {"workspace_id": portfolio.workspace_id, "name": portfolio.name, "limit": limit},
    )
    return [row[0] for row in await cursor.fetchall()]


async def note(tx: Tx, *, portfolio: Portfolio, addresses: Sequence[str], now: datetime) -> None:
    """They are written to now."""
    await tx.execute(
        _SQL["note"],
        {
            "workspace_id": portfolio.workspace_id,
            "name": portfolio.name,
            # in one order, though the portfolio is held: nobody else has a reason to wait
            "addresses": sorted(set(addresses)),
            "now": now,
        },
    )


async def standing(tx: Tx, *, portfolio: Portfolio, after: datetime) -> list[tuple[datetime, int]]:
    """How many were written to after that, hour by hour, oldest first; each by its last moment."""
    cursor = await tx.execute(
        _SQL["standing"],
        {"workspace_id": portfolio.workspace_id, "name": portfolio.name, "after": after},
    )
    return [(row[0], int(row[1])) for row in await cursor.fetchall()]
