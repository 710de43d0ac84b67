"""`/v1/reference-tables`: what flows look rows up in, written as a whole."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, delete, get, put
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Meta

from campana.domain.errors import NotFound
from campana.services import reference_tables
from campana.services.reference_tables import ReferenceTableDocument
from campana.store.reference_tables import ReferenceTable
from campana.web import flow_examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.operations import Operation, promise
from campana.web.query import Query
from campana.web.request import ApiRequest


class ReferenceTableShape(Shape, frozen=True, kw_only=True):
    """A table without its rows; `key` is the column that finds one."""

    name: str
    key: str
    rows: int
    updated_at: Instant


class ReferenceTableList(Shape, frozen=True, kw_only=True):
    """By name."""

    data: list[ReferenceTableShape]


class RowQuery(Query, frozen=True, kw_only=True):
    key: Annotated[str, Meta(min_length=1, max_length=500)]
    """What the row is found by."""


class RowShape(Shape, frozen=True, kw_only=True):
    """What a flow finds."""

    row: dict[str, str | int | float | bool | None]


@get(
    "/reference-tables",
    opt=promise(
        Operation(
            "referenceTables.list",
            "List the tables that flows look rows up in",
            scope="flows:read",
            answer=ReferenceTableList,
            is_conditional=True,
            example=flow_examples.REFERENCE_TABLES,
        )
    ),
)
async def list_tables(request: ApiRequest) -> ASGIApp:
    found = await reference_tables.every(request.context, workspace_id=request.workspace_id)
    return shown(request, ReferenceTableList(data=[_shape(each) for each in found]))


@get(
    "/reference-tables/{name:str}",
    opt=promise(
        Operation(
            "referenceTables.get",
            "Show a table, without its rows",
            scope="flows:read",
            answer=ReferenceTableShape,
            is_conditional=True,
            errors=(NotFound,),
            example=flow_examples.REFERENCE_TABLE,
        )
    ),
)
async def get_table(request: ApiRequest, name: FromPath[str]) -> ASGIApp:
    found = await reference_tables.get(
        request.context, workspace_id=request.workspace_id, name=name
    )
    return shown(request, _shape(found))


@get(
    "/reference-tables/{name:str}/row",
    opt=promise(
        Operation(
            "referenceTables.row",
            "Show the row that a flow finds under a key",
            scope="flows:read",
            query=RowQuery,
            answer=RowShape,
            is_conditional=True,
            errors=(NotFound,),
            example=flow_examples.REFERENCE_ROW,
        )
    ),
)
async def get_row(request: ApiRequest, name: FromPath[str]) -> ASGIApp:
    asked = request.parameters(RowQuery)
    found = await reference_tables.row(
        request.context, workspace_id=request.workspace_id, name=name, key=asked.key
    )
    return shown(request, RowShape(row=dict(found)))


@put(
    "/reference-tables/{name:str}",
    opt=promise(
        Operation(
            "referenceTables.replace",
            "Write a table as a whole; what it had before is gone",
            scope="flows:write",
            body=ReferenceTableDocument,
            answer=ReferenceTableShape,
            body_example=flow_examples.REFERENCE_TABLE_DOCUMENT,
            example=flow_examples.REFERENCE_TABLE,
        )
    ),
)
async def put_table(request: ApiRequest, name: FromPath[str]) -> Response[bytes]:
    kept = await reference_tables.put(
        request.context,
        workspace_id=request.workspace_id,
        name=name,
        raw=await request.document(),
    )
    return answer(_shape(kept))


@delete(
    "/reference-tables/{name:str}",
    status_code=204,
    opt=promise(
        Operation(
            "referenceTables.delete",
            "Forget a table; flows that look into it find nothing from now on",
            scope="flows:write",
            status=204,
            errors=(NotFound,),
        )
    ),
)
async def delete_table(request: ApiRequest, name: FromPath[str]) -> None:
    await reference_tables.delete(request.context, workspace_id=request.workspace_id, name=name)


def _shape(found: ReferenceTable) -> ReferenceTableShape:
    return ReferenceTableShape(
        name=found.name,
        key=found.key_column,
        rows=found.row_count,
        updated_at=instant(found.updated_at),
    )


ROUTES = [list_tables, get_table, get_row, put_table, delete_table]
