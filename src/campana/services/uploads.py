"""Files handed to us: kept as they come, and looked at before any work is promised."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack
from typing import BinaryIO

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import columns, csv_table
from campana.services.context import Context
from campana.services.csv_table import TableProblem

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


async def _pieces(content: BinaryIO | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(content, AsyncIterator):
        async for piece in content:
            yield piece
        return
    while piece := await asyncio.to_thread(content.read, _COPY_BYTES):
        yield piece


async def look(context: Context, *, key: str, mapping: Mapping[str, str]) -> None:
    """Refuse what the header and the first row already show.

    Raises:
        InvalidParameter: `/file` is no table with a row, `/mapping/…` names no column of it.
    """
    await asyncio.to_thread(_look, context, key, mapping)


def _look(context: Context, key: str, mapping: Mapping[str, str]) -> None:
    with context.blobs.opened(key) as file:
        try:
            with csv_table.opened(file) as table:
                columns.read_header(table.header, mapping)
                if next(table.rows(), None) is None:
                    raise TableProblem("the file has a header and no rows below it")
        except TableProblem as problem:
            raise InvalidParameter(
                problems=[FieldProblem(pointer="/file", message=str(problem))]
            ) from None
