"""The rows of a kept file into their list, some thousands at a time.

A chunk's contacts, its refused rows and the import's progress are one transaction: after a crash
anywhere the import goes on behind the last row whose fate is committed, and no row is done twice.
One process at a time works on an import; one that only believes it still does stores nothing. How
an import is taken back is `services/import_undo.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import ExitStack, aclosing
from datetime import datetime
from typing import BinaryIO

from campana.domain.errors import Conflict, InvalidParameter, NotFound, Unavailable
from campana.services import (
    columns,
    events,
    formats,
    import_chunks,
    import_erasures,
    import_process,
    import_undo,
    settling,
    trials,
)
from campana.services.columns import Columns
from campana.services.context import Context
from campana.services.duplicates import Fate, Plan
from campana.services.import_chunks import Chunk
from campana.services.settling import Place
from campana.services.table import TableProblem
from campana.services.values import AttributeType
from campana.store import events as store_events
from campana.store import import_changes, imports, lists
from campana.store.db import Tx
from campana.store.imports import Begun, Duplicates, ImportState, Outcomes

_CHUNK_ROWS = import_chunks.CHUNK_ROWS
_LARGE_BYTES = 4 << 20
"""Of a file that is read in a process of its own; one takes as long to start as some 20,000 rows
take to be read."""


class ImportHeld(Conflict):
    """Another process works on this import."""


class _Superseded(Exception):
    """The list is gone, the import is to be undone, or another process has moved it on."""


class _MetSomebody(Exception):
    """A file that must have no duplicates has one; the sentence says where."""


async def run(context: Context, *, import_id: str) -> None:
    """Bring an import, or its undoing, to an end from wherever it stands.

    One that is over is left alone.

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
            await _finish(context, import_id, problem=problem, is_mistake=True)
            raise
        finally:
            await imports.let_go(session, import_id=import_id)


async def _run(context: Context, import_id: str) -> None:
    problem = None
    begun = await _begin(context, import_id)
    if begun is not None and begun.undo_step is None:
        try:
            problem = await _imported(context, begun)
        except _MetSomebody as met:
            problem = str(met)
            await _take_back(context, begun, problem=problem)
            begun = await _begin(context, import_id)
        except _Superseded:
            begun = await _begin(context, import_id)
            if begun is None or begun.undo_step is None:
                return
    if begun is not None and begun.undo_step is not None:
        await import_undo.run(context, begun)
    await _finish(context, import_id, problem=problem)


async def _begin(context: Context, import_id: str) -> Begun | None:
    async with context.db.transaction() as tx:
        return await imports.begin(tx, import_id=import_id, now=context.clock.now())


async def _imported(context: Context, begun: Begun) -> str | None:
    """Do the rows; what is wrong with the file, in a sentence."""
    try:
        with await asyncio.to_thread(context.blobs.opened, begun.file_key) as file:
            await _rows(context, begun, file)
    except (TableProblem, InvalidParameter) as error:
        return str(error)
    except NotFound:
        return "the uploaded file is no longer there"
    except OSError as error:
        return f"the uploaded file cannot be read: {error.strerror}"
    return None


async def _take_back(context: Context, begun: Begun, *, problem: str) -> None:
    """Begin to undo what the file did so far: a person asked for all of it or nothing."""
    if begun.is_dry_run:
        return
    now = context.clock.now()
    async with context.db.transaction() as tx:
        if await import_changes.take_back(tx, import_id=begun.id, problem=problem):
            await _tell(tx, begun.id, workspace_id=begun.workspace_id, now=now)


async def _finish(
    context: Context, import_id: str, *, problem: str | None, is_mistake: bool = False
) -> None:
    """Close the import if it is open, then let go of the file: people's data is kept once."""
    now = context.clock.now()
    state = ImportState.DONE if problem is None else ImportState.FAILED
    async with context.db.transaction() as tx:
        workspace_id = await imports.finish(
            tx,
            import_id=import_id,
            state=state,
            problem=problem,
            is_mistake=is_mistake,
            now=now,
        )
        await trials.forget(tx, import_id=import_id)
        if workspace_id is not None:
            await _tell(tx, import_id, workspace_id=workspace_id, now=now)
        key = await imports.file_key(tx, import_id=import_id)
    if key is not None:
        await asyncio.to_thread(context.blobs.remove, key)


async def _tell(tx: Tx, import_id: str, *, workspace_id: int, now: datetime) -> None:
    closed = await imports.get(tx, workspace_id=workspace_id, import_id=import_id)
    if closed is not None and not closed.is_dry_run:
        await store_events.add(tx, events.of_import(closed, workspace_id=workspace_id, at=now))


async def _rows(context: Context, begun: Begun, file: BinaryIO) -> None:
    with ExitStack() as stack:
        # Reading and phone numbers take the processor for tens of milliseconds: in a thread.
        table = await asyncio.to_thread(
            stack.enter_context, formats.opened(file, key=begun.file_key)
        )
        meaning = columns.read_header(table.header, begun.mapping, types_of(begun.types))
        read = (
            _read_beside(begun, file)
            if begun.bytes_total >= _LARGE_BYTES
            else import_chunks.chunks(
                table,
                meaning,
                country=begun.country,
                rows_done=begun.rows_done,
                chunk_rows=_CHUNK_ROWS,
            )
        )
        rows_done = begun.rows_done
        async with aclosing(_read_ahead(read)) as chunks:
            async for chunk in chunks:
                await _store(context, begun, meaning, chunk, rows_before=rows_done)
                rows_done += chunk.rows


def _read_beside(begun: Begun, file: BinaryIO) -> Generator[Chunk]:
    """The same in another process."""
    return import_process.chunks(
        file,
        import_process.Order(
            key=begun.file_key,
            mapping=begun.mapping,
            types=types_of(begun.types),
            country=begun.country,
            rows_done=begun.rows_done,
            chunk_rows=_CHUNK_ROWS,
            needs_cells=begun.duplicates == Duplicates.UPDATE,
            prepares=not begun.is_dry_run,
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
    context: Context, begun: Begun, meaning: Columns, chunk: Chunk, *, rows_before: int
) -> None:
    """One chunk and the progress it is, in one transaction.

    Raises:
        _Superseded: nothing was stored; this worker is not the one who goes on.
        _MetSomebody: nothing was stored; the file must have no duplicates and has one.
    """
    now = context.clock.now()
    async with context.db.transaction() as tx:
        if not await lists.lock(tx, list_id=begun.list_id):
            raise _Superseded
        chunk = await import_erasures.without_erased(tx, context, begun, chunk)
        plan = await _settled(tx, begun, chunk, now=now)
        if begun.duplicates == Duplicates.FAIL:
            _refuse_duplicates(chunk, plan)
        rejected = [
            *chunk.rejected,
            *(
                import_chunks.disputed(given, decision.dispute, meaning, country=begun.country)
                for given, decision in zip(chunk.given, plan.decisions, strict=True)
                if decision.dispute is not None
            ),
        ]
        is_ours = await imports.advance(
            tx,
            import_id=begun.id,
            rows_before=rows_before,
            outcomes=Outcomes(
                accepted=plan.count(Fate.ACCEPTED),
                updated=plan.count(Fate.UPDATED),
                duplicate=plan.count(Fate.DUPLICATE),
                rejected=len(rejected),
            ),
            bytes_done=min(chunk.bytes_done, begun.bytes_total),
            now=now,
        )
        if not is_ours:
            raise _Superseded
        await imports.reject(tx, workspace_id=begun.workspace_id, import_id=begun.id, rows=rejected)


async def _settled(tx: Tx, begun: Begun, chunk: Chunk, *, now: datetime) -> Plan:
    how = Duplicates(begun.duplicates)
    place = Place(workspace_id=begun.workspace_id, list_id=begun.list_id, import_id=begun.id)
    if begun.is_dry_run:
        people = [given.contact for given in chunk.given]
        return await trials.settle(tx, place=place, people=people, how=how, now=now)
    plan, _ = await settling.settle(
        tx, place=place, rows=chunk.given, how=how, now=now, prepared=chunk.prepared
    )
    return plan


def _refuse_duplicates(chunk: Chunk, plan: Plan) -> None:
    for given, decision in zip(chunk.given, plan.decisions, strict=True):
        if decision.fate is Fate.DUPLICATE:
            contact = given.contact
            who = contact.external_id or contact.addresses[0].value
            raise _MetSomebody(
                f"row {given.row_number:,}: {columns.shown(who)} is in the list or in a row above"
                " already; nothing of this file stays"
            )
