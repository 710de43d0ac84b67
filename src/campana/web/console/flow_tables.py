"""Tables that flows look rows up in: from a CSV file or pasted, replaced as a whole."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, BinaryIO, cast
from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath

from campana.domain.errors import CampanaError, FieldProblem, InvalidParameter, NotFound
from campana.services import reference_table_files, reference_tables
from campana.services.reference_tables import MOST_ROWS
from campana.web.console.forms import said_of
from campana.web.console.language import marked, say
from campana.web.console.pages import done, page
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.errors import status_of

_READ, _WRITE = "flows:read", "flows:write"
_SHOWN = 20
"""Rows of a table that its page shows."""


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
        await reference_tables.put(
            context, workspace_id=workspace_id, name=name, raw=await _document(request, given)
        )
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
        given=given or {},
        problems=dict(problems or {}),
        most=MOST_ROWS,
    )


def _path(name: str) -> str:
    return f"/flows/tables/{quote(name, safe='')}"


ROUTES = [show_tables, create_table, show_table, replace_table, delete_table]
