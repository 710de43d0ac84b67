"""The layer before every page: who is asking, may they, and does the form come from here.

It fails closed: a route that does not say what it needs answers nobody.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import cast

from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send, WebSocketScope

from campana.domain.errors import CampanaError, InsufficientScope, InvalidParameter
from campana.services import people
from campana.services.context import Context
from campana.services.tokens import new_token
from campana.web.console import language
from campana.web.console.cookies import Cookies, is_from_here, require_same_site
from campana.web.console.kept_forms import may_be_kept, page_of
from campana.web.console.language import marked
from campana.web.console.requests import ANYBODY, PUBLIC, SIGNED_IN, is_guarded, needs_of

_SAFE = {"GET", "HEAD", "OPTIONS"}


class SignInFirst(CampanaError):
    """Sign in first; `path` is where to go then, `is_lost` says that a form was not taken."""

    def __init__(self, path: str, *, is_new: bool, is_lost: bool) -> None:
        super().__init__()
        self.path = path
        self.is_new = is_new
        self.is_lost = is_lost


def admission(app: ASGIApp) -> ASGIApp:
    """The layer."""

    async def admitted(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _admit(scope)
        elif scope["type"] == "websocket":
            try:
                await _admit_socket(scope)
            except CampanaError:
                # Before it was accepted: the browser is answered 403, whatever the reason.
                await receive()
                await send({"type": "websocket.close", "code": 1008, "reason": ""})
                return
        await app(scope, receive, send)

    return admitted


async def _admit(scope: HTTPScope) -> None:
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        raise InvalidParameter(marked("must not hold a NUL character"))
    state = scope["litestar_app"].state
    context, cookies = cast("Context", state["context"]), cast("Cookies", state["cookies"])
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    wanted = needs_of(scope["route_handler"])
    if scope["method"] not in _SAFE:
        require_same_site(
            fetch_site=headers.get(b"sec-fetch-site"),
            origin=headers.get(b"origin"),
            host=headers.get(b"host", ""),
        )
    scope["state"]["is_from_here"] = is_from_here(
        fetch_site=headers.get(b"sec-fetch-site"),
        origin=headers.get(b"origin"),
        host=headers.get(b"host", ""),
        is_secure=cookies.is_secure,
    )
    brought = cookies.read(headers.get(b"cookie"))
    language.speak(
        language.chosen(cookie=headers.get(b"cookie"), accepted=headers.get(b"accept-language"))
    )
    scope["state"]["cookie"] = brought or new_token(context)
    scope["state"]["is_new_cookie"] = brought is None
    scope["state"]["nonce"] = base64.b64encode(context.entropy(18)).decode()
    visitor = None if wanted.scope == PUBLIC else await people.visitor(context, brought)
    scope["user"] = visitor
    if wanted.scope in {PUBLIC, ANYBODY}:
        return
    if visitor is None:
        is_page = scope["method"] == "GET"
        if not is_page and _is_kept(scope, headers):
            return
        is_new = is_page and await people.is_new(context)
        raise SignInFirst(_page_then(scope, headers), is_new=is_new, is_lost=not is_page)
    if wanted.scope != SIGNED_IN and wanted.scope not in visitor.scopes:
        raise InsufficientScope(f"your role ({visitor.role}) does not include {wanted.scope}")


async def _admit_socket(scope: WebSocketScope) -> None:
    """A browser connects to any server that a page names, with this one's cookie: what it says of
    the page (Origin) must be there, and must be us.

    Raises:
        CampanaError: nobody of ours asks, or not from here.
    """
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        raise InvalidParameter(marked("must not hold a NUL character"))
    state = scope["litestar_app"].state
    context, cookies = cast("Context", state["context"]), cast("Cookies", state["cookies"])
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    origin = headers.get(b"origin")
    if origin is None:
        raise InsufficientScope("a page says where it is from")
    require_same_site(
        fetch_site=headers.get(b"sec-fetch-site"), origin=origin, host=headers.get(b"host", "")
    )
    brought = cookies.read(headers.get(b"cookie"))
    visitor = await people.visitor(context, brought)
    wanted = needs_of(scope["route_handler"])
    if visitor is None or brought is None or wanted.scope not in visitor.scopes:
        raise InsufficientScope(f"your role does not include {wanted.scope}")
    scope["state"]["cookie"] = brought
    scope["user"] = visitor


def _page_then(scope: HTTPScope, headers: Mapping[bytes, str]) -> str:
    """Where somebody goes on who has signed in: the page they asked for, or were on."""
    is_from_script = b"hx-request" in headers
    if scope["method"] == "GET" and not is_from_script:
        query = scope["query_string"].decode("latin-1")
        return f"{scope['path']}?{query}" if query else scope["path"]
    named = headers.get(b"hx-current-url" if is_from_script else b"referer")
    return page_of(named, host=headers.get(b"host", ""))


def _is_kept(scope: HTTPScope, headers: Mapping[bytes, str]) -> bool:
    """Whether a form of an ended session goes on to its route, which keeps it and does nothing.

    Not one's password, nor the end of a session that has ended. What a script of a page sends is
    not kept either: that page is still there, with all that was typed on it.
    """
    handler = scope["route_handler"]
    return (
        b"hx-request" not in headers
        and needs_of(handler).scope != SIGNED_IN
        and is_guarded(handler)
        and may_be_kept(headers)
    )
