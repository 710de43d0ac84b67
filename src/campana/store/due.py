"""The small hot table of what waits (`queries/due.sql`), and the windows that open it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("due")


@dataclass(frozen=True, slots=True)
class Group:
    """Waiting targets that open, close and are served together."""

    campaign_id: str
    window_key: str
    priority: int
    channel_id: str
    workspace_id: int
    weight: float = 1.0
    urgency: int = 2

    @property
    def key(self) -> GroupKey:
        """What tells it from every other group."""
        return self.campaign_id, self.window_key, self.priority


GroupKey = tuple[str, str, int]
"""Campaign, window key and priority of a group."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the order in which a group is claimed."""

    due_at: datetime
    target_id: int


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the order of all who wait in a campaign: that of the index due_in_order."""

    window_key: str
    priority: int
    due_at: datetime
    target_id: int


BEGINNING = Position(datetime.min.replace(tzinfo=UTC), 0)
FIRST_PLACE = Place("", 0, BEGINNING.due_at, BEGINNING.target_id)
NO_MARKS: Mapping[GroupKey, Position] = MappingProxyType({})


class Candidate(Struct, frozen=True, gc=False):
    """A waiting target, held, with the facts the gate asks for: the columns of `claim` in their
    order."""

    id: int
    contact_id: int
    address: str | None
    attempt_count: int
    zones: Sequence[str]
    country: str | None
    allowed_countries: Sequence[str]
    suppressed_by: str | None
    address_is_busy: bool
    has_consent: bool | None
    """None when it was not asked."""
    wrote_at: datetime | None
    """When they last wrote on the channel, where it may matter."""
    due_at: datetime
    first_name: str | None
    last_name: str | None
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Running:
    """A launched campaign, for keeping its windows."""

    campaign_id: str
    workspace_id: int
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferral:
    """A target that is not contacted now, until when, and why in a machine-readable word."""

    target_id: int
    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class First:
    """Who is due first of those who open and close together, and what they were put off for."""

    window_key: str
    due_at: datetime
    reason: str | None
    attempts: int


async def running(tx: Tx) -> list[Running]:
    return [Running(*row) for row in await (await tx.execute(_SQL["running"])).fetchall()]


async def window_keys(tx: Tx, *, campaign_id: str) -> list[str]:
    """The distinct window keys somebody waits under."""
    cursor = await tx.execute(_SQL["window_keys"], {"campaign_id": campaign_id})
    return [str(row[0]) for row in await cursor.fetchall()]


async def firsts(tx: Tx, *, campaign_id: str) -> list[First]:
    """The first under each window key; none where nobody waits."""
    cursor = await tx.execute(_SQL["firsts"], {"campaign_id": campaign_id})
    return [First(*row) for row in await cursor.fetchall()]


async def channel_window(
    tx: Tx, *, campaign_id: str, channel_id: str | None = None
) -> Mapping[str, Any] | None:
    """What the campaign's channel, or another that it uses, says of hours, as written."""
    values = {"campaign_id": campaign_id, "channel_id": channel_id}
    cursor = await tx.execute(_SQL["channel_window"], values)
    row = await cursor.fetchone()
    return row[0] if row else None


async def set_window(
    tx: Tx,
    *,
    campaign_id: str,
    workspace_id: int,
    window_key: str,
    open_until: datetime | None,
    channel_id: str | None = None,
) -> None:
    """Open a key until `open_until`, or close it; `channel_id` when it is served on another than
    its campaign's."""
    name = "close_window" if open_until is None else "open_window"
    await tx.execute(
        _SQL[name],
        {
            "campaign_id": campaign_id,
            "workspace_id": workspace_id,
            "window_key": window_key,
            "open_until": open_until,
            "channel_id": channel_id,
        },
    )


async def ready(
    tx: Tx,
    *,
    channel_ids: Sequence[str],
    marks: Mapping[GroupKey, Position] = NO_MARKS,
    owner_id: int | None = None,
    beside: Sequence[str] = (),
    now: datetime,
) -> list[Group]:
    """Groups with something due on these channels, behind their marks, most urgent first.

    With `owner_id` not on those of the channels that another owner serves and are not among
    `beside`.
    """
    cursor = await tx.execute(
        _SQL["ready"],
        {
            "channel_ids": list(channel_ids),
            "mark_campaigns": [campaign_id for campaign_id, _, _ in marks],
            "mark_keys": [window_key for _, window_key, _ in marks],
            "mark_priorities": [priority for _, _, priority in marks],
            "mark_due_ats": [mark.due_at for mark in marks.values()],
            "mark_targets": [mark.target_id for mark in marks.values()],
            "owner_id": owner_id,
            "beside": list(beside),
            "now": now,
        },
    )
    return [Group(*row) for row in await cursor.fetchall()]


async def claim(
    tx: Tx,
    *,
    group: Group,
    channel_type: str,
    requires_consent: bool,
    limit: int,
    after: Position = BEGINNING,
    pads: bytes | None = None,
    now: datetime,
) -> list[Candidate]:
    """Up to `limit` targets of the group that wait behind `after`, in order, locked until the
    transaction ends. `pads`: what the workspace's erased people are known by
    (services/erasure_keys.py)."""
    cursor = await tx.execute(
        _SQL["claim"],
        {
            "campaign_id": group.campaign_id,
            "window_key": group.window_key,
            "priority": group.priority,
            "channel_type": channel_type,
            "channel_id": group.channel_id,
            "requires_consent": requires_consent,
            "pads": pads,
            "limit": limit,
            "after_due_at": after.due_at,
            "after_target": after.target_id,
            "now": now,
        },
    )
    return [Candidate(*row) for row in await cursor.fetchall()]


async def defer(tx: Tx, *, deferrals: Sequence[Deferral], now: datetime) -> None:
    """Put these off, and keep why; they are held by the claim."""
    if deferrals:
        await tx.execute(
            _SQL["defer"],
            {
                "target_ids": [each.target_id for each in deferrals],
                "untils": [each.until for each in deferrals],
                "whys": [each.why for each in deferrals],
                "now": now,
            },
        )


async def unfinished(
    tx: Tx, *, workspace_id: int, campaign_id: str | None = None, channel_id: str | None = None
) -> list[Running]:
    """Campaigns in which somebody may wait, also paused ones."""
    values = {"workspace_id": workspace_id, "campaign_id": campaign_id, "channel_id": channel_id}
    cursor = await tx.execute(_SQL["unfinished"], values)
    return [Running(*row) for row in await cursor.fetchall()]


async def bring_forward(
    tx: Tx,
    *,
    campaign_id: str,
    reasons: Collection[str],
    after: Place,
    limit: int,
    now: datetime,
) -> tuple[int, Place | None]:
    """Of the next `limit` who are due later, make those due at once whom one of these reasons put
    off: how many they were, and where to go on; None when these were the last."""
    cursor = await tx.execute(
        _SQL["bring_forward"],
        {
            "campaign_id": campaign_id,
            "reasons": list(reasons),
            "window_key": after.window_key,
            "priority": after.priority,
            "due_at": after.due_at,
            "target_id": after.target_id,
            "limit": limit,
            "now": now,
        },
    )
    row = await cursor.fetchone()
    return (0, None) if row is None else (row[0], Place(*row[1:]))
