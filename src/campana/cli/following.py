"""Start an import and follow it to its end, alone or beside others who could do it.

An import is a job like any other. The command line also works on it itself, under the lock that
`campana work` takes: whoever has it does the rows, the other watches, and either goes on when the
other dies. So it needs no running server and does nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from campana.domain.errors import NotFound
from campana.services import imports, lists
from campana.services.context import Context
from campana.services.imports import ImportHeld
from campana.services.values import AttributeType
from campana.store.imports import Duplicates, Import, ImportState

_WATCH_SECONDS = 0.2
_TAKE_OVER_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What `lists import` was asked for."""

    list_name: str
    file: Path
    country: str | None
    mapping: Mapping[str, str] | None
    """None: what the list remembers."""
    types: Mapping[str, AttributeType] | None
    duplicates: Duplicates
    is_dry_run: bool = False


@asynccontextmanager
async def started(context: Context, workspace_id: int, wanted: Wanted) -> AsyncGenerator[Import]:
    """The import of a file, queued, into the list of that name, made when there is none.

    One made for a dry run goes with it when the block ends.

    Raises:
        InvalidParameter: see `lists.start_import`; a list made for this is gone again.
    """
    async with _list_named(context, workspace_id, wanted) as list_id:
        with wanted.file.open("rb") as content:
            begun = await lists.start_import(
                context,
                workspace_id=workspace_id,
                list_id=list_id,
                file_name=wanted.file.name,
                content=content,
                mapping=wanted.mapping,
                types=wanted.types,
                default_country=wanted.country,
                duplicates=wanted.duplicates,
                is_dry_run=wanted.is_dry_run,
            )
        if wanted.is_dry_run:
            yield begun
    if not wanted.is_dry_run:
        yield begun


@asynccontextmanager
async def _list_named(context: Context, workspace_id: int, wanted: Wanted) -> AsyncGenerator[str]:
    """The list's id; one made for this goes again after a dry run, or when none can start."""
    found = await lists.find(context, workspace_id=workspace_id, wanted=wanted.list_name)
    if found is not None:
        yield found.id
        return
    made = await lists.create(
        context,
        workspace_id=workspace_id,
        name=wanted.list_name,
        default_country=wanted.country,
    )
    is_kept = False
    try:
        yield made.id
        is_kept = not wanted.is_dry_run
    finally:
        if not is_kept:
            await lists.delete(context, workspace_id=workspace_id, list_id=made.id)


async def follow(context: Context, workspace_id: int, started: Import, *, is_quiet: bool) -> Import:
    """Show how far an import has come until it is over; do it when nobody else does."""
    work = asyncio.create_task(_work(context, started.id))
    try:
        with _progress(is_quiet=is_quiet) as progress:
            bar = progress.add_task(started.file_name, total=started.bytes_total, rows="")
            while True:
                done, _ = await asyncio.wait({work}, timeout=_WATCH_SECONDS)
                seen = await _seen(context, workspace_id, started.id)
                _show(progress, bar, seen)
                if done:
                    work.result()
                    return seen
    except asyncio.CancelledError:
        Console(stderr=True).print(f"Stopped; to go on: campana lists follow {started.id}")
        raise
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def _work(context: Context, import_id: str) -> None:
    """Do the import, or wait for the process that does."""
    while True:
        try:
            await imports.run(context, import_id=import_id)
        except ImportHeld:
            await asyncio.sleep(_TAKE_OVER_SECONDS)
        else:
            return


async def _seen(context: Context, workspace_id: int, import_id: str) -> Import:
    try:
        return await lists.get_import(context, workspace_id=workspace_id, import_id=import_id)
    except NotFound:
        raise NotFound("the list was deleted while its file was being imported") from None


def _progress(*, is_quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[rows]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=is_quiet,
    )


def _show(progress: Progress, bar: TaskID, seen: Import) -> None:
    rows = f"{seen.rows_done:,} rows"
    if seen.state is ImportState.UNDOING:
        rows = f"{seen.undone_removed + seen.undone_restored + seen.undone_kept:,} people undone"
    elif seen.rows_per_second is not None:
        rows += f", {seen.rows_per_second:,.0f} a second"
    progress.update(bar, completed=seen.bytes_done, rows=rows)
