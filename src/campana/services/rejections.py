"""The rows an import refused, as a CSV file to be mended and brought in again.

Each row stands as it stood, in the file's own columns; why it was refused stands in columns of
Campana's behind them, which the next import passes over.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence

from campana.domain.contact import AttributeValue
from campana.services import lists
from campana.services.columns import OWN_PREFIX
from campana.services.context import Context
from campana.services.defusing import csv_lines
from campana.services.values import text_of
from campana.store.imports import RejectedRow

_ROWS = 1_000
_ADDED = [OWN_PREFIX + word for word in ("row", "column", "value", "reason", "suggestion")]


async def as_csv(context: Context, *, workspace_id: int, import_id: str) -> AsyncIterator[bytes]:
    """The file, a thousand rows at a time; the first piece is had before this returns.

    Raises:
        NotFound: there is no such import in this workspace.
    """
    found = await lists.get_import(context, workspace_id=workspace_id, import_id=import_id)
    rows = await lists.rejected_rows(context, workspace_id=workspace_id, import_id=import_id)
    return _pieces(context, workspace_id, import_id, header=found.header, rows=rows)


async def _pieces(
    context: Context,
    workspace_id: int,
    import_id: str,
    *,
    header: Sequence[str],
    rows: Sequence[RejectedRow],
) -> AsyncIterator[bytes]:
    # A file that was mended once already has Campana's columns; they are not piled up.
    own = [place for place, text in enumerate(header) if not text.startswith(OWN_PREFIX)]
    yield csv_lines([[*(header[place] for place in own), *_ADDED]])
    while rows:
        yield csv_lines(
            [
                *_own(row.cells or (), own, width=len(header)),
                row.row_number,
                row.column_name,
                _whole(row, width=len(header)) or row.value,
                row.reason,
                row.suggestion,
            ]
            for row in rows
        )
        rows = await lists.rejected_rows(
            context,
            workspace_id=workspace_id,
            import_id=import_id,
            after=rows[-1].row_number,
            limit=_ROWS,
        )


def _whole(row: RejectedRow, *, width: int) -> str | None:
    """All of a row that has more cells than the file has columns: which is too many, who knows?"""
    if row.cells is None or len(row.cells) <= width:
        return None
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(map(text_of, row.cells))
    return text.getvalue()


def _own(cells: Sequence[AttributeValue], own: Sequence[int], *, width: int) -> list[str]:
    """The row in the file's columns; one with more cells than those could only mislead in them.

    Brought in again unmended it is refused again.
    """
    if len(cells) > width:
        cells = ()
    return [text_of(cells[place]) if place < len(cells) else "" for place in own]
