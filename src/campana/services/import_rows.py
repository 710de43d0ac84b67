"""The rows of an import's file into its list, a chunk a transaction.

A chunk's contacts, its refused rows and the progress they are stand or fall together. Rows of a
large file are read in a process of their own; while a list has nobody but who the file has brought,
only those that may meet one another are looked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import ExitStack, aclosing
from datetime import datetime
from typing import BinaryIO

from campana.services import (
    columns,
    formats,
    import_chunks,
    import_erasures,
    import_process,
    settling,
    trials,
)
from campana.services.columns import Columns
from campana.services.context import Context
from campana.services.duplicates import Fate, Plan
from campana.services.import_chunks import Chunk, LookNeeded
from campana.services.settling import Place
from campana.services.values import AttributeType
from campana.store import contacts, imports, lists
from campana.store.db import Tx
from campana.store.imports import Begun, Duplicates, Outcomes, RejectedRow

_CHUNK_ROWS = import_chunks.CHUNK_ROWS
_LARGE_CHUNK_ROWS = 10_000
"""Where a process of its own reads ahead: what each transaction costs is shared by more rows."""
_LARGE_BYTES = 4 << 20
"""Of a file that is read in a process of its own; one takes as long to start as some 20,000 rows
take to be read."""


class Superseded(Exception):
    """The list is gone, the import is to be undone, or another process has moved it on."""


class MetSomebody(Exception):
    """A file that must have no duplicates has one; the sentence says where."""


async def bring_in(context: Context, begun: Begun, file: BinaryIO) -> None:
    """Store the rows that are not yet, to the end of the file.

    Raises:
        TableProblem: why the file is no table, or has too many rows.
        InvalidParameter: what its columns are told to be does not fit it.
        OSError: it cannot be read.
        Superseded: the import is not this worker's to go on with.
        MetSomebody: the file must have no duplicates and has one.
        Unavailable: the database or the process that reads is gone; the import can go on later.
    """
    if begun.bytes_total < _LARGE_BYTES:
        with ExitStack() as stack:
            # Reading and phone numbers take the processor for tens of milliseconds: in a thread.
            table = await asyncio.to_thread(
                stack.enter_context, formats.opened(file, key=begun.file_key)
            )
            meaning = columns.read_header(table.header, begun.mapping, types_of(begun.types))
            read = import_chunks.chunks(
                table,
                meaning,
                country=begun.country,
                rows_done=begun.rows_done,
                chunk_rows=_CHUNK_ROWS,
            )
            await _store_all(context, begun, meaning, read, rows_done=begun.rows_done)
        return
    meaning = None
    if begun.duplicates == Duplicates.UPDATE:
        meaning = await asyncio.to_thread(_meaning, context, begun)
    rows_done = begun.rows_done
    if await _is_first(context, begun):
        read = _read_beside(begun, file, rows_done=0, meets_itself=True)
        try:
            await _store_all(context, begun, meaning, read, rows_done=0)
        except LookNeeded:
            # Somebody else has come into the list, or somebody was erased, since we looked.
            rows_done = await _rows_done(context, begun)
        else:
            return
    read = _read_beside(begun, file, rows_done=rows_done, meets_itself=False)
    await _store_all(context, begun, meaning, read, rows_done=rows_done)


def _meaning(context: Context, begun: Begun) -> Columns:
    """What the columns mean, for whoever must say which of them a row is refused for.

    Where nobody stored is changed the process that reads alone knows it, and is not waited for.
    """
    with (
        context.blobs.opened(begun.file_key) as file,
        formats.opened(file, key=begun.file_key) as table,
    ):
        return columns.read_header(table.header, begun.mapping, types_of(begun.types))


async def _is_first(context: Context, begun: Begun) -> bool:
    """Is nobody in the list yet, so that rows can meet each other alone?"""
    if begun.rows_done or begun.is_dry_run:
        return False
    async with context.db.read() as tx:
        return await lists.is_empty(tx, list_id=begun.list_id)


async def _rows_done(context: Context, begun: Begun) -> int:
    async with context.db.read() as tx:
        found = await imports.get(tx, workspace_id=begun.workspace_id, import_id=begun.id)
    if found is None:
        raise Superseded
    return found.rows_done


async def _store_all(
    context: Context,
    begun: Begun,
    meaning: Columns | None,
    read: Generator[Chunk],
    *,
    rows_done: int,
) -> None:
    async with aclosing(_read_ahead(read)) as chunks:
        async for chunk in chunks:
            await _store(context, begun, meaning, chunk, rows_before=rows_done)
            rows_done += chunk.rows


def _read_beside(
    begun: Begun, file: BinaryIO, *, rows_done: int, meets_itself: bool
) -> Generator[Chunk]:
    """The same in another process."""
    return import_process.chunks(
        file,
        import_process.Order(
            key=begun.file_key,
            mapping=begun.mapping,
            types=types_of(begun.types),
            country=begun.country,
            rows_done=rows_done,
            chunk_rows=_LARGE_CHUNK_ROWS,
            needs_cells=begun.duplicates == Duplicates.UPDATE,
            prepares=not begun.is_dry_run,
            meets_itself=meets_itself,
            file_bytes=begun.bytes_total,
        ),
    )


def types_of(stored: Mapping[str, str]) -> dict[str, AttributeType]:
    """Types of attributes from the words they are stored as."""
    return {name: AttributeType(word) for name, word in stored.items()}


async def _read_ahead(chunks: Generator[Chunk]) -> AsyncGenerator[Chunk]:
    """The chunks, each waited for in a thread while the one before is stored."""
    ahead = asyncio.create_task(asyncio.to_thread(next, chunks, None))
    try:
        while (chunk := await ahead) is not None:
            ahead = asyncio.create_task(asyncio.to_thread(next, chunks, None))
            yield chunk
    finally:
        # The thread reads the file, so that ends before the file is closed.
        await asyncio.gather(ahead, return_exceptions=True)
        await asyncio.to_thread(chunks.close)


async def _store(
    context: Context, begun: Begun, meaning: Columns | None, chunk: Chunk, *, rows_before: int
) -> None:
    """One chunk and the progress it is, in one transaction.

    Raises:
        Superseded: nothing was stored; this worker is not the one who goes on.
        LookNeeded: nothing was stored; rows are wanted one by one.
        MetSomebody: nothing was stored; the file must have no duplicates and has one.
    """
    now = context.clock.now()
    async with context.db.transaction() as tx:
        await imports.do_not_wait(tx)
        if not await lists.lock(tx, list_id=begun.list_id):
            raise Superseded
        chunk = await import_erasures.without_erased(tx, context, begun, chunk)
        plan = await _settled(tx, begun, chunk, now=now)
        if begun.duplicates == Duplicates.FAIL:
            _refuse_duplicates(chunk, plan)
        rejected = [*chunk.rejected, *_disputed(chunk, plan, meaning, country=begun.country)]
        is_ours = await imports.advance(
            tx,
            import_id=begun.id,
            rows_before=rows_before,
            outcomes=Outcomes(
                accepted=plan.count(Fate.ACCEPTED) + chunk.unmet,
                updated=plan.count(Fate.UPDATED),
                duplicate=plan.count(Fate.DUPLICATE),
                rejected=len(rejected),
            ),
            bytes_done=min(chunk.bytes_done, begun.bytes_total),
            now=now,
        )
        if not is_ours:
            raise Superseded
        await imports.reject(tx, workspace_id=begun.workspace_id, import_id=begun.id, rows=rejected)


def _disputed(
    chunk: Chunk, plan: Plan, meaning: Columns | None, *, country: str | None
) -> list[RejectedRow]:
    disputes = [
        (given, decision.dispute)
        for given, decision in zip(chunk.given, plan.decisions, strict=True)
        if decision.dispute is not None
    ]
    if not disputes:
        return []
    if meaning is None:
        raise RuntimeError("a row is disputed where nobody stored is changed")
    return [
        import_chunks.disputed(given, dispute, meaning, country=country)
        for given, dispute in disputes
    ]


async def _settled(tx: Tx, begun: Begun, chunk: Chunk, *, now: datetime) -> Plan:
    how = Duplicates(begun.duplicates)
    place = Place(workspace_id=begun.workspace_id, list_id=begun.list_id, import_id=begun.id)
    if begun.is_dry_run:
        people = [given.contact for given in chunk.given]
        return await trials.settle(tx, place=place, people=people, how=how, now=now)
    if chunk.prepared is None:
        plan, _ = await settling.settle(tx, place=place, rows=chunk.given, how=how, now=now)
        return plan
    places = range(len(chunk.given)) if chunk.places is None else chunk.places
    try:
        plan, _ = await settling.settle_prepared(
            tx,
            place=place,
            rows=chunk.given,
            prepared=chunk.prepared,
            places=places,
            how=how,
            now=now,
        )
    except contacts.Taken:
        if not chunk.unmet:
            raise
        raise LookNeeded from None
    return plan


def _refuse_duplicates(chunk: Chunk, plan: Plan) -> None:
    for given, decision in zip(chunk.given, plan.decisions, strict=True):
        if decision.fate is Fate.DUPLICATE:
            contact = given.contact
            who = contact.external_id or contact.addresses[0].value
            raise MetSomebody(
                f"row {given.row_number:,}: {columns.shown(who)} is in the list or in a row above"
                " already; nothing of this file stays"
            )
