"""Contact lists: a file dropped or rows pasted in, twenty shown as they would be, all, undone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, BinaryIO, cast

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from campana.domain.errors import CampanaError, FieldProblem, InvalidParameter
from campana.domain.ids import numbered
from campana.services import export_files, exports, lists, previews, rejections, undoing
from campana.services.export_files import Format
from campana.services.pasted import MOST_CHARACTERS, as_file
from campana.store.imports import Duplicates, Import
from campana.web.console.forms import said_of
from campana.web.console.language import marked, said_options, say
from campana.web.console.pages import csv_file, done, page, to
from campana.web.console.paging import after_asked, last_page, number_asked
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.errors import status_of
from campana.web.forms import FILE_LIMIT

_PAGE = 50
_READ, _WRITE = "lists:read", "lists:write"

MEANINGS = (
    ("phone", marked("Phone")),
    ("phone_2", marked("Second phone")),
    ("phone_3", marked("Third phone")),
    ("whatsapp", "WhatsApp"),
    ("email", marked("E-mail")),
    ("first_name", marked("First name")),
    ("last_name", marked("Last name")),
    ("external_id", marked("Your id")),
    ("time_zone", marked("Time zone")),
    ("language", marked("Language")),
    ("tags", marked("Tags")),
)
"""What a column of a file can be; anything else is a field of the list's own."""


@get("/lists", opt=needs(_READ))
async def show_lists(request: PageRequest) -> Response[Any]:
    return await _lists(request)


@post("/lists", opt=needs(_WRITE, action="list.create"))
@guarded
async def create_list(request: PageRequest) -> Response[Any]:
    given = await request.fields()
    try:
        made = await lists.create(
            request.context,
            workspace_id=request.workspace_id,
            name=given.get("name", ""),
            default_country=given.get("country", "").upper() or None,
        )
    except CampanaError as error:
        return await _lists(
            request, given=dict(given), problems=said_of(error), status=status_of(error)
        )
    return to(f"/lists/{made.id}")


@get("/lists/{list_id:str}", opt=needs(_READ))
async def show_list(request: PageRequest, list_id: FromPath[str]) -> Response[Any]:
    return await _list(request, list_id)


@get("/lists/{list_id:str}/people.csv", opt=needs(_READ))
async def export_list(request: PageRequest, list_id: FromPath[str]) -> Stream:
    found = await exports.of_list(
        request.context, workspace_id=request.workspace_id, list_id=list_id
    )
    return csv_file(export_files.written(found, Format.CSV), list_id)


@post(
    "/lists/{list_id:str}/preview",
    opt=needs(_READ, action="import.preview"),
    request_max_body_size=FILE_LIMIT,
)
@guarded
async def preview_file(request: PageRequest, list_id: FromPath[str]) -> Response[Any]:
    """What the file would become: a part of the list's page, or a page of its own."""
    given = await request.fields()
    problems: dict[str, str] = {}
    found = None
    try:
        _, content = await _file(request)
        found = await previews.preview(
            request.context,
            workspace_id=request.workspace_id,
            list_id=list_id,
            content=content,
            mapping=await _mapping(request),
            default_country=given.get("country", "").upper() or None,
            duplicates=_duplicates(given.get("duplicates")),
        )
    except CampanaError as error:
        problems = said_of(error)
    return page(
        request, "preview.html", list_id=list_id, preview=found, problems=problems,
        meanings=said_options(MEANINGS), known={name for name, _ in MEANINGS},
    )  # fmt: skip


@post(
    "/lists/{list_id:str}/imports",
    opt=needs(_WRITE, action="import.start"),
    request_max_body_size=FILE_LIMIT,
)
@guarded
async def start_import(request: PageRequest, list_id: FromPath[str]) -> Response[Any]:
    given = await request.fields()
    try:
        name, content = await _file(request)
        made = await lists.start_import(
            request.context,
            workspace_id=request.workspace_id,
            list_id=list_id,
            file_name=name,
            content=content,
            mapping=await _mapping(request),
            default_country=given.get("country", "").upper() or None,
            duplicates=_duplicates(given.get("duplicates")),
        )
    except CampanaError as error:
        return await _list(
            request,
            list_id,
            given={**given, "pasted": (await _pasted(request))[:MOST_CHARACTERS]},
            problems=said_of(error),
            status=status_of(error),
        )
    return to(f"/imports/{made.id}")


@get("/imports/{import_id:str}", opt=needs(_READ))
async def show_import(request: PageRequest, import_id: FromPath[str]) -> Response[Any]:
    context, workspace_id = request.context, request.workspace_id
    found = await lists.get_import(context, workspace_id=workspace_id, import_id=import_id)
    rejected = await lists.rejected_rows(
        context, workspace_id=workspace_id, import_id=import_id, limit=20
    )
    kept = await undoing.kept(context, workspace_id=workspace_id, import_id=import_id, limit=20)
    return page(
        request,
        "import.html",
        found=found,
        of_list=await lists.get(context, workspace_id=workspace_id, list_id=found.list_id),
        rejected=rejected,
        kept=kept,
        may_undo=_may_undo(found),
    )


@get("/imports/{import_id:str}/rejected.csv", opt=needs(_READ))
async def export_rejected(request: PageRequest, import_id: FromPath[str]) -> Stream:
    pieces = await rejections.as_csv(
        request.context, workspace_id=request.workspace_id, import_id=import_id
    )
    return csv_file(pieces, f"{import_id}-rejected")


@post("/imports/{import_id:str}/undo", opt=needs(_WRITE, action="import.undo"))
@guarded
async def undo_import(request: PageRequest, import_id: FromPath[str]) -> Response[Any]:
    await undoing.request(request.context, workspace_id=request.workspace_id, import_id=import_id)
    return to(f"/imports/{import_id}")


@post("/lists/{list_id:str}/delete", opt=needs(_WRITE, action="list.delete"))
@guarded
async def delete_list(request: PageRequest, list_id: FromPath[str]) -> Response[Any]:
    await lists.delete(request.context, workspace_id=request.workspace_id, list_id=list_id)
    return done("/lists", say("The list is deleted."))


async def _lists(
    request: PageRequest,
    *,
    given: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    number = number_asked(request)
    found = await lists.page(
        request.context, workspace_id=request.workspace_id, page=number, page_size=_PAGE
    )
    last = last_page(found.total, _PAGE)
    if number > last:
        return to(f"/lists?page={last}")
    return page(
        request,
        "lists.html",
        status=status,
        lists=found.lists,
        total=found.total,
        number=number,
        last=last,
        given=given or {},
        problems=problems or {},
    )


async def _list(
    request: PageRequest,
    list_id: str,
    *,
    given: Mapping[str, str] | None = None,
    problems: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    context, workspace_id = request.context, request.workspace_id
    found = await lists.get(context, workspace_id=workspace_id, list_id=list_id)
    people = await lists.contact_page(
        context,
        workspace_id=workspace_id,
        list_id=list_id,
        after=after_asked(request, "ctc"),
        limit=_PAGE,
    )
    return page(
        request,
        "list.html",
        status=status,
        list=found,
        people=[(numbered("ctc", each.id), each) for each in people.contacts],
        next_after=numbered("ctc", people.next_after) if people.next_after else None,
        imports=await lists.list_imports(context, workspace_id=workspace_id, list_id=list_id),
        given={
            "duplicates": "skip",
            "pasted": "",
            "country": found.default_country,
            **(given or {}),
        },
        problems=problems or {},
        meanings=said_options(MEANINGS),
    )


async def _file(request: PageRequest) -> tuple[str, BinaryIO]:
    """What was chosen, or pasted, under the name it is shown by."""
    upload = await request.upload("file")
    pasted = await _pasted(request)
    if upload is None and not pasted.strip():
        problem = FieldProblem(pointer="/file", message=marked("choose a file, or paste the rows"))
        raise InvalidParameter(problems=[problem])
    if upload is None:
        return say("Pasted rows"), await asyncio.to_thread(as_file, pasted)
    if pasted.strip():
        message = marked("a file is chosen, too: bring in one after the other")
        raise InvalidParameter(problems=[FieldProblem(pointer="/pasted", message=message)])
    return upload.filename, cast("BinaryIO", upload.file)


async def _pasted(request: PageRequest) -> str:
    """As it was typed: an empty cell at the beginning is one."""
    [*_, pasted] = ["", *await request.all_of("pasted")]
    return pasted


async def _mapping(request: PageRequest) -> dict[str, str] | None:
    """Field to column, as chosen under the preview; None before anything was chosen."""
    columns = await request.all_of("column")
    chosen = await request.all_of("meaning")
    if not columns or len(columns) != len(chosen):
        return None
    own = {column: column for column, each in zip(columns, chosen, strict=True) if each == "own"}
    return {
        each: column for column, each in zip(columns, chosen, strict=True) if each and each != "own"
    } | own


def _duplicates(asked: str | None) -> Duplicates:
    return Duplicates(asked) if asked in set(Duplicates) else Duplicates.SKIP


def _may_undo(found: Import) -> bool:
    return found.state == "done" and not found.is_dry_run


ROUTES = [
    show_lists,
    create_list,
    show_list,
    export_list,
    preview_file,
    start_import,
    show_import,
    export_rejected,
    undo_import,
    delete_list,
]
