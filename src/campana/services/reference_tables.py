"""Tables that flows look into with `lookup`: branches by city, offers by plan. Never people.

A table is written as a whole, so that a flow sees the rows of one writing and never half of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from campana.domain import naming
from campana.domain.errors import Conflict, FieldProblem, InvalidParameter, NotFound
from campana.services import documents
from campana.services.context import Context
from campana.store import reference_tables
from campana.store.db import Tx
from campana.store.reference_tables import Fields, ReferenceTable

MOST_ROWS = 10_000
MOST_COLUMNS = 50
_LONGEST_KEY = 500
_SHOWN_PROBLEMS = 50

Column = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
Cell = Annotated[str, Meta(max_length=2000)] | int | float | bool | None


class ReferenceTableDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """A whole table: its rows, and the column whose text finds one.

    Texts are compared without case and with one space between words.
    """

    key: Column
    rows: Annotated[list[dict[Column, Cell]], Meta(max_length=MOST_ROWS)]


def key_of(text: str) -> str:
    """A key as it is compared."""
    return " ".join(text.split()).casefold()


async def every(context: Context, *, workspace_id: int) -> list[ReferenceTable]:
    """All of the workspace, by name."""
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await reference_tables.every(tx, workspace_id=workspace_id)


async def get(context: Context, *, workspace_id: int, name: str) -> ReferenceTable:
    """One of them, without its rows.

    Raises:
        NotFound: there is none of that name in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await _found(tx, workspace_id=workspace_id, name=name)


async def row(context: Context, *, workspace_id: int, name: str, key: str) -> Fields:
    """What a flow would find under that key.

    Raises:
        NotFound: there is no such table, or no such row in it.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        await _found(tx, workspace_id=workspace_id, name=name)
        found = await looked_up(tx, workspace_id=workspace_id, name=name, key=key)
    if found is None:
        raise NotFound
    return found


async def first_rows(context: Context, *, workspace_id: int, name: str, limit: int) -> list[Fields]:
    """The first rows of a table by their keys."""
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await reference_tables.first_rows(
            tx, workspace_id=workspace_id, name=name, limit=limit
        )


async def looked_up(tx: Tx, *, workspace_id: int, name: str, key: str) -> Fields | None:
    """The row of a key; None without one, or without the table."""
    return await reference_tables.row(tx, workspace_id=workspace_id, name=name, key=key_of(key))


async def put(
    context: Context, *, workspace_id: int, name: str, raw: object, is_new: bool = False
) -> ReferenceTable:
    """Write a table as a whole; what it had before is gone.

    With `is_new` it must not have been there before.

    Raises:
        InvalidParameter: naming each row that is wrong; nothing is written then.
        Conflict: `is_new`, and there is one of that name.
    """
    document = documents.read(ReferenceTableDocument, raw)
    if not 1 <= len(name) <= 100 or name != name.strip() or "/" in name:
        message = "must have 1 to 100 characters, no / and no space at its ends"
        raise InvalidParameter(problems=[FieldProblem(parameter="name", message=message)])
    if (unfit := naming.problem_of(name)) is not None:
        raise InvalidParameter(problems=[FieldProblem(parameter="name", message=unfit)])
    rows = _keyed(document)
    now = context.clock.now()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        if is_new and not await reference_tables.claim(
            tx, workspace_id=workspace_id, name=name, key_column=document.key, now=now
        ):
            raise Conflict(f"there is a table named {name} already")
        await reference_tables.put(
            tx, workspace_id=workspace_id, name=name, key_column=document.key, rows=rows, now=now
        )
        return await _found(tx, workspace_id=workspace_id, name=name)


async def delete(context: Context, *, workspace_id: int, name: str) -> None:
    """Forget one; flows that look into it find nothing from now on.

    Raises:
        NotFound: there is none of that name in this workspace.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        if not await reference_tables.delete(tx, workspace_id=workspace_id, name=name):
            raise NotFound


def _keyed(document: ReferenceTableDocument) -> dict[str, Fields]:
    """The rows by their keys.

    Raises:
        InvalidParameter: a row has no key, that of another, or too many columns.
    """
    found: dict[str, Fields] = {}
    first: dict[str, int] = {}
    problems: list[FieldProblem] = []
    for number, cells in enumerate(document.rows):
        wrong = _wrong(cells, key=document.key, first=first)
        if wrong is not None:
            problems.append(FieldProblem(pointer=f"/rows/{number}{wrong[0]}", message=wrong[1]))
            continue
        key = key_of(_text(cells[document.key]))
        found[key], first[key] = cells, number
    if problems:
        raise InvalidParameter(problems=problems[:_SHOWN_PROBLEMS])
    return found


def _wrong(
    cells: Mapping[str, Cell], *, key: str, first: Mapping[str, int]
) -> tuple[str, str] | None:
    """Where in a row and what; None when it can be kept."""
    if len(cells) > MOST_COLUMNS:
        return "", f"has more than {MOST_COLUMNS} columns"
    wanted = key_of(_text(cells.get(key)))
    if not wanted:
        return f"/{key}", "is what finds the row: it must not be empty"
    if len(wanted) > _LONGEST_KEY:
        return f"/{key}", f"must have at most {_LONGEST_KEY} characters"
    if wanted in first:
        return f"/{key}", f"is that of row {first[wanted]} too"
    return None


def _text(cell: Cell) -> str:
    """A cell as a contact's field would say it: a number of 7.0 is 7."""
    if cell is None or isinstance(cell, bool):
        return "" if cell is None else str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


async def names_known(tx: Tx, *, workspace_id: int) -> Sequence[str]:
    """The tables a flow may look into."""
    return [each.name for each in await reference_tables.every(tx, workspace_id=workspace_id)]


async def _found(tx: Tx, *, workspace_id: int, name: str) -> ReferenceTable:
    found = await reference_tables.find(tx, workspace_id=workspace_id, name=name)
    if found is None:
        raise NotFound
    return found
