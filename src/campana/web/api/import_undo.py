"""Imports taken back: ask for it, and see whom that left alone."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from campana.domain.errors import InvalidTransition, NotFound
from campana.domain.ids import number_of, numbered
from campana.services import undoing
from campana.store.import_changes import Kept
from campana.web import import_examples as examples
from campana.web.answers import Shape, answer, shown
from campana.web.api.imports import ImportShape, shape_of
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.query import Cursor, Limit, Query, bad_cursor
from campana.web.request import ApiRequest


class KeptQuery(Query, frozen=True, kw_only=True):
    cursor: Cursor | None = None
    limit: Limit = 100


class KeptShape(Shape, frozen=True, kw_only=True):
    """Somebody an undo left as they are: tried since, changed since, or without their own number
    to go back to."""

    contact_id: str
    external_id: str | None
    address: str | None
    reason: Kept


class KeptPage(Shape, frozen=True, kw_only=True):
    data: list[KeptShape]
    next_cursor: str | None


@post(
    "/imports/{import_id:str}/undo",
    status_code=202,
    opt=promise(
        Operation(
            "imports.undo",
            "Take an import back: what it made goes, what it changed goes back",
            scope="lists:write",
            answer=ImportShape,
            status=202,
            is_once=True,
            errors=(NotFound, InvalidTransition),
            example={
                **examples.IMPORT,
                "state": "undoing",
                "undone": {"removed": 0, "restored": 0, "kept": 0},
                "finishedAt": None,
            },
            headers={"Location": "Where its progress is told."},
        )
    ),
)
@once
async def undo_import(request: ApiRequest, import_id: FromPath[str]) -> Response[bytes]:
    await request.refuse_body()
    asked = await undoing.request(
        request.context, workspace_id=request.workspace_id, import_id=import_id
    )
    return answer(shape_of(asked), status=202, headers={"location": f"/v1/imports/{asked.id}"})


@get(
    "/imports/{import_id:str}/kept",
    opt=promise(
        Operation(
            "imports.kept",
            "List whom the undo of an import left as they are, and why",
            scope="lists:read",
            query=KeptQuery,
            answer=KeptPage,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.KEPT_PAGE,
        )
    ),
)
async def list_kept(request: ApiRequest, import_id: FromPath[str]) -> ASGIApp:
    asked = request.parameters(KeptQuery)
    after = number_of("ctc", asked.cursor) if asked.cursor else 0
    if after is None:
        raise bad_cursor()
    found = await undoing.kept(
        request.context,
        workspace_id=request.workspace_id,
        import_id=import_id,
        after=after,
        limit=asked.limit + 1,
    )
    page = found[: asked.limit]
    cursor = numbered("ctc", page[-1].contact_id) if len(found) > asked.limit else None
    return shown(
        request,
        KeptPage(
            data=[
                KeptShape(
                    contact_id=numbered("ctc", each.contact_id),
                    external_id=each.external_id,
                    address=each.address,
                    reason=each.reason,
                )
                for each in page
            ],
            next_cursor=cursor,
        ),
    )


ROUTES = [undo_import, list_kept]
