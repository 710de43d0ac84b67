"""Imports (`queries/imports.sql`): how far a file has come, and the rows it refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from psycopg import OperationalError
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from campana.domain.contact import AttributeValue
from campana.store import arrays
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("imports")


class ImportState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"


class Duplicates(StrEnum):
    """What becomes of a row whose external id or address the list already has.

    Under `fail` the first one ends the import, and what it did is taken back.
    """

    SKIP = "skip"
    UPDATE = "update"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A file on its way into a list. Accepted, updated, duplicate and rejected add up to done."""

    id: str
    list_id: str
    state: ImportState
    file_name: str
    mapping: Mapping[str, str]
    types: Mapping[str, str]
    header: Sequence[str]
    default_country: str | None
    duplicates: Duplicates
    is_dry_run: bool
    rows_done: int
    rows_accepted: int
    rows_updated: int
    rows_duplicate: int
    rows_rejected: int
    bytes_done: int
    bytes_total: int
    began_at: datetime | None
    began_rows: int
    began_bytes: int
    moved_at: datetime | None
    undone_removed: int
    undone_restored: int
    undone_kept: int
    problem: str | None
    created_at: datetime
    finished_at: datetime | None
    rows_removed_at: datetime | None = None
    """Since when neither its rejected rows nor what an undo needs are kept."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", ImportState(self.state))
        object.__setattr__(self, "duplicates", Duplicates(self.duplicates))

    @property
    def is_final(self) -> bool:
        return self.state in {ImportState.DONE, ImportState.FAILED, ImportState.UNDONE}

    @property
    def rows_per_second(self) -> float | None:
        """How fast the present stretch of work goes; None while there is none to tell of."""
        seconds = self._seconds()
        return (self.rows_done - self.began_rows) / seconds if seconds else None

    @property
    def seconds_left(self) -> float | None:
        """How long the rest of the file takes at that rate."""
        seconds, bytes_read = self._seconds(), self.bytes_done - self.began_bytes
        if not seconds or bytes_read <= 0:
            return None
        return (self.bytes_total - self.bytes_done) * seconds / bytes_read

    def _seconds(self) -> float | None:
        if self.state is not ImportState.RUNNING or self.began_at is None or self.moved_at is None:
            return None
        return (self.moved_at - self.began_at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row that did not go in.

    Row 1 is the first below the header; blank lines are not counted.
    """

    row_number: int
    column_name: str | None
    value: str | None
    reason: str
    suggestion: str | None = None
    cells: Sequence[AttributeValue] | None = None
    """The row as it stood in the file, where it could be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What the work on an import needs. `country`: the import's, the list's or the workspace's."""

    id: str
    workspace_id: int
    list_id: str
    file_key: str
    mapping: Mapping[str, str]
    types: Mapping[str, str]
    duplicates: str
    is_dry_run: bool
    rows_done: int
    bytes_total: int
    created_at: datetime
    undo_step: str | None
    undo_after: int
    country: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """The fates of some rows, counted."""

    accepted: int
    updated: int
    duplicate: int
    rejected: int

    @property
    def rows(self) -> int:
        return self.accepted + self.updated + self.duplicate + self.rejected


async def insert(
    tx: Tx,
    *,
    import_id: str,
    workspace_id: int,
    list_id: str,
    file_name: str,
    file_key: str,
    mapping: Mapping[str, str],
    types: Mapping[str, str],
    header: Sequence[str],
    default_country: str | None,
    duplicates: Duplicates,
    is_dry_run: bool,
    bytes_total: int,
    now: datetime,
) -> None:
    await tx.execute(
        _SQL["insert"],
        {
            "id": import_id,
            "workspace_id": workspace_id,
            "list_id": list_id,
            "file_name": file_name,
            "file_key": file_key,
            "mapping": Jsonb(dict(mapping)),
            "types": Jsonb(dict(types)),
            "header": Jsonb(list(header)),
            "default_country": default_country,
            "duplicates": duplicates,
            "is_dry_run": is_dry_run,
            "bytes_total": bytes_total,
            "now": now,
        },
    )


async def get(tx: Tx, *, workspace_id: int, import_id: str) -> Import | None:
    async with tx.cursor(row_factory=class_row(Import)) as cursor:
        await cursor.execute(_SQL["get"], {"workspace_id": workspace_id, "id": import_id})
        return await cursor.fetchone()


async def page(tx: Tx, *, workspace_id: int, list_id: str, limit: int) -> list[Import]:
    """The newest imports of a list."""
    async with tx.cursor(row_factory=class_row(Import)) as cursor:
        await cursor.execute(
            _SQL["page"], {"workspace_id": workspace_id, "list_id": list_id, "limit": limit}
        )
        return await cursor.fetchall()


async def file_keys(tx: Tx, *, workspace_id: int, list_id: str) -> list[str]:
    cursor = await tx.execute(_SQL["file_keys"], {"workspace_id": workspace_id, "list_id": list_id})
    return [str(row[0]) for row in await cursor.fetchall()]


async def file_key(tx: Tx, *, import_id: str) -> str | None:
    cursor = await tx.execute(_SQL["file_key"], {"id": import_id})
    row = await cursor.fetchone()
    return str(row[0]) if row else None


async def open_files(tx: Tx, *, keys: Sequence[str]) -> set[str]:
    """Which of these files an import still needs."""
    cursor = await tx.execute(_SQL["open_files"], {"keys": list(keys)})
    return {str(row[0]) for row in await cursor.fetchall()}


async def hold(session: Tx, *, import_id: str) -> bool:
    """Take the import while `session` (outside the pool) lives; False when another has it."""
    row = await (await session.execute(_SQL["hold"], {"id": import_id})).fetchone()
    return row is not None and bool(row[0])


async def let_go(session: Tx, *, import_id: str) -> None:
    """Give the import up at once; a session that is lost has done so already."""
    with suppress(OperationalError):
        await session.execute(_SQL["let_go"], {"id": import_id})


async def begin(tx: Tx, *, import_id: str, now: datetime) -> Begun | None:
    """The import, now running or still being undone; None when it is final or gone."""
    async with tx.cursor(row_factory=class_row(Begun)) as cursor:
        await cursor.execute(_SQL["begin"], {"id": import_id, "now": now})
        return await cursor.fetchone()


async def do_not_wait(tx: Tx) -> None:
    """Let this transaction end before it is on the disk; a later one that waits, waits for both."""
    await tx.execute(_SQL["do_not_wait"])


async def advance(
    tx: Tx,
    *,
    import_id: str,
    rows_before: int,
    outcomes: Outcomes,
    bytes_done: int,
    now: datetime,
) -> bool:
    """Count some rows as done; False when somebody else moved the import since `rows_before`."""
    cursor = await tx.execute(
        _SQL["advance"],
        {
            "id": import_id,
            "rows_before": rows_before,
            "accepted": outcomes.accepted,
            "updated": outcomes.updated,
            "duplicate": outcomes.duplicate,
            "rejected": outcomes.rejected,
            "bytes_done": bytes_done,
            "now": now,
        },
    )
    return await cursor.fetchone() is not None


async def finish(
    tx: Tx,
    *,
    import_id: str,
    state: ImportState,
    problem: str | None,
    is_mistake: bool = False,
    now: datetime,
) -> int | None:
    """Close an import that is not closed yet; returns its workspace, None when it was closed.

    One that is being undone is closed by a mistake of ours alone.
    """
    cursor = await tx.execute(
        _SQL["finish"],
        {
            "id": import_id,
            "state": state,
            "problem": problem,
            "is_mistake": is_mistake,
            "now": now,
        },
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else None


async def reject(tx: Tx, *, workspace_id: int, import_id: str, rows: Sequence[RejectedRow]) -> None:
    if not rows:
        return
    await tx.execute(
        _SQL["reject"],
        {
            "id": import_id,
            "workspace_id": workspace_id,
            "row_numbers": arrays.numbers([row.row_number for row in rows]),
            "column_names": arrays.texts([row.column_name for row in rows]),
            "values": arrays.texts([row.value for row in rows]),
            "reasons": arrays.texts([row.reason for row in rows]),
            "suggestions": arrays.texts([row.suggestion for row in rows]),
            "cells": arrays.json([row.cells for row in rows]),
        },
    )


async def rejected(
    tx: Tx, *, workspace_id: int, import_id: str, after: int, limit: int
) -> list[RejectedRow]:
    """Refused rows in the order of the file, from the one after row `after`."""
    async with tx.cursor(row_factory=class_row(RejectedRow)) as cursor:
        await cursor.execute(
            _SQL["rejected"],
            {"workspace_id": workspace_id, "id": import_id, "after": after, "limit": limit},
        )
        return await cursor.fetchall()
