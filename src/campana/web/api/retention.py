"""`/v1/retention`: how long the workspace keeps what it knows of people."""

from __future__ import annotations

from litestar import Response, get, put
from litestar.types import ASGIApp

from campana.services import retention
from campana.services.retention import RetentionDocument
from campana.web import contact_examples as examples
from campana.web.answers import answer, shown
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest


@get(
    "/retention",
    opt=promise(
        Operation(
            "retention.get",
            "Show how long what is known of people is kept",
            scope="privacy:write",
            answer=RetentionDocument,
            is_conditional=True,
            example=examples.RETENTION,
        )
    ),
)
async def get_retention(request: ApiRequest) -> ASGIApp:
    return shown(request, await retention.show(request.context, workspace_id=request.workspace_id))


@put(
    "/retention",
    opt=promise(
        Operation(
            "retention.replace",
            "Say how long what is known of people is kept; what is older goes within the hour",
            scope="privacy:write",
            body=RetentionDocument,
            answer=RetentionDocument,
            body_example=examples.RETENTION,
            example=examples.RETENTION,
        )
    ),
)
async def replace_retention(request: ApiRequest) -> Response[bytes]:
    written = await retention.replace(
        request.context, workspace_id=request.workspace_id, raw=await request.document()
    )
    return answer(written)


ROUTES = [get_retention, replace_retention]
