"""Files handed to us: kept as they come, and looked at before any work is promised."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import formats, sheets
from campana.services.context import Context
from campana.services.table import TableProblem
from campana.store import imports

IMPORTS, PREVIEWS = "imports", "previews"
"""Where files of people lie, until they are read."""

FOLDERS = (IMPORTS, PREVIEWS)
"""All of them: what lies here from before an erasure may hold the person."""

_COPY_BYTES = 1 << 20


async def keep(context: Context, *, key: str, content: BinaryIO | AsyncIterator[bytes]) -> int:
    """Write the file under `key`; its size in bytes. Disk work stays off the event loop.

    Raises:
        Unavailable: the disk refuses; nothing is left.
    """
    written = 0
    with ExitStack() as stack:
        file = await asyncio.to_thread(stack.enter_context, context.blobs.writing(key))
        async for piece in _pieces(content):
            written += await asyncio.to_thread(file.write, piece)
        await asyncio.to_thread(stack.close)
    return written


async def forget_left_behind(context: Context, *, before: datetime) -> int:
    """Remove files that a process left when it was killed: no import needs them. How many.

    Args:
        context: of the engine's role.
        before: what was written later may still be on its way to its import.
    """
    removed = 0
    for folder in FOLDERS:
        keys = await asyncio.to_thread(context.blobs.older_than, before, within=folder)
        async with context.db.read() as tx:
            needed = await imports.open_files(tx, keys=keys)
        for key in keys:
            if key not in needed:
                await asyncio.to_thread(context.blobs.remove, key)
                removed += 1
    return removed


async def _pieces(content: BinaryIO | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(content, AsyncIterator):
        async for piece in content:
            yield piece
        return
    while piece := await asyncio.to_thread(content.read, _COPY_BYTES):
        yield piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file of people that can be read: where it lies, its size in bytes, its header."""

    key: str
    size: int
    header: Sequence[str]


async def table(context: Context, *, key: str, content: BinaryIO | AsyncIterator[bytes]) -> Kept:
    """Keep a file as rows that can be read as a stream; a spreadsheet's are taken out of it.

    Raises:
        InvalidParameter: `/file` is no table with a row. Nothing is left of it.
        Unavailable: the disk refuses; nothing is left.
    """
    size = await keep(context, key=key, content=content)
    try:
        rows_key = await _taken_out(context, key)
        if rows_key is not None:
            await asyncio.to_thread(context.blobs.remove, key)
            key = rows_key
            size = (await asyncio.to_thread(context.blobs.path(key).stat)).st_size
        header = await asyncio.to_thread(_header, context, key)
    except TableProblem as problem:
        context.blobs.remove(key)
        raise InvalidParameter(
            problems=[FieldProblem(pointer="/file", message=str(problem))]
        ) from None
    except BaseException:
        context.blobs.remove(key)
        raise
    return Kept(key=key, size=size, header=header)


async def _taken_out(context: Context, key: str) -> str | None:
    """The key of a spreadsheet's rows; None for any other file."""
    with await asyncio.to_thread(context.blobs.opened, key) as file:
        if not formats.is_sheet(file):
            return None
    rows_key = key + formats.ROWS_SUFFIX
    with context.blobs.writing(rows_key) as rows:
        await sheets.take_out(context.blobs.path(key), rows)
    return rows_key


def _header(context: Context, key: str) -> Sequence[str]:
    with context.blobs.opened(key) as file, formats.opened(file, key=key) as table:
        if next(table.rows(), None) is None:
            raise TableProblem("the file has a header and no rows below it")
        return table.header
