"""What a person does to a channel in one click: take it out of use, and use it again."""

from __future__ import annotations

from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from campana.services import channel_pause, channels
from campana.services.channel_pause import LONGEST_REASON
from campana.web.console.language import say
from campana.web.console.pages import done
from campana.web.console.requests import PageRequest, guarded, needs

_CONTROL = "campaigns:control"


@post("/channels/{channel_id:str}/pause", opt=needs(_CONTROL, action="channel.pause"))
@guarded
async def pause_channel(request: PageRequest, channel_id: FromPath[str]) -> Response[Any]:
    found = await channels.with_id(
        request.context, workspace_id=request.workspace_id, channel_id=channel_id
    )
    given = await request.fields()
    await channel_pause.pause(
        request.context,
        workspace_id=request.workspace_id,
        wanted=found.id,
        actor=request.actor,
        reason=given.get("reason", "")[:LONGEST_REASON] or None,
    )
    return _back(given.get("from"), found.id, say("Paused: nothing begins on it."))


@post("/channels/{channel_id:str}/resume", opt=needs(_CONTROL, action="channel.resume"))
@guarded
async def resume_channel(request: PageRequest, channel_id: FromPath[str]) -> Response[Any]:
    found = await channels.with_id(
        request.context, workspace_id=request.workspace_id, channel_id=channel_id
    )
    await channel_pause.resume(
        request.context, workspace_id=request.workspace_id, wanted=found.id, actor=request.actor
    )
    return _back((await request.fields()).get("from"), found.id, say("It is in use again."))


def _back(came_from: str | None, channel_id: str, said: str) -> Response[Any]:
    place = "/channels" if came_from == "list" else f"/channels/{channel_id}"
    return done(place, said)


ROUTES = [pause_channel, resume_channel]
