"""Tables that flows look rows up in: from a CSV file or pasted, replaced as a whole."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, cast
from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath

from campana.domain.errors import CampanaError, FieldProblem, InvalidParameter, NotFound
from campana.services import reference_table_files, reference_tables
from campana.services.reference_tables import MOST_ROWS
from campana.web.console.differences import Line, difference
from campana.web.console.drafts import mark
from campana.web.console.forms import said_of
from campana.web.console.language import marked, say
from campana.web.console.pages import done, page
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.console.together import SEEN, STATUS
from campana.web.errors import status_of

_READ, _WRITE = "flows:read", "flows:write"
_SHOWN = 20
"""Rows of a table that its page shows."""
_MOST_LINES = 200
"""Of a difference that are shown."""


@get("/flows/tables", opt=needs(_READ))
async def show_tables(request: PageRequest) -> Response[Any]:
    return await _list(request)


@post("/flows/tables", opt=needs(_WRITE, action="table.create"))
@guarded
async def create_table(request: PageRequest) -> Response[Any]:
    given = await request.fields()
    name = given.get("name", "")
    try:
        await reference_tables.put(
            request.context,
            workspace_id=request.workspace_id,
            name=name,
            raw=await _document(request, given),
            is_new=True,
        )
    except CampanaError as error:
        return await _list(request, given=given, problems=_said(error), status=status_of(error))
    return done(f"{_path(name)}", say("The table is there."))


@get("/flows/tables/{name:str}", opt=needs(_READ))
async def show_table(request: PageRequest, name: FromPath[str]) -> Response[Any]:
    return await _table(request, name)


@post("/flows/tables/{name:str}", opt=needs(_WRITE, action="table.replace"))
@guarded
async def replace_table(request: PageRequest, name: FromPath[str]) -> Response[Any]:
    context, workspace_id = request.context, request.workspace_id
    given = await request.fields()
    await reference_tables.get(context, workspace_id=workspace_id, name=name)
    try:
        raw = await _document(request, given)
        if given.get(SEEN, "") != await _mark(request, name):
            return await _table(
                request, name, given=given, lines=await _against(request, name, raw), status=STATUS
            )
        await reference_tables.put(context, workspace_id=workspace_id, name=name, raw=raw)
    except CampanaError as error:
        return await _table(
            request, name, given=given, problems=_said(error), status=status_of(error)
        )
    return done(f"{_path(name)}", say("Replaced: flows see the new rows from now on."))


@post("/flows/tables/{name:str}/delete", opt=needs(_WRITE, action="table.delete"))
@guarded
async def delete_table(request: PageRequest, name: FromPath[str]) -> Response[Any]:
    context, workspace_id = request.context, request.workspace_id
    if (await request.fields()).get("typed") != name:
        return await _table(
            request, name, problems={"typed": say("Type the name of the table.")}, status=400
        )
    await reference_tables.delete(context, workspace_id=workspace_id, name=name)
    return done("/flows/tables", say("The table is gone."))


async def _mark(request: PageRequest, name: str) -> str:
    """Of what the page of a table shows of it, to see later whether somebody replaced it."""
    where: dict[str, Any] = {"workspace_id": request.workspace_id, "name": name}
    found = await reference_tables.get(request.context, **where)
    rows = await reference_tables.first_rows(request.context, **where, limit=_SHOWN)
    return mark(f"{found.updated_at} {found.row_count} {found.key_column} {rows}")


async def _against(request: PageRequest, name: str, raw: Mapping[str, Any]) -> list[Line]:
    """How the rows that somebody brings differ from those that are there by now."""
    where: dict[str, Any] = {"workspace_id": request.workspace_id, "name": name}
    theirs = await reference_tables.first_rows(request.context, **where, limit=MOST_ROWS)
    mine: list[Mapping[str, Any]] = list(raw["rows"])
    lines = await asyncio.to_thread(difference, _as_text(theirs), _as_text(mine))
    return lines[:_MOST_LINES]


def _as_text(rows: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(
        sorted(", ".join(f"{name}: {row[name]}" for name in sorted(row)) for row in rows)
    )


async def _document(request: PageRequest, given: Mapping[str, str]) -> dict[str, Any]:
    """What was chosen as a file, or pasted.

    Raises:
        InvalidParameter: neither, or it is no table.
    """
    upload = await request.upload("file")
    if upload is not None:
        file = cast("BinaryIO", upload.file)
    elif given.get("rows"):
        file = io.BytesIO(given["rows"].encode())
    else:
        problem = FieldProblem(pointer="/file", message=marked("choose a file, or paste the rows"))
        raise InvalidParameter(problems=[problem])
    return reference_table_files.document_of(file, key=given.get("key") or None)


def _said(error: CampanaError) -> dict[str, str]:
    """What was wrong, by field; of a row, in the file."""
    found: dict[str, str] = {}
    for name, text in said_of(error).items():
        _, is_row, place = name.partition("rows.")
        if is_row:
            number, _, column = place.partition(".")
            row = int(number) + 1
            said = (
                say("row %(row)s, %(column)s: %(problem)s", row=row, column=column, problem=text)
                if column
                else say("row %(row)s: %(problem)s", row=row, problem=text)
            )
            found["file"] = f"{found['file']}; {said}" if "file" in found else said
        else:
            found[name] = text
    return found


async def _list(
    request: PageRequest,
    *,
    given: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    found = await reference_tables.every(request.context, workspace_id=request.workspace_id)
    return page(
        request,
        "flow_tables.html",
        status=status,
        tables=[(each, _path(each.name)) for each in found],
        given=given or {},
        problems=dict(problems or {}),
        most=MOST_ROWS,
    )


async def _table(
    request: PageRequest,
    name: str,
    *,
    given: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    lines: Sequence[Line] | None = None,
    status: int = 200,
) -> Response[str]:
    context = request.context
    where: dict[str, Any] = {"workspace_id": request.workspace_id, "name": name}
    found = await reference_tables.get(context, **where)
    wanted = request.query_params.get("key", "").strip()[:500]
    row = None
    if wanted:
        try:
            row = await reference_tables.row(context, **where, key=wanted)
        except NotFound:
            row = None
    rows = await reference_tables.first_rows(context, **where, limit=_SHOWN)
    columns = dict.fromkeys(
        [found.key_column, *(name for each in [*rows, row or {}] for name in each)]
    )
    return page(
        request,
        "flow_table.html",
        status=status,
        table=found,
        path=_path(name),
        columns=list(columns),
        rows=rows,
        wanted=wanted,
        row=row,
        seen=await _mark(request, name),
        lines=lines,
        given=given or {},
        problems=dict(problems or {}),
        most=MOST_ROWS,
    )


def _path(name: str) -> str:
    return f"/flows/tables/{quote(name, safe='')}"


ROUTES = [show_tables, create_table, show_table, replace_table, delete_table]
