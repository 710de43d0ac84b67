"""The page on which somebody talks to a bot: what is spoken goes over `bot_line`."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.domain.sample_fields import sample_fields
from campana.domain.script import Script
from campana.services import voicebots
from campana.services.context import Context
from campana.store.versioned import Stored
from campana.web.console.pages import page, permissions
from campana.web.console.requests import PageRequest, needs
from campana.web.console.talk_words import talk_words
from campana.web.versions import number_of

NEEDED = "bots:write"
"""Whoever may change bots may try them: a talk takes this server's time, and a model's."""
_KEYS = "123456789*0#"


@get("/bots/{bot_id:str}/talk", opt=needs(NEEDED))
async def show_talk(request: PageRequest, bot_id: FromPath[str]) -> Response[Any]:
    """With the draft as it is stored, or the version asked for."""
    asked = request.query_params.get("version")
    stored, definition = await spoken_to(
        request.context, workspace_id=request.workspace_id, bot_id=bot_id, version=asked
    )
    script: Script | None = None
    wrong: list[FieldProblem] = []
    try:
        script = voicebots.load(definition)
    except InvalidParameter as error:
        wrong = list(error.problems)
    return page(
        request,
        "bot_talk.html",
        headers={"permissions-policy": permissions(microphone="(self)")},
        bot=stored,
        shown_version=asked,
        script=script,
        wrong=wrong,
        fields=sample_fields(script) if script is not None else {},
        keys=_KEYS,
        said=talk_words(),
    )


async def spoken_to(
    context: Context, *, workspace_id: int, bot_id: str, version: str | None
) -> tuple[Stored, dict[str, Any]]:
    """The bot, and what it says: its draft as it is stored, or that version.

    Raises:
        NotFound
    """
    stored = await voicebots.get(context, workspace_id=workspace_id, bot_id=bot_id)
    if version is None:
        return stored, dict(stored.draft)
    found = await voicebots.version(
        context, workspace_id=workspace_id, bot_id=stored.id, number=number_of(version)
    )
    return stored, dict(found.definition or {})


ROUTES = [show_talk]
