"""The rows of a kept file into their list, some thousands at a time.

A chunk's contacts, its refused rows and the import's progress are one transaction: after a crash
anywhere the import goes on behind the last row whose fate is committed, and no row is done twice.
One process at a time works on an import; one that only believes it still does stores nothing. How
an import is taken back is `services/import_undo.py`.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from campana.domain.errors import Conflict, InvalidParameter, NotFound, Unavailable
from campana.services import events, import_rows, import_undo, trials
from campana.services.context import Context
from campana.services.import_rows import MetSomebody, Superseded
from campana.services.table import TableProblem
from campana.store import events as store_events
from campana.store import import_changes, imports
from campana.store.db import Tx
from campana.store.imports import Begun, ImportState


class ImportHeld(Conflict):
    """Another process works on this import."""


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
        except MetSomebody as met:
            problem = str(met)
            await _take_back(context, begun, problem=problem)
            begun = await _begin(context, import_id)
        except Superseded:
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
            await import_rows.bring_in(context, begun, file)
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
