"""Contact lists, and files on their way into one; each row's fate is `services/imports.py`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

from campana.domain import naming
from campana.domain.errors import Conflict, FieldProblem, InvalidParameter, NotFound
from campana.services import meaning, segments, uploads
from campana.services.addresses import problems_of_country
from campana.services.context import Context
from campana.services.values import AttributeType
from campana.store import imports, jobs, lists
from campana.store.contacts import Contact
from campana.store.db import Tx
from campana.store.imports import Duplicates, Import, RejectedRow
from campana.store.lists import ContactList, Page, Segment

IMPORT_TASK = "import_contacts"

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPage:
    """Some contacts, and the cursor of the next page: None on the last."""

    contacts: list[Contact]
    next_after: int | None


async def create(
    context: Context,
    *,
    workspace_id: int,
    name: str,
    default_country: str | None = None,
    where: str | None = None,
) -> ContactList:
    """Make an empty list, or a segment.

    Args:
        context: the web role will do.
        workspace_id: whose list it is.
        name: 1 to 200 characters, unique in the workspace.
        default_country: ISO 3166 code of numbers written without a country code.
        where: whom a segment means; see `segments.py`.

    Raises:
        InvalidParameter: the name is empty or too long, the country is no code, the segment
            cannot be asked.
        Conflict: the name is taken.
    """
    name = _checked(name=name, default_country=default_country)
    list_id = context.new_id("list")
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        segment = await _segment(tx, workspace_id=workspace_id, where=where)
        is_new = await lists.insert(
            tx,
            list_id=list_id,
            workspace_id=workspace_id,
            name=name,
            default_country=default_country,
            segment=segment,
            now=context.clock.now(),
        )
        if not is_new:
            raise Conflict(f"there is a contact list named {name!r} already")
        return _found(await lists.get(tx, workspace_id=workspace_id, list_id=list_id))


async def get(context: Context, *, workspace_id: int, list_id: str) -> ContactList:
    """One list.

    Raises:
        NotFound: there is none of that id in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        return _found(await lists.get(tx, workspace_id=workspace_id, list_id=list_id))


async def find(context: Context, *, workspace_id: int, wanted: str) -> ContactList | None:
    """The list of that id, or else of that name."""
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await lists.find(tx, workspace_id=workspace_id, wanted=wanted)


async def page(
    context: Context,
    *,
    workspace_id: int,
    page: int = 1,
    page_size: int = 25,
    archived: bool | None = False,
) -> Page:
    """One page of the workspace's lists, newest first, and how many there are in all.

    Those that test calls which have ended left are `archived`; None asks for all.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await lists.page(
            tx,
            workspace_id=workspace_id,
            limit=page_size,
            offset=(page - 1) * page_size,
            archived=archived,
        )


async def change(
    context: Context,
    *,
    workspace_id: int,
    list_id: str,
    name: str,
    default_country: str | None,
    where: str | None = None,
) -> ContactList:
    """Give a list this name and this country, a segment this condition.

    Raises:
        NotFound, InvalidParameter
        Conflict: another list has the name; a list cannot become a segment, nor the other way.
    """
    name = _checked(name=name, default_country=default_country)
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        before = _found(await lists.get(tx, workspace_id=workspace_id, list_id=list_id))
        if (before.segment is None) != (where is None):
            raise Conflict("a list with people of its own and a segment are not made of each other")
        segment = await _segment(tx, workspace_id=workspace_id, where=where)
        await lists.update(
            tx,
            workspace_id=workspace_id,
            list_id=list_id,
            name=name,
            default_country=default_country,
            segment=segment,
        )
        return _found(await lists.get(tx, workspace_id=workspace_id, list_id=list_id))


async def delete(context: Context, *, workspace_id: int, list_id: str) -> None:
    """Remove a list with its contacts and imports; an import in progress ends.

    Raises:
        NotFound: there is none of that id in this workspace.
        Conflict: a campaign uses it.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        files = await imports.file_keys(tx, workspace_id=workspace_id, list_id=list_id)
        if not await lists.delete(tx, workspace_id=workspace_id, list_id=list_id):
            raise NotFound
    for key in files:
        await asyncio.to_thread(context.blobs.remove, key)


async def contact_page(
    context: Context, *, workspace_id: int, list_id: str, after: int = 0, limit: int = 100
) -> ContactPage:
    """People of a list, or who fit a segment now, from the one after contact `after`.

    Raises:
        NotFound: there is no such list in this workspace.
        Unavailable: looking for them took too long.
    """
    found = await segments.page(
        context, workspace_id=workspace_id, list_id=list_id, after=after, limit=limit + 1
    )
    shown = found[:limit]
    return ContactPage(contacts=shown, next_after=shown[-1].id if len(found) > limit else None)


async def start_import(
    context: Context,
    *,
    workspace_id: int,
    list_id: str,
    file_name: str,
    content: BinaryIO | AsyncIterator[bytes],
    mapping: Mapping[str, str] | None = None,
    types: Mapping[str, AttributeType] | None = None,
    default_country: str | None = None,
    duplicates: Duplicates = Duplicates.SKIP,
    is_dry_run: bool = False,
) -> Import:
    """Keep a file and queue its import; what its first rows already show is refused at once.

    Args:
        context: the web role will do.
        workspace_id: whose list it is.
        list_id: where the people go.
        file_name: as the person knows it; shown, never opened.
        content: the bytes of the file (CSV, JSONL, XLSX, ODS); a stream is read as it comes and
            never held whole.
        mapping: field, address or attribute, to the column of the file; the rest is found by
            header. None: what the last import into this list was told, as far as it fits.
        types: what the cells of an attribute are read as; remembered with the mapping.
        default_country: ISO 3166, for numbers without one; before the list's, the workspace's.
        duplicates: what becomes of rows whose external id or address the list already has.
        is_dry_run: decide on every row and change nothing.

    Raises:
        NotFound: there is no such list in this workspace.
        InvalidParameter: `/file` is empty or no table, `/mapping/…` names no column of it,
            `/types/…` no attribute.
        Unavailable: the disk refuses the file.
    """
    _checked(name=file_name, default_country=default_country, name_pointer="/file")
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = _found(await lists.get(tx, workspace_id=workspace_id, list_id=list_id))
    import_id = context.new_id("imp")
    kept = await uploads.table(context, key=f"{uploads.IMPORTS}/{import_id}", content=content)
    try:
        meant = meaning.of_file(found, kept.header, mapping=mapping, types=types)
        async with context.db.transaction(workspace_id=workspace_id) as tx:
            if not await lists.lock(tx, list_id=list_id):
                raise NotFound
            if not is_dry_run and not (mapping is None and types is None):
                await lists.remember(
                    tx,
                    list_id=list_id,
                    mapping=found.mapping if mapping is None else mapping,
                    types=found.types if types is None else types,
                )
            await imports.insert(
                tx,
                import_id=import_id,
                workspace_id=workspace_id,
                list_id=list_id,
                file_name=file_name,
                file_key=kept.key,
                mapping=meant.mapping,
                types=meant.types,
                header=kept.header,
                default_country=default_country,
                duplicates=duplicates,
                is_dry_run=is_dry_run,
                bytes_total=kept.size,
                now=context.clock.now(),
            )
            await jobs.defer(
                tx, task=IMPORT_TASK, arguments={"import_id": import_id}, lock=import_id
            )
            return _found(await imports.get(tx, workspace_id=workspace_id, import_id=import_id))
    except BaseException:
        # Nothing refers to the file: not even a cancelled request leaves people's data behind.
        context.blobs.remove(kept.key)
        raise


async def get_import(context: Context, *, workspace_id: int, import_id: str) -> Import:
    """How far an import has come.

    Raises:
        NotFound: there is none of that id in this workspace; it goes with its list.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        return _found(await imports.get(tx, workspace_id=workspace_id, import_id=import_id))


async def list_imports(
    context: Context, *, workspace_id: int, list_id: str, limit: int = 25
) -> list[Import]:
    """The newest imports of a list.

    Raises:
        NotFound: there is no such list in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        _found(await lists.get(tx, workspace_id=workspace_id, list_id=list_id))
        return await imports.page(tx, workspace_id=workspace_id, list_id=list_id, limit=limit)


async def rejected_rows(
    context: Context, *, workspace_id: int, import_id: str, after: int = 0, limit: int = 1000
) -> list[RejectedRow]:
    """Rows an import refused, in the order of the file, from the one after row `after`.

    Raises:
        NotFound: there is no such import in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        _found(await imports.get(tx, workspace_id=workspace_id, import_id=import_id))
        return await imports.rejected(
            tx, workspace_id=workspace_id, import_id=import_id, after=after, limit=limit
        )


async def _segment(tx: Tx, *, workspace_id: int, where: str | None) -> Segment | None:
    if where is None:
        return None
    return await segments.written(
        tx, workspace_id=workspace_id, where=where, pointer="/segment/where"
    )


def _checked(*, name: str, default_country: str | None, name_pointer: str = "/name") -> str:
    problems: list[FieldProblem] = []
    name = name.strip()
    if not 1 <= len(name) <= 200 or "\0" in name:
        problems.append(FieldProblem(pointer=name_pointer, message="must have 1 to 200 characters"))
    elif name_pointer == "/name" and (wrong := naming.problem_of(name)) is not None:
        problems.append(FieldProblem(pointer=name_pointer, message=wrong))
    problems += problems_of_country(default_country)
    if problems:
        raise InvalidParameter(problems=problems)
    return name


def _found(row: Row | None) -> Row:
    if row is None:
        raise NotFound
    return row
