"""Counts of a campaign by variant (`queries/variants.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campana.store import arrays
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("variants")


@dataclass(frozen=True, slots=True)
class Counted:
    """So many targets of a variant (its place) stand so; of them, finished after an attempt."""

    variant: int
    state: str
    disposition: str | None
    count: int
    tried: int


async def counts(tx: Tx, *, campaign_id: str, bounds: Sequence[int]) -> list[Counted]:
    """Of every variant, from the first bucket of each but the first."""
    values = {"campaign_id": campaign_id, "bounds": arrays.numbers(bounds)}
    return [Counted(*row) for row in await (await tx.execute(_SQL["counts"], values)).fetchall()]
