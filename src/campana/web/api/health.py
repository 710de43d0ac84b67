"""What machines ask of a process: is it alive, can it serve, what does it do, what can it do."""

from __future__ import annotations

from typing import cast

from litestar import Response, get
from litestar.types import ASGIApp

from campana.domain.errors import Unavailable
from campana.store import activity
from campana.web import docs_page
from campana.web.answers import JSON, Shape, Shown, answer, unless_known
from campana.web.meter import CONTENT_TYPE, Meter
from campana.web.operations import Operation, promise
from campana.web.readiness import Readiness
from campana.web.request import ApiRequest


class Health(Shape, frozen=True, kw_only=True):
    status: str


@get(
    "/healthz",
    opt=promise(
        Operation(
            "health.alive",
            "Say that the process is alive",
            scope=None,
            answer=Health,
            example={"status": "alive"},
        )
    ),
)
async def healthz() -> Response[bytes]:
    return answer(Health(status="alive"), headers={"cache-control": "no-store"})


@get(
    "/readyz",
    opt=promise(
        Operation(
            "health.ready",
            "Say whether the process can serve: database, schema and clock",
            scope=None,
            answer=Health,
            errors=(Unavailable,),
            example={"status": "ready"},
        )
    ),
)
async def readyz(request: ApiRequest) -> Response[bytes]:
    await cast("Readiness", request.app.state["readiness"]).check()
    return answer(Health(status="ready"), headers={"cache-control": "no-store"})


@get(
    "/metrics",
    opt=promise(
        Operation(
            "health.metrics",
            "Read measurements in Prometheus' text format",
            scope=None,
            answer="text/plain",
            example='campana_activity{state="running",what="campaigns"} 3.0\n',
        )
    ),
)
async def metrics(request: ApiRequest) -> Response[bytes]:
    async with request.context.db.glance() as tx:
        now = await activity.activity(tx)
    text = cast("Meter", request.app.state["meter"]).text(now)
    return Response(text, media_type=CONTENT_TYPE, headers={"cache-control": "no-store"})


@get(
    "/openapi.json",
    opt=promise(
        Operation(
            "docs.openapi",
            "Read this description",
            scope=None,
            answer=JSON,
            is_conditional=True,
        )
    ),
)
async def openapi_json(request: ApiRequest) -> ASGIApp:
    return unless_known(request, cast("Shown", request.app.state["openapi"]))


@get(
    "/docs",
    opt=promise(
        Operation(
            "docs.page", "Read it as a page", scope=None, answer="text/html", is_conditional=True
        )
    ),
)
async def docs(request: ApiRequest) -> Response[bytes]:
    return Response(
        cast("bytes", request.app.state["docs"]),
        media_type="text/html",
        headers={"content-security-policy": docs_page.SECURITY_POLICY},
    )


ROUTES = [healthz, readyz, metrics, openapi_json, docs]
