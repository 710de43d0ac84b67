"""The rows of a kept file into their list, a thousand at a time.

A chunk's contacts, its refused rows and the import's progress are one transaction: after a crash
anywhere the import goes on behind the last row whose fate is committed, and no row is done twice.
One process at a time works on an import; one that only believes it still does stores nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import BinaryIO

from campana.domain.contact import NewContact
from campana.domain.errors import Conflict, InvalidParameter, NotFound, Unavailable
from campana.services import columns, csv_table, duplicates, events
from campana.services.columns import Columns, Refusal
from campana.services.context import Context
from campana.services.csv_table import Broken, Row, TableProblem
from campana.store import contacts, imports, lists
from campana.store import events as store_events
from campana.store.db import Tx
from campana.store.imports import Begun, Duplicates, ImportState, Outcomes, RejectedRow

_CHUNK_ROWS = 1000
_CHUNK_CHARACTERS = 4 << 20


class ImportHeld(Conflict):
    """Another process works on this import."""


class _Superseded(Exception):
    """The list is gone, or another process has moved the import on."""


@dataclass(slots=True, kw_only=True)
class _Chunk:
    """Some rows of the file, read; `bytes_done` of it lie behind them."""

    contacts: list[tuple[int, NewContact]] = field(default_factory=list[tuple[int, NewContact]])
    rejected: list[RejectedRow] = field(default_factory=list[RejectedRow])
    bytes_done: int = 0

    @property
    def rows(self) -> int:
        return len(self.contacts) + len(self.rejected)


async def run(context: Context, *, import_id: str) -> None:
    """Bring an import to its end from wherever it stands; one that is over is left alone.

    Args:
        context: of the engine's role.
        import_id: the import.

    Raises:
        ImportHeld: another process works on it; it ends there, or can be had once that one is gone.
        Unavailable: the database does not answer; the import can go on later.
    """
    async with context.db.session() as session:
        if not await imports.hold(session, import_id=import_id):
            raise ImportHeld
        try:
            await _run(context, import_id)
        except Unavailable:
            raise
        except Exception:
            # Whatever we did not think of ends the import with a sentence, not with silence for
            # ever; the error itself goes on to whoever runs this, to be logged.
            problem = "Campana made a mistake with this file; its log says which"
            await _finish(context, import_id, problem=problem)
            raise
        finally:
            await imports.let_go(session, import_id=import_id)


async def _run(context: Context, import_id: str) -> None:
    async with context.db.transaction() as tx:
        begun = await imports.begin(tx, import_id=import_id)
    problem = None
    if begun is not None:
        try:
            with await asyncio.to_thread(context.blobs.opened, begun.file_key) as file:
                await _rows(context, begun, file)
        except _Superseded:
            return
        except (TableProblem, InvalidParameter) as error:
            problem = str(error)
        except NotFound:
            problem = "the uploaded file is no longer there"
        except OSError as error:
            problem = f"the uploaded file cannot be read: {error.strerror}"
    await _finish(context, import_id, problem=problem)


async def _finish(context: Context, import_id: str, *, problem: str | None) -> None:
    """Close the import if it is open, then let go of the file: people's data is kept once."""
    now = context.clock.now()
    state = ImportState.DONE if problem is None else ImportState.FAILED
    async with context.db.transaction() as tx:
        workspace_id = await imports.finish(
            tx, import_id=import_id, state=state, problem=problem, now=now
        )
        if workspace_id is not None:
            await _tell(tx, import_id, workspace_id=workspace_id, now=now)
        key = await imports.file_key(tx, import_id=import_id)
    if key is not None:
        await asyncio.to_thread(context.blobs.remove, key)


async def _tell(tx: Tx, import_id: str, *, workspace_id: int, now: datetime) -> None:
    closed = await imports.get(tx, workspace_id=workspace_id, import_id=import_id)
    if closed is not None:
        await store_events.add(tx, events.of_import(closed, workspace_id=workspace_id, at=now))


async def _rows(context: Context, begun: Begun, file: BinaryIO) -> None:
    with ExitStack() as stack:
        # Reading and phone numbers take the processor for tens of milliseconds: in a thread.
        table = await asyncio.to_thread(stack.enter_context, csv_table.opened(file))
        meaning = columns.read_header(table.header, begun.mapping)
        rows_done = begun.rows_done
        async with aclosing(_read_ahead(_chunks(table, meaning, begun))) as chunks:
            async for chunk in chunks:
                await _store(context, begun, meaning, chunk, rows_before=rows_done)
                rows_done += chunk.rows


async def _read_ahead(chunks: Iterator[_Chunk]) -> AsyncGenerator[_Chunk]:
    """The chunks, each read in a thread while the one before is stored."""
    ahead = asyncio.create_task(asyncio.to_thread(next, chunks, None))
    try:
        while (chunk := await ahead) is not None:
            ahead = asyncio.create_task(asyncio.to_thread(next, chunks, None))
            yield chunk
    finally:
        # The thread reads the file, so that ends before the file is closed.
        await asyncio.gather(ahead, return_exceptions=True)


def _chunks(table: csv_table.Table, meaning: Columns, begun: Begun) -> Iterator[_Chunk]:
    """The rows whose fate is open, some at a time: at most a thousand, at most a few megabytes."""
    chunk, size = _Chunk(), 0
    numbered = enumerate(table.rows(), start=1)
    for row_number, row in islice(numbered, begun.rows_done, None):
        match _read(row, meaning, begun.country):
            case Refusal() as refusal:
                chunk.rejected.append(
                    RejectedRow(
                        row_number=row_number,
                        column_name=refusal.column_name,
                        value=refusal.value,
                        reason=refusal.reason,
                    )
                )
            case contact:
                chunk.contacts.append((row_number, contact))
                size += sum(map(len, contact.attributes.values()))
        if chunk.rows >= _CHUNK_ROWS or size >= _CHUNK_CHARACTERS:
            chunk.bytes_done = min(table.bytes_read, begun.bytes_total)
            yield chunk
            chunk, size = _Chunk(), 0
    if chunk.rows:
        chunk.bytes_done = begun.bytes_total
        yield chunk


def _read(row: Row, meaning: Columns, country: str | None) -> NewContact | Refusal:
    if isinstance(row, Broken):
        return Refusal(column_name=None, value=columns.shown(row.text), reason=row.reason)
    return columns.read_row(meaning, row, country=country)


async def _store(
    context: Context, begun: Begun, meaning: Columns, chunk: _Chunk, *, rows_before: int
) -> None:
    """One chunk and the progress it is, in one transaction.

    Raises:
        _Superseded: nothing was stored; this worker is not the one who goes on.
    """
    now = context.clock.now()
    async with context.db.transaction() as tx:
        if not await lists.lock(tx, list_id=begun.list_id):
            raise _Superseded
        plan = duplicates.plan(
            chunk.contacts,
            await contacts.holders(
                tx,
                list_id=begun.list_id,
                external_ids=[c.external_id for _, c in chunk.contacts if c.external_id],
                phones=[c.phone for _, c in chunk.contacts],
            ),
            duplicates=Duplicates(begun.duplicates),
            columns=meaning,
        )
        rejected = [*chunk.rejected, *plan.rejected]
        outcomes = Outcomes(
            accepted=plan.accepted,
            updated=plan.updated,
            duplicate=plan.duplicate,
            rejected=len(rejected),
        )
        is_ours = await imports.advance(
            tx,
            import_id=begun.id,
            rows_before=rows_before,
            outcomes=outcomes,
            bytes_done=chunk.bytes_done,
        )
        if not is_ours:
            raise _Superseded
        new_ids = await contacts.insert(
            tx, workspace_id=begun.workspace_id, list_id=begun.list_id, contacts=plan.new, now=now
        )
        await contacts.update(tx, list_id=begun.list_id, contacts=plan.changed, now=now)
        numbers = dict(zip(new_ids, plan.new, strict=True)) | plan.renumbered
        await contacts.set_numbers(
            tx, workspace_id=begun.workspace_id, list_id=begun.list_id, contacts=numbers
        )
        await imports.reject(tx, workspace_id=begun.workspace_id, import_id=begun.id, rows=rejected)
