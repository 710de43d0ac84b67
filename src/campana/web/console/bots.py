"""VoiceBots: their versions, and an editor that says every error at its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from campana.domain.errors import CampanaError, VersionMismatch
from campana.services import voicebots
from campana.services.voicebots import CheckedBot
from campana.store.versioned import Stored
from campana.web.console.authored import DRAFT, difference_page, overtaken
from campana.web.console.differences import Line, pairs
from campana.web.console.draft_content import EXAMPLE_CALL
from campana.web.console.forms import said_of, version_seen
from campana.web.console.language import say
from campana.web.console.pages import done, page, to
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.errors import status_of
from campana.web.versions import number_of

_READ, _WRITE = "bots:read", "bots:write"


@get("/bots", opt=needs(_READ))
async def show_bots(request: PageRequest) -> Response[Any]:
    return await _list(request)


@post("/bots", opt=needs(_WRITE, action="bot.create"))
@guarded
async def create_bot(request: PageRequest) -> Response[Any]:
    """Under its name, with a text that works and shows what a bot can do."""
    given = await request.fields()
    head = voicebots.text_of({"name": given.get("name", "")})
    try:
        made = await voicebots.create(
            request.context,
            workspace_id=request.workspace_id,
            raw={"text": f"{head}{EXAMPLE_CALL}\n"},
        )
    except CampanaError as error:
        problems = {"name" if key == "text" else key: said for key, said in said_of(error).items()}
        return await _list(request, given=given, problems=problems, status=status_of(error))
    return to(f"/bots/{made.id}")


@get("/bots/{bot_id:str}", opt=needs(_READ))
async def show_bot(request: PageRequest, bot_id: FromPath[str]) -> Response[Any]:
    return await _bot(request, bot_id)


@post("/bots/{bot_id:str}", opt=needs(_WRITE, action="bot.write"))
@guarded
async def write_bot(request: PageRequest, bot_id: FromPath[str]) -> Response[Any]:
    """Keep the text as the draft, or publish it: only what can be used becomes a version."""
    context, workspace_id = request.context, request.workspace_id
    given, text = await request.fields(), await request.text_as_typed()
    checked = voicebots.check(text)
    is_published = given.get("then") == "publish"
    if is_published and checked.script is None:
        return await _bot(request, bot_id, text=text, given=given, checked=checked, status=400)
    try:
        stored = await voicebots.get(context, workspace_id=workspace_id, bot_id=bot_id)
        if text != _text_of(stored):
            stored = await voicebots.write(
                context,
                workspace_id=workspace_id,
                bot_id=bot_id,
                raw={"text": text},
                revision=version_seen(given, "revision", otherwise=stored.revision),
            )
        if is_published:
            made = await voicebots.publish(
                context, workspace_id=workspace_id, bot_id=bot_id, revision=stored.revision
            )
            return done(
                f"/bots/{bot_id}", say("Version %(number)s is published.", number=made.number)
            )
    except VersionMismatch as error:
        stored = await voicebots.get(
            request.context, workspace_id=request.workspace_id, bot_id=bot_id
        )
        told = overtaken(stored, theirs=_text_of(stored), typed=text, given=given, error=error)
        return await _bot(request, bot_id, text=text, **told)
    except CampanaError as error:
        return await _bot(
            request,
            bot_id,
            text=text,
            given=given,
            problems=said_of(error),
            status=status_of(error),
        )
    if checked.script:
        return done(f"/bots/{bot_id}", say("Saved as a draft."))
    return done(f"/bots/{bot_id}", say("Saved; as it stands it cannot be published."))


@post("/bots/{bot_id:str}/check", opt=needs(_READ, action="bot.check"))
@guarded
async def check_bot(request: PageRequest, bot_id: FromPath[str]) -> Response[Any]:
    """Say all that is wrong with the text: nothing is stored."""
    given, text = await request.fields(), await request.text_as_typed()
    return await _bot(request, bot_id, text=text, given=given, checked=voicebots.check(text))


@post("/bots/{bot_id:str}/delete", opt=needs(_WRITE, action="bot.delete"))
@guarded
async def delete_bot(request: PageRequest, bot_id: FromPath[str]) -> Response[Any]:
    await voicebots.delete(request.context, workspace_id=request.workspace_id, bot_id=bot_id)
    return done("/bots", say("The bot is deleted."))


@get("/bots/{bot_id:str}/difference", opt=needs(_READ))
async def show_difference(request: PageRequest, bot_id: FromPath[str]) -> Response[Any]:
    """Between two versions, or a version and the draft (`draft`)."""
    stored = await voicebots.get(request.context, workspace_id=request.workspace_id, bot_id=bot_id)
    return await difference_page(
        request,
        stored,
        crumb=("/bots", say("Bots")),
        shown=partial(_shown, request, stored),
    )


async def _shown(request: PageRequest, stored: Stored, which: str) -> str:
    """The text of the draft or of a version."""
    if which == DRAFT:
        return _text_of(stored)
    found = await voicebots.version(
        request.context,
        workspace_id=request.workspace_id,
        bot_id=stored.id,
        number=number_of(which),
    )
    return found.text or voicebots.text_of(found.definition or {})


def _text_of(stored: Stored) -> str:
    return stored.text or voicebots.text_of(stored.draft)


async def _list(
    request: PageRequest,
    *,
    status: int = 200,
    given: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> Response[str]:
    asked = request.query_params.get("q", "").strip()[:200]
    every = await voicebots.every(request.context, workspace_id=request.workspace_id)
    wanted = asked.casefold()
    return page(
        request,
        "bots.html",
        status=status,
        rows=[each for each in every if wanted in each.name.casefold() or asked == each.id],
        has_some=bool(every),
        q=asked,
        given=given or {},
        problems=problems or {},
    )


async def _bot(
    request: PageRequest,
    bot_id: str,
    *,
    status: int = 200,
    text: str | None = None,
    given: Mapping[str, str] | None = None,
    checked: CheckedBot | None = None,
    problems: Mapping[str, str] | None = None,
    lines: Sequence[Line] | None = None,
) -> Response[str]:
    context, workspace_id = request.context, request.workspace_id
    stored = await voicebots.get(context, workspace_id=workspace_id, bot_id=bot_id)
    versions = await voicebots.versions(context, workspace_id=workspace_id, bot_id=bot_id)
    asked = request.query_params.get("version")
    if text is None:
        text = await _shown(request, stored, asked or DRAFT)
    return page(
        request,
        "bot.html",
        status=status,
        bot=stored,
        versions=versions,
        shown_version=asked,
        pairs=pairs(versions),
        text=text,
        rows=min(40, max(20, text.count("\n") + 2)),
        given=given or {},
        checked=checked,
        source=text.split("\n"),
        problems=problems or {},
        lines=lines,
    )


ROUTES = [
    show_bots,
    create_bot,
    show_bot,
    write_bot,
    check_bot,
    delete_bot,
    show_difference,
]
