"""The first page: what is going on now, for a desk or for a wall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jinja2 import Environment
from litestar import Response, get

from campana.services import board
from campana.services.context import Context
from campana.web.console.first_steps import first_steps
from campana.web.console.pages import page, render
from campana.web.console.requests import PageRequest, needs

WALLBOARD = "wallboard"
"""Id of the element that is filled anew."""


@dataclass(frozen=True, slots=True)
class Wallboard:
    """All of it comes anew while somebody looks at it."""

    async def parts(
        self, context: Context, templates: Environment, *, workspace_id: int
    ) -> dict[str, str]:
        shown = await _shown(context, workspace_id)
        return {WALLBOARD: render(templates, "live_wallboard.html", context, **shown)}


@get("/", opt=needs("campaigns:read"))
async def show_wallboard(request: PageRequest) -> Response[Any]:
    shown = await _shown(request.context, request.workspace_id)
    is_quiet = not shown["lines"]
    has_channel = bool(shown["recent"].channels)
    steps = await first_steps(request, has_channel=has_channel) if is_quiet else ()
    return page(request, "wallboard.html", steps=steps, **shown)


async def _shown(context: Context, workspace_id: int) -> dict[str, Any]:
    return {
        "lines": await board.live(context, workspace_id=workspace_id),
        "recent": await board.recent(context, workspace_id=workspace_id),
    }


ROUTES = [show_wallboard]
