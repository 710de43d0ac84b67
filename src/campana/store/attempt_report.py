"""Sums over the attempts of some days (`queries/attempt_report.sql`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from psycopg.rows import class_row

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("attempt_report")

Kind = Literal["day", "channel", "campaign", "outcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Attempts made from `since` until before `before`, of one campaign or of all."""

    workspace_id: int
    since: datetime
    before: datetime
    campaign_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Those of one day (ISO), channel, campaign or outcome; `cost` is None where nothing has a
    price."""

    kind: Kind
    key: str
    attempts: int
    reached: int
    talk_seconds: float
    cost: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfHour:
    """Those of half an hour to people who may be in this zone."""

    zone: str | None
    began_at: datetime
    attempts: int
    reached: int


@dataclass(frozen=True, slots=True)
class People:
    """How many were tried; reached of them; of these, gone through with to the end."""

    tried: int
    reached: int
    completed: int


async def groups(tx: Tx, span: Span, *, zone: str, reached: Collection[str]) -> list[Group]:
    """Every group there is; days are those of `zone`."""
    async with tx.cursor(row_factory=class_row(Group)) as cursor:
        await cursor.execute(_SQL["groups"], {**_values(span, reached), "zone": zone})
        return await cursor.fetchall()


async def half_hours(tx: Tx, span: Span, *, reached: Collection[str]) -> list[HalfHour]:
    async with tx.cursor(row_factory=class_row(HalfHour)) as cursor:
        await cursor.execute(_SQL["hours"], _values(span, reached))
        return await cursor.fetchall()


async def people(tx: Tx, span: Span, *, reached: Collection[str], done: Collection[str]) -> People:
    cursor = await tx.execute(_SQL["people"], {**_values(span, reached), "done": list(done)})
    return People(*(await cursor.fetchone() or (0, 0, 0)))


async def names(tx: Tx, *, workspace_id: int, ids: Sequence[str]) -> dict[str, str]:
    """Of channels and campaigns."""
    cursor = await tx.execute(_SQL["names"], {"workspace_id": workspace_id, "ids": list(ids)})
    return {row[0]: row[1] for row in await cursor.fetchall()}


def _values(span: Span, reached: Collection[str]) -> dict[str, object]:
    return {
        "workspace_id": span.workspace_id,
        "since": span.since,
        "before": span.before,
        "campaign_id": span.campaign_id,
        "reached": list(reached),
    }
