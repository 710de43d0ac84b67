"""One's own account: name, role, language, password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post

from campana.domain.errors import CampanaError
from campana.domain.role import MEANING
from campana.services import own_numbers, people
from campana.web.console.forms import said_of
from campana.web.console.language import chosen, languages, own_choice, say, speak, written
from campana.web.console.menu import keys_of
from campana.web.console.pages import done, page
from campana.web.console.requests import SIGNED_IN, PageRequest, guarded, needs
from campana.web.errors import status_of


@get("/account", opt=needs(SIGNED_IN))
async def show_account(request: PageRequest) -> Response[Any]:
    return await _page(request)


@post("/account/number", opt=needs(SIGNED_IN, action="number.keep"))
@guarded
async def keep_number(request: PageRequest) -> Response[Any]:
    """Where tests go; nothing typed forgets it."""
    given = await request.fields()
    try:
        kept = await own_numbers.put(
            request.context, visitor=request.visitor, text=given.get("number", "")
        )
    except CampanaError as error:
        return await _page(request, given=given, problems=said_of(error), status=status_of(error))
    said = say("Your tests go there.") if kept else say("Your number is forgotten.")
    return done("/account", said)


@post("/account/password", opt=needs(SIGNED_IN, action="password.change"))
@guarded
async def change_password(request: PageRequest) -> Response[Any]:
    sent = await request.sent()
    try:
        await people.change_password(
            request.context,
            visitor=request.visitor,
            token=request.cookie,
            old=str(sent.get("old", "")),
            new=str(sent.get("new", "")),
        )
    except CampanaError as error:
        return await _page(request, problems=said_of(error), status=status_of(error))
    return done("/account", say("Your password is changed; other browsers are signed out."))


@post("/account/language", opt=needs(SIGNED_IN, action="language.choose"))
@guarded
async def choose_language(request: PageRequest) -> Response[Any]:
    """Kept in this browser; nothing chosen is whatever the browser asks for."""
    code = (await request.fields()).get("language", "")
    known = languages()
    if code not in known:
        code = ""
    speak(
        known[code]
        if code
        else chosen(cookie=None, accepted=request.headers.get("accept-language"))
    )
    answer = done("/account", say("Kept in this browser."))
    answer.headers["set-cookie"] = written(code, is_secure=request.cookies_of_server.is_secure)
    return answer


async def _page(
    request: PageRequest,
    *,
    given: Mapping[str, str] | None = None,
    problems: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    own = await own_numbers.get(request.context, visitor=request.visitor)
    return page(
        request,
        "account.html",
        status=status,
        problems=problems or {},
        own_number=(given or {}).get("number", own or ""),
        keys=keys_of(request.visitor),
        meaning=MEANING[request.visitor.role],
        languages=[(each.code, each.name) for each in languages().values()],
        own_language=own_choice(request.headers.get("cookie")),
    )


ROUTES = [show_account, keep_number, change_password, choose_language]
