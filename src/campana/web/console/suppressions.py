"""Whom never to contact: added, checked, lifted with a reason."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from campana.domain.campaign import ChannelType
from campana.domain.errors import CampanaError, FieldProblem, InvalidParameter
from campana.services import suppressions
from campana.store.suppressions import Scope
from campana.web.console.forms import said_of
from campana.web.console.language import marked, say
from campana.web.console.pages import done, page
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.errors import status_of

_PAGE = 50
_READ, _WRITE = "suppressions:read", "suppressions:write"


@get("/suppressions", opt=needs(_READ))
async def show_suppressions(request: PageRequest) -> Response[Any]:
    return await _page(request)


@post("/suppressions", opt=needs(_WRITE, action="suppression.add"))
@guarded
async def add_suppression(request: PageRequest) -> Response[Any]:
    given = dict(await request.fields())
    channel = given.get("channel", "")
    try:
        await suppressions.add(
            request.context,
            workspace_id=request.workspace_id,
            address=given.get("address", ""),
            reason=given.get("reason", ""),
            scope=Scope.CHANNEL if channel else Scope.WORKSPACE,
            channel_type=ChannelType(channel) if channel in set(ChannelType) else None,
            source="console",
        )
    except CampanaError as error:
        return await _page(request, given=given, problems=said_of(error), status=status_of(error))
    return done("/suppressions", say("Nobody contacts this address any more."))


@post("/suppressions/{suppression_id:str}/lift", opt=needs(_WRITE, action="suppression.lift"))
@guarded
async def lift_suppression(request: PageRequest, suppression_id: FromPath[str]) -> Response[Any]:
    if not (await request.fields()).get("reason"):
        problem = FieldProblem(
            pointer="/reason", message=marked("say why they may be contacted again")
        )
        raise InvalidParameter(problems=[problem])
    await suppressions.lift(
        request.context, workspace_id=request.workspace_id, suppression_id=suppression_id
    )
    return done("/suppressions", say("Lifted; the audit log keeps why."))


async def _page(
    request: PageRequest,
    *,
    given: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    context, workspace_id = request.context, request.workspace_id
    asked = request.query_params.get("check", "").strip()[:254]
    checked = None
    if asked:
        [checked] = await suppressions.check(context, workspace_id=workspace_id, addresses=[asked])
    found = await suppressions.page(
        context,
        workspace_id=workspace_id,
        after=request.query_params.get("after"),
        limit=_PAGE,
    )
    return page(
        request,
        "suppressions.html",
        status=status,
        rows=found.suppressions,
        next_after=found.next_after,
        asked=asked,
        checked=checked,
        given=given or {},
        problems=problems or {},
        channels=[
            (each.value, say("%(channel)s only", channel=say(each.value))) for each in ChannelType
        ],
    )


ROUTES = [show_suppressions, add_suppression, lift_suppression]
