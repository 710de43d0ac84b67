"""Whom a launch would find, grouped by what the gate asks for (`queries/outlook.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from campana.domain.conversation import FREE_FORM
from campana.store import arrays, segments
from campana.store.db import Tx
from campana.store.segments import Members
from campana.store.sql import load

_SQL = load("outlook")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """People of a list who are alike in everything the gate asks."""

    zones: Sequence[str]
    country: str | None
    address: str | None
    """One of theirs; None when they have none."""
    has_consent: bool
    is_duplicate: bool
    suppressed_by: str | None
    people: int
    has_written: bool = False
    """Lately, on the channel, where that is asked."""
    variant: int = 0
    """The place of the variant they get."""


async def crowds(
    tx: Tx,
    *,
    workspace_id: int,
    campaign_id: str,
    whom: Members,
    channel_type: str,
    requires_consent: bool,
    prefix_length: int,
    pads: bytes | None = None,
    bounds: Sequence[int] = (),
    care_channel: str | None = None,
    now: datetime,
) -> list[Crowd]:
    """Everybody of a list or segment, as a campaign that starts at `now` would find them.

    The addresses of a crowd begin alike, `prefix_length` characters far. On `care_channel` it is
    asked who wrote in the last 24 hours.
    """
    async with tx.cursor(row_factory=class_row(Crowd)) as cursor:
        await cursor.execute(
            segments.asked_of(_SQL["crowds"], whom),
            {
                **whom.values,
                "workspace_id": workspace_id,
                "campaign_id": campaign_id,
                "channel_type": channel_type,
                "requires_consent": requires_consent,
                "prefix_length": prefix_length,
                "pads": pads,
                "bounds": arrays.numbers(bounds),
                "care_channel": care_channel,
                "wrote_after": now - FREE_FORM,
                "now": now,
            },
        )
        return await cursor.fetchall()
