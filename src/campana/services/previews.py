"""A file's first rows as they would go into a list, without a file kept or a row stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from campana.domain.contact import NewContact
from campana.domain.errors import InvalidParameter, NotFound
from campana.services import duplicates, formats, import_chunks, meaning, settling, uploads
from campana.services.addresses import problems_of_country
from campana.services.columns import Columns
from campana.services.context import Context
from campana.services.duplicates import Fate
from campana.services.import_chunks import Chunk
from campana.services.meaning import Meaning
from campana.services.values import AttributeType
from campana.store import lists
from campana.store.holders import Holder
from campana.store.imports import Duplicates, RejectedRow

PREVIEWED_ROWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedRow:
    """A row and what would become of it: the contact as it would be, or why it is refused."""

    row_number: int
    fate: Fate
    contact: NewContact | None
    refusal: RejectedRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The columns of a file, what each means (None: passed over), and its first rows."""

    header: Sequence[str]
    meanings: Sequence[str | None]
    mapping: Mapping[str, str]
    types: Mapping[str, AttributeType]
    rows: Sequence[PreviewedRow]


async def preview(
    context: Context,
    *,
    workspace_id: int,
    list_id: str | None,
    content: BinaryIO | AsyncIterator[bytes],
    mapping: Mapping[str, str] | None = None,
    types: Mapping[str, AttributeType] | None = None,
    default_country: str | None = None,
    duplicates: Duplicates = Duplicates.SKIP,
) -> Preview:
    """The first 20 rows as an import with the same arguments would have them.

    Args:
        context: the web role will do.
        workspace_id: whose list it is.
        list_id: where the people would go; None for a list that is yet to be made.
        content: as for `lists.start_import`, and so are the others.
        mapping: what the columns are.
        types: what the attributes are.
        default_country: where numbers without a country code lie.
        duplicates: what would become of whoever is met.

    Raises:
        NotFound: there is no such list in this workspace.
        InvalidParameter, Unavailable: as for `lists.start_import`.
    """
    if problems := problems_of_country(default_country):
        raise InvalidParameter(problems=problems)
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = None
        if list_id is not None:
            found = await lists.get(tx, workspace_id=workspace_id, list_id=list_id)
            if found is None:
                raise NotFound
        country = default_country or await lists.country(
            tx, workspace_id=workspace_id, list_id=list_id
        )
    kept = await uploads.table(
        context, key=f"{uploads.PREVIEWS}/{context.new_id('prv')}", content=content
    )
    try:
        meant = meaning.of_file(found, kept.header, mapping=mapping, types=types)
        chunk = await asyncio.to_thread(_first, context, kept.key, meant.columns, country)
    finally:
        context.blobs.remove(kept.key)
    rows = await _fated(
        context, workspace_id, list_id, chunk, meant, how=duplicates, country=country
    )
    names = meant.columns.named()
    return Preview(
        header=kept.header,
        meanings=[names.get(place) for place in range(len(kept.header))],
        mapping=meant.mapping,
        types=meant.types,
        rows=rows,
    )


def _first(context: Context, key: str, columns: Columns, country: str | None) -> Chunk:
    with context.blobs.opened(key) as file, formats.opened(file, key=key) as table:
        found = import_chunks.chunks(table, columns, country=country, chunk_rows=PREVIEWED_ROWS)
        return next(found, Chunk())


async def _fated(
    context: Context,
    workspace_id: int,
    list_id: str | None,
    chunk: Chunk,
    meant: Meaning,
    *,
    how: Duplicates,
    country: str | None,
) -> list[PreviewedRow]:
    people = [given.contact for given in chunk.given]
    holders: list[Holder] = []
    if list_id is not None:
        async with context.db.read(workspace_id=workspace_id) as tx:
            holders = await settling.met(tx, list_id=list_id, people=people)
    plan = duplicates.plan(people, holders, duplicates=how)
    rows = [
        PreviewedRow(row_number=row.row_number, fate=Fate.REJECTED, contact=None, refusal=row)
        for row in chunk.rejected
    ]
    for given, decision in zip(chunk.given, plan.decisions, strict=True):
        refusal = (
            import_chunks.disputed(given, decision.dispute, meant.columns, country=country)
            if decision.dispute is not None
            else None
        )
        rows.append(
            PreviewedRow(
                row_number=given.row_number,
                fate=decision.fate,
                contact=decision.person.now if decision.person is not None else None,
                refusal=refusal,
            )
        )
    return sorted(rows, key=lambda row: row.row_number)
