"""What the breakers look at (`queries/breakers.sql`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campana.domain.breakers import ANSWERS, NO_CONTACT, WISHES, Sample
from campana.domain.disposition import Disposition
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("breakers")


@dataclass(frozen=True, slots=True)
class Watched:
    """A running campaign of which something ended lately."""

    campaign_id: str
    workspace_id: int
    document: Mapping[str, Any]
    running_since: datetime | None


@dataclass(frozen=True, slots=True)
class CanaryWaiting:
    """A campaign that waits for the verdict on its first people."""

    campaign_id: str
    workspace_id: int
    document: Mapping[str, Any]
    begun: int
    enrolled: int
    is_enrolling: bool
    is_attempting: bool
    last_ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Resuming:
    """A tripped campaign whose time is over, held."""

    campaign_id: str
    workspace_id: int
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChannelOutcomes:
    """What ended on a channel since it last came up, newest first."""

    channel_id: str
    failing: int
    outcomes: Sequence[Disposition]


async def watched(
    tx: Tx, *, since: datetime, complained_since: datetime, now: datetime
) -> list[Watched]:
    """Running campaigns of which something ended since then, or somebody complained since then."""
    cursor = await tx.execute(
        _SQL["watched"], {"since": since, "complained_since": complained_since, "now": now}
    )
    return [Watched(*row) for row in await cursor.fetchall()]


async def sample(tx: Tx, *, campaign_id: str, since: datetime, limit: int) -> Sample:
    """The newest `limit` attempts that ended after `since`."""
    cursor = await tx.execute(
        _SQL["sample"],
        {
            "campaign_id": campaign_id,
            "since": since,
            "limit": limit,
            "no_contact": list(NO_CONTACT),
            "answers": list(ANSWERS),
            "wishes": list(WISHES),
        },
    )
    rows = await cursor.fetchall()
    return Sample(
        outcomes={Disposition(row[0]): int(row[1]) for row in rows},
        opted_out=sum(int(row[2]) for row in rows),
        transfers=sum(int(row[3]) for row in rows),
        abandoned=sum(int(row[4]) for row in rows),
        calls=sum(int(row[5]) for row in rows),
        answered=sum(int(row[6]) for row in rows),
    )


async def complaints(tx: Tx, *, campaign_id: str, since: datetime) -> int:
    """How often people complained since then."""
    cursor = await tx.execute(_SQL["complaints"], {"campaign_id": campaign_id, "since": since})
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def reached(tx: Tx, *, campaign_id: str, since: datetime, limit: int) -> int:
    """How many attempts ended since then or are with the carrier; exact below `limit`."""
    cursor = await tx.execute(
        _SQL["reached"], {"campaign_id": campaign_id, "since": since, "limit": limit}
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def canaries(tx: Tx) -> list[CanaryWaiting]:
    rows = await (await tx.execute(_SQL["canaries"])).fetchall()
    return [CanaryWaiting(*row) for row in rows]


async def resuming(tx: Tx, *, now: datetime) -> list[Resuming]:
    """Tripped campaigns that go on by themselves now, held until the transaction ends."""
    cursor = await tx.execute(_SQL["resuming"], {"now": now})
    return [Resuming(*row) for row in await cursor.fetchall()]


async def channels(tx: Tx, *, since: datetime, limit: int, now: datetime) -> list[ChannelOutcomes]:
    """Channels that are not down, with the newest outcomes on each."""
    cursor = await tx.execute(_SQL["channels"], {"since": since, "limit": limit, "now": now})
    return [
        ChannelOutcomes(row[0], row[1], [Disposition(outcome) for outcome in row[2]])
        for row in await cursor.fetchall()
    ]


async def set_down(tx: Tx, *, channel_id: str, until: datetime | None, failing: int) -> None:
    await tx.execute(
        _SQL["set_down"], {"channel_id": channel_id, "until": until, "failing": failing}
    )


async def set_up(tx: Tx, *, channel_id: str, now: datetime) -> None:
    """The channel rests no longer, if it does."""
    await tx.execute(_SQL["set_up"], {"channel_id": channel_id, "now": now})
