"""`/v1/erasures`: people who were erased, as far as that may be told; erasing one."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Meta, Struct

from campana.domain.clock import wire
from campana.domain.errors import NotFound
from campana.domain.ids import numbered
from campana.services import documents, erasures
from campana.store.erasures import Erasure, ErasureState
from campana.web import contact_examples as examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.api.contacts import id_of
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.query import Cursor, Limit, Query
from campana.web.request import ApiRequest


class ErasureDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """Why a person is erased. What names them in it is not kept."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class ErasureShape(Shape, frozen=True, kw_only=True):
    """An erasure. `contactIds` are all the contacts the person was; `waitsFor` is what is still
    under way and may yet write something of them."""

    id: str
    contact_ids: list[str]
    state: ErasureState
    reason: str
    requested_by: str
    requested_at: Instant
    done_at: Instant | None
    waits_for: str | None


class ErasurePage(Shape, frozen=True, kw_only=True):
    data: list[ErasureShape]
    next_cursor: str | None


class ErasuresQuery(Query, frozen=True, kw_only=True):
    cursor: Cursor | None = None
    limit: Limit = 100


@post(
    "/contacts/{contact_id:str}/erase",
    status_code=202,
    opt=promise(
        Operation(
            "contacts.erase",
            "Erase a person from everything Campana keeps",
            scope="privacy:write",
            body=ErasureDocument,
            answer=ErasureShape,
            status=202,
            is_once=True,
            errors=(NotFound,),
            body_example=examples.ERASURE_DOCUMENT,
            example=examples.ERASURE,
            headers={"Location": "Where to ask how far it has come."},
        )
    ),
)
@once
async def erase_person(request: ApiRequest, contact_id: FromPath[str]) -> Response[bytes]:
    document = documents.read(ErasureDocument, await request.document())
    asked = await erasures.request(
        request.context,
        workspace_id=request.workspace_id,
        contact_id=id_of(contact_id),
        reason=document.reason,
        requested_by=request.principal.key_id,
    )
    return answer(shape_of(asked), status=202, headers={"location": f"/v1/erasures/{asked.id}"})


@get(
    "/erasures",
    opt=promise(
        Operation(
            "erasures.list",
            "List erasures, newest first",
            scope="privacy:write",
            query=ErasuresQuery,
            answer=ErasurePage,
            is_conditional=True,
            example=examples.ERASURE_PAGE,
        )
    ),
)
async def list_erasures(request: ApiRequest) -> ASGIApp:
    asked = request.parameters(ErasuresQuery)
    found = await erasures.page(
        request.context, workspace_id=request.workspace_id, after=asked.cursor, limit=asked.limit
    )
    return shown(
        request,
        ErasurePage(data=[shape_of(each) for each in found.erasures], next_cursor=found.next_after),
    )


@get(
    "/erasures/{erasure_id:str}",
    opt=promise(
        Operation(
            "erasures.get",
            "Show how far an erasure has come",
            scope="privacy:write",
            answer=ErasureShape,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.ERASURE,
        )
    ),
)
async def get_erasure(request: ApiRequest, erasure_id: FromPath[str]) -> ASGIApp:
    found = await erasures.get(
        request.context, workspace_id=request.workspace_id, erasure_id=erasure_id
    )
    return shown(request, shape_of(found))


def shape_of(found: Erasure) -> ErasureShape:
    """An erasure as the API shows it."""
    return ErasureShape(
        id=found.id,
        contact_ids=[numbered("ctc", each) for each in found.contact_ids],
        state=found.state,
        reason=found.reason,
        requested_by=found.requested_by,
        requested_at=instant(found.requested_at),
        done_at=wire(found.done_at),
        waits_for=found.waits_for,
    )


ROUTES = [erase_person, list_erasures, get_erasure]
