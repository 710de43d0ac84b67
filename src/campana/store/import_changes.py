"""What imports changed (`queries/import_changes.sql`), and the steps that take it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from psycopg.errors import LockNotAvailable
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from campana.domain.contact import ContactAddress
from campana.store.db import Tx
from campana.store.holders import Holder, holder_of, written
from campana.store.imports import Begun
from campana.store.sql import load

_SQL = load("import_changes")


class Busy(Exception):
    """A target is in somebody else's hands for a moment."""


class UndoStep(StrEnum):
    """First the people an import made, then those it changed: what it made may hold their
    numbers."""

    MADE = "made"
    CHANGED = "changed"


class Kept(StrEnum):
    """Why an undo left somebody alone."""

    CONTACTED = "contacted"
    CHANGED_SINCE = "changed_since"
    ADDRESS_TAKEN = "address_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Somebody an import made, and the version they have unless others changed them since."""

    id: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Somebody an import changed, as they were before, and the version it left behind."""

    before: Holder
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptContact:
    """Somebody an undo left alone, with what they are known by."""

    contact_id: int
    reason: Kept
    external_id: str | None
    address: str | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", Kept(self.reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """A stretch of an undo, counted."""

    removed: int = 0
    restored: int = 0
    kept: int = 0


async def note(
    tx: Tx,
    *,
    workspace_id: int,
    import_id: str,
    before: Sequence[Holder],
    versions: Mapping[int, int],
) -> None:
    """Keep what these contacts were before the import, and the versions they have now."""
    if not before:
        return
    await tx.execute(
        _SQL["note"],
        {
            "import_id": import_id,
            "workspace_id": workspace_id,
            "contact_ids": [holder.id for holder in before],
            "befores": [Jsonb(written(holder)) for holder in before],
            "versions": [versions[holder.id] for holder in before],
        },
    )


async def request_undo(tx: Tx, *, workspace_id: int, import_id: str) -> bool:
    """Let an undo begin; False when there is nothing of it to undo."""
    cursor = await tx.execute(_SQL["request_undo"], {"id": import_id, "workspace_id": workspace_id})
    return await cursor.fetchone() is not None


async def take_back(tx: Tx, *, import_id: str, problem: str) -> bool:
    """Let a running import take itself back, saying why."""
    cursor = await tx.execute(_SQL["take_back"], {"id": import_id, "problem": problem})
    return await cursor.fetchone() is not None


async def advance_undo(
    tx: Tx, *, begun: Begun, step: UndoStep, after: int, undone: Undone, now: datetime
) -> bool:
    """Count a stretch as undone; False when somebody else has moved the undo on from `begun`."""
    cursor = await tx.execute(
        _SQL["advance_undo"],
        {
            "id": begun.id,
            "step_before": begun.undo_step,
            "after_before": begun.undo_after,
            "step": step,
            "after": after,
            "removed": undone.removed,
            "restored": undone.restored,
            "kept": undone.kept,
            "now": now,
        },
    )
    return await cursor.fetchone() is not None


async def finish_undo(tx: Tx, *, import_id: str, now: datetime) -> int | None:
    """Close an undo; returns its workspace, None when it was closed."""
    row = await (await tx.execute(_SQL["finish_undo"], {"id": import_id, "now": now})).fetchone()
    return int(row[0]) if row else None


async def made(tx: Tx, *, begun: Begun, limit: int) -> list[Made]:
    """The next people the import made."""
    async with tx.cursor(row_factory=class_row(Made)) as cursor:
        await cursor.execute(
            _SQL["made"],
            {
                "import_id": begun.id,
                "list_id": begun.list_id,
                "after": begun.undo_after,
                "limit": limit,
            },
        )
        return await cursor.fetchall()


async def changed(tx: Tx, *, begun: Begun, limit: int) -> list[Changed]:
    """The next people the import changed."""
    cursor = await tx.execute(
        _SQL["changed"], {"import_id": begun.id, "after": begun.undo_after, "limit": limit}
    )
    return [_changed(row) for row in await cursor.fetchall()]


async def changed_holders(
    tx: Tx, *, begun: Begun, addresses: Sequence[ContactAddress], external_ids: Sequence[str]
) -> list[Changed]:
    """Of those the import changed, who has one of these addresses or external ids now."""
    cursor = await tx.execute(
        _SQL["changed_holders"],
        {
            "import_id": begun.id,
            "list_id": begun.list_id,
            "kinds": sorted({address.kind.value for address in addresses}),
            "values": [address.value for address in addresses],
            "external_ids": list(external_ids),
        },
    )
    return [_changed(row) for row in await cursor.fetchall()]


async def forget(tx: Tx, *, import_id: str, contact_ids: Sequence[int]) -> None:
    await tx.execute(_SQL["forget"], {"import_id": import_id, "contact_ids": list(contact_ids)})


async def hold_enrollments(tx: Tx, *, list_id: str) -> None:
    """Let nobody enroll the list until the transaction ends."""
    await tx.execute(_SQL["hold_enrollments"], {"list_id": list_id})


async def contacted(tx: Tx, *, contact_ids: Sequence[int], since: datetime) -> set[int]:
    """Who of these was tried since; nobody can begin to be until the transaction ends.

    Raises:
        Busy: somebody is dealing with one of them right now; the transaction is to be given up.
    """
    given = {"contact_ids": list(contact_ids), "since": since}
    try:
        await tx.execute(_SQL["hold_due"], given)
        await tx.execute(_SQL["hold_targets"], given)
    except LockNotAvailable as error:
        raise Busy from error
    cursor = await tx.execute(_SQL["contacted"], given)
    return {int(row[0]) for row in await cursor.fetchall()}


async def withdraw(tx: Tx, *, list_id: str, contact_ids: Sequence[int]) -> None:
    """Take people nobody has tried out of every campaign they are in."""
    await tx.execute(_SQL["withdraw"], {"list_id": list_id, "contact_ids": list(contact_ids)})


async def keep(tx: Tx, *, workspace_id: int, import_id: str, reasons: Mapping[int, Kept]) -> int:
    """Note whom the undo leaves alone; how many were not noted before."""
    if not reasons:
        return 0
    cursor = await tx.execute(
        _SQL["keep"],
        {
            "import_id": import_id,
            "workspace_id": workspace_id,
            "contact_ids": list(reasons),
            "reasons": list(reasons.values()),
        },
    )
    return cursor.rowcount


async def forget_kept(tx: Tx, *, import_id: str) -> None:
    await tx.execute(_SQL["forget_kept"], {"import_id": import_id})


async def kept(
    tx: Tx, *, workspace_id: int, import_id: str, after: int, limit: int
) -> list[KeptContact]:
    """Whom an undo kept, from the one after contact `after`."""
    async with tx.cursor(row_factory=class_row(KeptContact)) as cursor:
        await cursor.execute(
            _SQL["kept"],
            {
                "workspace_id": workspace_id,
                "import_id": import_id,
                "after": after,
                "limit": limit,
            },
        )
        return await cursor.fetchall()


def _changed(row: Sequence[Any]) -> Changed:
    contact_id, before, version = row
    return Changed(version=version, before=holder_of(contact_id, before))
