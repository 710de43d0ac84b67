"""Files of numbers nobody may contact: taken in, read a few thousand rows at a time, made to count.

A chunk's suppressions, its refused rows and the progress are one transaction, as with contacts:
after a crash the file goes on behind the last row whose fate is committed. A suppression counts at
the gate from its commit on, not from the end of the file. What a row says is
`services/suppression_rows.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import BinaryIO

from campana.domain.campaign import ChannelType
from campana.domain.errors import Conflict, FieldProblem, InvalidParameter, NotFound, Unavailable
from campana.services import csv_table, suppression_rows, suppressions, uploads
from campana.services.columns import shown
from campana.services.context import Context
from campana.services.suppression_rows import Chunk
from campana.services.table import TableProblem
from campana.store import jobs
from campana.store import suppression_imports as store
from campana.store.imports import ImportState
from campana.store.suppression_imports import (
    Begun,
    NewSuppressionImport,
    RefusedRow,
    SuppressionImport,
)
from campana.store.suppressions import Scope

IMPORT_TASK = "import_suppressions"


class SuppressionImportHeld(Conflict):
    """Another process works on this file."""


class _Superseded(Exception):
    """The import is gone, or another process has moved it on."""


async def start(
    context: Context,
    *,
    workspace_id: int,
    file_name: str,
    content: BinaryIO | AsyncIterator[bytes],
    reason: str,
    scope: Scope = Scope.WORKSPACE,
    campaign_id: str | None = None,
    channel_type: ChannelType | None = None,
    source: str = "import",
    expires_at: datetime | None = None,
    default_country: str | None = None,
) -> SuppressionImport:
    """Keep a CSV file of numbers and queue its import.

    Args:
        context: the web role will do.
        workspace_id: who says so.
        file_name: as the person knows it; shown, never opened.
        content: the bytes of the file; a stream is read as it comes and never held whole.
        reason: of every row that gives none, 1 to 500 characters.
        scope: how far they reach.
        campaign_id: the campaign, with that scope.
        channel_type: the kind of channel, with that scope.
        source: where the numbers come from, such as the name of a registry.
        expires_at: aware, of every row that gives no date; None is for ever.
        default_country: ISO 3166, for numbers without a country code; before the workspace's.

    Raises:
        InvalidParameter: naming each field that is wrong; `/file` has no column of numbers
            or e-mail addresses.
        Unavailable: the disk refuses the file.
    """
    now = context.clock.now()
    await suppressions.verify(
        context,
        workspace_id=workspace_id,
        reason=reason,
        scope=scope,
        campaign_id=campaign_id,
        channel_type=channel_type,
        expires_at=expires_at,
        source=source,
        default_country=default_country,
    )
    new_id = context.new_id("simp")
    size = await uploads.keep(context, key=_key(new_id), content=content)
    new = NewSuppressionImport(
        id=new_id,
        file_name=shown(file_name) or "numbers.csv",
        scope=scope,
        campaign_id=campaign_id,
        channel_type=channel_type,
        reason=reason.strip(),
        source=source.strip(),
        expires_at=expires_at,
        default_country=default_country,
        bytes_total=size,
    )
    try:
        await asyncio.to_thread(_look, context, _key(new_id))
        async with context.db.transaction(workspace_id=workspace_id) as tx:
            await store.insert(tx, workspace_id=workspace_id, new=new, now=now)
            await jobs.defer(tx, task=IMPORT_TASK, arguments={"import_id": new_id}, lock=new_id)
        return await get(context, workspace_id=workspace_id, import_id=new_id)
    except BaseException:
        # Nothing refers to the file: not even a cancelled request leaves people's data behind.
        context.blobs.remove(_key(new_id))
        raise


async def get(context: Context, *, workspace_id: int, import_id: str) -> SuppressionImport:
    """How far a file has come.

    Raises:
        NotFound: there is none of that id in this workspace; it goes with its campaign.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await store.get(tx, workspace_id=workspace_id, import_id=import_id)
    if found is None:
        raise NotFound
    return found


async def rejected_rows(
    context: Context, *, workspace_id: int, import_id: str, after: int = 0, limit: int = 1000
) -> list[RefusedRow]:
    """Rows a file's import refused, in the order of the file, from the one after row `after`.

    Raises:
        NotFound: there is no such import in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        if await store.get(tx, workspace_id=workspace_id, import_id=import_id) is None:
            raise NotFound
        return await store.rejected(
            tx, workspace_id=workspace_id, import_id=import_id, after=after, limit=limit
        )


async def run(context: Context, *, import_id: str) -> None:
    """Bring a file to its end from wherever it stands; one that is over is left alone.

    Args:
        context: of the engine's role.
        import_id: the import.

    Raises:
        SuppressionImportHeld: another process works on it; it ends there, or can be had once that
            one is gone.
        Unavailable: the database does not answer; the import can go on later.
    """
    async with context.db.session() as session:
        if not await store.hold(session, import_id=import_id):
            raise SuppressionImportHeld
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
            await store.let_go(session, import_id=import_id)


async def _run(context: Context, import_id: str) -> None:
    async with context.db.transaction() as tx:
        begun = await store.begin(tx, import_id=import_id)
    problem = None
    if begun is not None:
        try:
            with await asyncio.to_thread(context.blobs.opened, _key(import_id)) as file:
                await _rows(context, begun, file)
        except _Superseded:
            return
        except TableProblem as error:
            problem = str(error)
        except NotFound:
            problem = "the uploaded file is no longer there"
        except OSError as error:
            problem = f"the uploaded file cannot be read: {error.strerror}"
    await _finish(context, import_id, problem=problem)


async def _finish(context: Context, import_id: str, *, problem: str | None) -> None:
    """Close the import if it is open, then let go of the file: people's data is kept once."""
    state = ImportState.DONE if problem is None else ImportState.FAILED
    async with context.db.transaction() as tx:
        await store.finish(
            tx, import_id=import_id, state=state, problem=problem, now=context.clock.now()
        )
    await asyncio.to_thread(context.blobs.remove, _key(import_id))


async def _rows(context: Context, begun: Begun, file: BinaryIO) -> None:
    with csv_table.opened(file) as table:
        chunks = suppression_rows.chunks(context.new_id, table, begun)
        rows_done = begun.rows_done
        # Reading and phone numbers take the processor for tens of milliseconds: in a thread.
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            await _store(context, begun, chunk, rows_before=rows_done)
            rows_done += chunk.rows


async def _store(context: Context, begun: Begun, chunk: Chunk, *, rows_before: int) -> None:
    """One chunk and the progress it is, in one transaction.

    Raises:
        _Superseded: nothing was stored; this worker is not the one who goes on.
    """
    async with context.db.transaction() as tx:
        is_ours = await store.advance(
            tx,
            import_id=begun.id,
            rows_before=rows_before,
            rows=chunk.rows,
            bytes_done=chunk.bytes_done,
        )
        if not is_ours:
            raise _Superseded
        written = await store.store(
            tx, begun=begun, entries=list(chunk.entries.values()), now=context.clock.now()
        )
        await store.reject(tx, begun=begun, rows=chunk.rejected)
        await store.count(
            tx,
            import_id=begun.id,
            accepted=sum(written),
            updated=len(written) - sum(written),
            rejected=len(chunk.rejected),
        )


def _look(context: Context, key: str) -> None:
    """Refuse what the first row already shows."""
    with context.blobs.opened(key) as file:
        try:
            with csv_table.opened(file) as table:
                suppression_rows.meaning(table)
        except TableProblem as problem:
            message = str(problem)
            raise InvalidParameter(
                problems=[FieldProblem(pointer="/file", message=message)]
            ) from None


def _key(import_id: str) -> str:
    return f"suppressions/{import_id}.csv"
