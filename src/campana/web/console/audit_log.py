"""Who did what, newest first; the whole of it as a file."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.response import Stream

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import auditing
from campana.store.audit import LATEST
from campana.web.console.language import marked
from campana.web.console.pages import csv_file, page
from campana.web.console.requests import PageRequest, needs

_PAGE = 100
_SHOWN_AT_ONCE = 4
"""Fields of a change; the others open with a press."""


@get("/audit", opt=needs("audit:read"))
async def show_audit(request: PageRequest) -> Response[Any]:
    asked = request.query_params.get("before", str(LATEST))
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 20) or int(asked) > LATEST:
        raise InvalidParameter(
            problems=[FieldProblem(parameter="before", message=marked("is no number"))]
        )
    found = await auditing.page(
        request.context,
        workspace_id=request.workspace_id,
        who=_who(request),
        before=int(asked),
        limit=_PAGE + 1,
    )
    return page(
        request,
        "audit.html",
        entries=found[:_PAGE],
        shown_at_once=_SHOWN_AT_ONCE,
        who=_who(request),
        next_before=found[_PAGE - 1].id if len(found) > _PAGE else None,
    )


@get("/audit.csv", opt=needs("audit:read"))
async def export_audit(request: PageRequest) -> Stream:
    rows = auditing.as_csv(request.context, workspace_id=request.workspace_id, who=_who(request))
    return csv_file(rows, "audit")


def _who(request: PageRequest) -> str | None:
    """Whose entries are asked for: PEOPLE, an actor as the log names them, or None for all."""
    return request.query_params.get("who", "").replace("\0", "") or None


ROUTES = [show_audit, export_audit]
