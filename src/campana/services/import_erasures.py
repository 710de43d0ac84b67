"""Rows of a file that was handed in before their person was erased: they do not go in.

Whoever hands in a file after the erasure brings the person back by their own act; they are in the
list then, and suppressed. A file that was on its way does not undo what somebody has asked for.
"""

from __future__ import annotations

from dataclasses import replace

from campana.services import erasure_keys
from campana.services.context import Context
from campana.services.import_chunks import Chunk, LookNeeded
from campana.store import erasures
from campana.store.db import Tx
from campana.store.imports import Begun, RejectedRow

REASON = "this person was erased after the file was handed in"


async def without_erased(tx: Tx, context: Context, begun: Begun, chunk: Chunk) -> Chunk:
    """The chunk, with such rows among the refused: their number is told and nothing they hold.

    Raises:
        Unreadable: the key erased people are known by was sealed with a key we do not have.
        LookNeeded: there may be such among the rows that were not given one by one.
    """
    pads = await erasure_keys.pads(tx, context, workspace_id=begun.workspace_id)
    if pads is None:
        return chunk
    if chunk.unmet:
        raise LookNeeded
    rows = [
        (given.row_number, address.value)
        for given in chunk.given
        for address in given.contact.addresses
    ]
    erased = await erasures.erased_since(
        tx,
        workspace_id=begun.workspace_id,
        addresses=[address for _, address in rows],
        pads=pads,
        since=begun.created_at,
    )
    if not erased:
        return chunk
    numbers = {rows[place][0] for place in erased}
    refused = [
        RejectedRow(
            row_number=number,
            column_name=None,
            value=None,
            reason=REASON,
            suggestion=None,
            cells=None,
        )
        for number in sorted(numbers)
    ]
    return replace(
        chunk,
        given=[given for given in chunk.given if given.row_number not in numbers],
        rejected=[*chunk.rejected, *refused],
        prepared=None,
    )
