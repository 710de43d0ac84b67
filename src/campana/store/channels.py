"""Channels (`queries/channels.sql`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("channels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A configured account. `rate` is attempts a second; `lines` those open at once."""

    id: str
    workspace_id: int
    name: str
    kind: str
    channel_type: str
    config: Mapping[str, Any]
    is_loopback: bool
    rate: float
    burst: int
    lines: int
    created_at: datetime
    daily_attempts: int | None = None
    """Attempts in a day of UTC; None for as many as the rate allows."""
    window: Mapping[str, Any] | None = None
    """Hours in which it may be used at all, as written."""
    portfolio: str | None = None
    """Its provider counts the people it writes to first together with those of channels that name
    the same."""
    portfolio_limit: int | None = None
    """How many those may be in any 24 hours."""
    pair_seconds: float | None = None
    """The least between two messages to one person."""
    paused_at: datetime | None = None
    """Nothing is begun on it since; None while it is in use."""
    paused_by: str | None = None
    pause_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelAction:
    """One thing somebody asked of a channel: `pause` or `resume`."""

    action: str
    actor: str
    at: datetime
    reason: str | None


MOST_WAITING = 10_000
"""So far who waits is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a channel is doing now; `down_until` while its carrier lets nothing through."""

    id: str
    failing: int
    """Times in a row that the carrier let nothing through."""
    down_until: datetime | None
    used_today: int
    """Attempts of this day of UTC that were granted."""
    in_use: int
    campaigns: int
    """Those running on it."""
    waiting: int
    """People of those campaigns who wait for their turn; more than MOST_WAITING are not told
    apart."""
    refused_calls: int
    """Calls that came in by its trunks and were not taken, ever."""


async def standing(tx: Tx, *, workspace_id: int, now: datetime) -> list[Standing]:
    """Every channel of a workspace, oldest first."""
    async with tx.cursor(row_factory=class_row(Standing)) as cursor:
        await cursor.execute(
            _SQL["standing"],
            {
                "workspace_id": workspace_id,
                "today": now.astimezone(UTC).date(),
                "most": MOST_WAITING + 1,
            },
        )
        return await cursor.fetchall()


async def insert(tx: Tx, *, channel: Channel) -> bool:
    """Store a new channel with its pacing row; False when the name is taken."""
    cursor = await tx.execute(
        _SQL["insert"],
        {
            "id": channel.id,
            "workspace_id": channel.workspace_id,
            "name": channel.name,
            "kind": channel.kind,
            "channel_type": channel.channel_type,
            "config": Jsonb(dict(channel.config)),
            "is_loopback": channel.is_loopback,
            "rate": channel.rate,
            "burst": channel.burst,
            "lines": channel.lines,
            "daily_attempts": channel.daily_attempts,
            "now": channel.created_at,
            "window": Jsonb(dict(channel.window)) if channel.window is not None else None,
            "portfolio": channel.portfolio,
            "portfolio_limit": channel.portfolio_limit,
            "pair_seconds": channel.pair_seconds,
        },
    )
    return await cursor.fetchone() is not None


async def set_limits(tx: Tx, *, channel: Channel) -> None:
    """Rate, burst, lines and quota, and those of its trunks, as they are from the next grant on."""
    await tx.execute(
        _SQL["set_limits"],
        {
            "id": channel.id,
            "rate": channel.rate,
            "burst": channel.burst,
            "lines": channel.lines,
            "daily_attempts": channel.daily_attempts,
            "config": Jsonb(dict(channel.config)),
        },
    )


async def configure(tx: Tx, *, channel: Channel) -> bool:
    """Its name and its account, as they are from now on; False when the name is taken."""
    cursor = await tx.execute(
        _SQL["configure"],
        {
            "id": channel.id,
            "name": channel.name,
            "config": Jsonb(dict(channel.config)),
            "is_loopback": channel.is_loopback,
            "window": Jsonb(dict(channel.window)) if channel.window is not None else None,
            "portfolio": channel.portfolio,
            "portfolio_limit": channel.portfolio_limit,
            "pair_seconds": channel.pair_seconds,
        },
    )
    return await cursor.fetchone() is not None


async def pause(tx: Tx, *, channel_id: str, actor: str, reason: str | None, now: datetime) -> bool:
    """Nothing begins on it from the commit on (but what was claimed); False when it is paused."""
    values = {"id": channel_id, "actor": actor, "reason": reason, "now": now}
    return await (await tx.execute(_SQL["pause"], values)).fetchone() is not None


async def resume(tx: Tx, *, channel_id: str) -> bool:
    """It may be used again; False when it is not paused."""
    return await (await tx.execute(_SQL["resume"], {"id": channel_id})).fetchone() is not None


async def note(
    tx: Tx, *, channel: Channel, action: str, actor: str, reason: str | None, now: datetime
) -> None:
    """Write down an action; `actor` is the id of a key, or says in words who it was."""
    await tx.execute(
        _SQL["note"],
        {
            "workspace_id": channel.workspace_id,
            "channel_id": channel.id,
            "action": action,
            "actor": actor,
            "reason": reason,
            "now": now,
        },
    )


async def actions(tx: Tx, *, channel_id: str, limit: int = 20) -> list[ChannelAction]:
    """The newest actions, newest first."""
    async with tx.cursor(row_factory=class_row(ChannelAction)) as cursor:
        await cursor.execute(_SQL["actions"], {"channel_id": channel_id, "limit": limit})
        return await cursor.fetchall()


async def lock_all(tx: Tx) -> list[Channel]:
    """Every channel of all workspaces the role may see, held until the transaction ends."""
    async with tx.cursor(row_factory=class_row(Channel)) as cursor:
        await cursor.execute(_SQL["lock_all"])
        return await cursor.fetchall()


async def set_config(tx: Tx, *, channel_id: str, config: Mapping[str, Any]) -> None:
    """Store the config anew."""
    await tx.execute(_SQL["set_config"], {"id": channel_id, "config": Jsonb(dict(config))})


async def find(tx: Tx, *, workspace_id: int, wanted: str) -> Channel | None:
    """The channel of that id, or else of that name."""
    async with tx.cursor(row_factory=class_row(Channel)) as cursor:
        await cursor.execute(_SQL["find"], {"workspace_id": workspace_id, "wanted": wanted})
        return await cursor.fetchone()


async def lock(tx: Tx, *, workspace_id: int, wanted: str) -> Channel | None:
    """The same, held until the transaction ends."""
    async with tx.cursor(row_factory=class_row(Channel)) as cursor:
        await cursor.execute(_SQL["lock"], {"workspace_id": workspace_id, "wanted": wanted})
        return await cursor.fetchone()


async def list_all(tx: Tx, *, workspace_id: int) -> list[Channel]:
    async with tx.cursor(row_factory=class_row(Channel)) as cursor:
        await cursor.execute(_SQL["list"], {"workspace_id": workspace_id})
        return await cursor.fetchall()


async def of_kind(tx: Tx, *, kind: str) -> list[Channel]:
    """Every channel of a kind in all workspaces the role may see."""
    return await of_kinds(tx, kinds=[kind])


async def of_kinds(tx: Tx, *, kinds: Sequence[str]) -> list[Channel]:
    """Every channel of these kinds in all workspaces the role may see."""
    async with tx.cursor(row_factory=class_row(Channel)) as cursor:
        await cursor.execute(_SQL["of_kinds"], {"kinds": list(kinds)})
        return await cursor.fetchall()
