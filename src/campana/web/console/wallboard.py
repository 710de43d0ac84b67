"""The first page: what is going on now, for a desk or for a wall."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from campana.services import board
from campana.web.console.pages import page
from campana.web.console.requests import PageRequest, needs


@get("/", opt=needs("campaigns:read"))
async def show_wallboard(request: PageRequest) -> Response[Any]:
    context, workspace_id = request.context, request.workspace_id
    return page(
        request,
        "wallboard.html",
        lines=await board.live(context, workspace_id=workspace_id),
        recent=await board.recent(context, workspace_id=workspace_id),
    )


ROUTES = [show_wallboard]
