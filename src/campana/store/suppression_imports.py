"""Files of suppressions (`queries/suppression_imports.sql`): how far each has come."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from psycopg import OperationalError
from psycopg.rows import class_row

from campana.domain.campaign import ChannelType
from campana.store.db import Tx
from campana.store.imports import ImportState
from campana.store.sql import load
from campana.store.suppressions import Scope

_SQL = load("suppression_imports")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSuppressionImport:
    """A file about to be queued, and what each row of it says unless the row says otherwise."""

    id: str
    file_name: str
    scope: Scope
    campaign_id: str | None
    channel_type: ChannelType | None
    reason: str
    source: str
    expires_at: datetime | None
    default_country: str | None
    bytes_total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionImport:
    """How far a file has come. Accepted, updated, duplicate and rejected add up to done.

    Updated: the number was suppressed already, and now is for longer.
    """

    id: str
    state: ImportState
    file_name: str
    scope: Scope
    campaign_id: str | None
    channel_type: ChannelType | None
    reason: str
    source: str
    expires_at: datetime | None
    default_country: str | None
    rows_done: int
    rows_accepted: int
    rows_updated: int
    rows_duplicate: int
    rows_rejected: int
    bytes_done: int
    bytes_total: int
    problem: str | None
    created_at: datetime
    finished_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", ImportState(self.state))
        object.__setattr__(self, "scope", Scope(self.scope))
        if self.channel_type is not None:
            object.__setattr__(self, "channel_type", ChannelType(self.channel_type))

    @property
    def is_final(self) -> bool:
        return self.state in {ImportState.DONE, ImportState.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What the work on a file needs. `country`: the file's or the workspace's."""

    id: str
    workspace_id: int
    scope: str
    campaign_id: str | None
    channel_type: str | None
    reason: str
    source: str
    expires_at: datetime | None
    rows_done: int
    bytes_total: int
    country: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One number to suppress."""

    id: str
    address: str
    reason: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """A row that did not go in. Row 1 is the first below the header, or of a file without one."""

    row_number: int
    column_name: str | None
    value: str | None
    reason: str


async def insert(tx: Tx, *, workspace_id: int, new: NewSuppressionImport, now: datetime) -> None:
    await tx.execute(
        _SQL["insert"],
        {
            "id": new.id,
            "workspace_id": workspace_id,
            "file_name": new.file_name,
            "scope": new.scope,
            "campaign_id": new.campaign_id,
            "channel_type": new.channel_type,
            "reason": new.reason,
            "source": new.source,
            "expires_at": new.expires_at,
            "default_country": new.default_country,
            "bytes_total": new.bytes_total,
            "now": now,
        },
    )


async def get(tx: Tx, *, workspace_id: int, import_id: str) -> SuppressionImport | None:
    async with tx.cursor(row_factory=class_row(SuppressionImport)) as cursor:
        await cursor.execute(_SQL["get"], {"workspace_id": workspace_id, "id": import_id})
        return await cursor.fetchone()


async def hold(session: Tx, *, import_id: str) -> bool:
    """Take the file while `session` (outside the pool) lives; False when another has it."""
    row = await (await session.execute(_SQL["hold"], {"id": import_id})).fetchone()
    return row is not None and bool(row[0])


async def let_go(session: Tx, *, import_id: str) -> None:
    """Give the file up at once; a session that is lost has done so already."""
    with suppress(OperationalError):
        await session.execute(_SQL["let_go"], {"id": import_id})


async def begin(tx: Tx, *, import_id: str) -> Begun | None:
    """The file, now being read; None when it is final or gone."""
    async with tx.cursor(row_factory=class_row(Begun)) as cursor:
        await cursor.execute(_SQL["begin"], {"id": import_id})
        return await cursor.fetchone()


async def advance(tx: Tx, *, import_id: str, rows_before: int, rows: int, bytes_done: int) -> bool:
    """Take `rows` rows in hand; False when somebody else moved the file on since `rows_before`.

    They count as duplicates until `count` says what they became, in the same transaction.
    """
    cursor = await tx.execute(
        _SQL["advance"],
        {"id": import_id, "rows_before": rows_before, "rows": rows, "bytes_done": bytes_done},
    )
    return await cursor.fetchone() is not None


async def store(tx: Tx, *, begun: Begun, entries: Sequence[Entry], now: datetime) -> list[bool]:
    """Suppress numbers, each given once; for every one that was written: is it new?"""
    if not entries:
        return []
    cursor = await tx.execute(
        _SQL["store"],
        {
            "workspace_id": begun.workspace_id,
            "scope": begun.scope,
            "campaign_id": begun.campaign_id,
            "channel_type": begun.channel_type,
            "source": begun.source,
            "now": now,
            "ids": [entry.id for entry in entries],
            "addresses": [entry.address for entry in entries],
            "reasons": [entry.reason for entry in entries],
            "expiries": [entry.expires_at for entry in entries],
        },
    )
    return [bool(row[0]) for row in await cursor.fetchall()]


async def count(tx: Tx, *, import_id: str, accepted: int, updated: int, rejected: int) -> None:
    await tx.execute(
        _SQL["count"],
        {"id": import_id, "accepted": accepted, "updated": updated, "rejected": rejected},
    )


async def finish(
    tx: Tx, *, import_id: str, state: ImportState, problem: str | None, now: datetime
) -> None:
    """Close a file that is not closed yet."""
    await tx.execute(
        _SQL["finish"], {"id": import_id, "state": state, "problem": problem, "now": now}
    )


async def reject(tx: Tx, *, begun: Begun, rows: Sequence[RefusedRow]) -> None:
    if not rows:
        return
    await tx.execute(
        _SQL["reject"],
        {
            "id": begun.id,
            "workspace_id": begun.workspace_id,
            "row_numbers": [row.row_number for row in rows],
            "columns": [row.column_name for row in rows],
            "values": [row.value for row in rows],
            "reasons": [row.reason for row in rows],
        },
    )


async def rejected(
    tx: Tx, *, workspace_id: int, import_id: str, after: int, limit: int
) -> list[RefusedRow]:
    """Refused rows in the order of the file, from the one after row `after`."""
    async with tx.cursor(row_factory=class_row(RefusedRow)) as cursor:
        await cursor.execute(
            _SQL["rejected"],
            {"workspace_id": workspace_id, "id": import_id, "after": after, "limit": limit},
        )
        return await cursor.fetchall()
