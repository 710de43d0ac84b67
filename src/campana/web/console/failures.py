"""Every failure as a page that says what happened and what to do; never a stack trace."""

from __future__ import annotations

import logging
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

from campana.domain.errors import Unavailable
from campana.web.console.admission import SignInFirst
from campana.web.console.forms import said_of
from campana.web.console.kept_forms import SessionEnded
from campana.web.console.language import chosen, say, speak
from campana.web.console.pages import page, sign_in_page, to
from campana.web.console.requests import PageRequest
from campana.web.errors import known_error, status_of, title_of

log = logging.getLogger(__name__)


def answer_exception(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The console's last word on any exception; only what is ours to mend is logged."""
    if isinstance(error, SignInFirst):
        path = "/welcome" if error.is_new else f"/sign-in?next={error.path}"
        if request.headers.get("hx-request"):
            return Response(None, status_code=200, headers={"hx-redirect": path})
        return to(path)
    if isinstance(error, SessionEnded):
        return sign_in_page(PageRequest(request.scope), status=401, kept=error.kept)
    known = known_error(error)
    status = status_of(known)
    if status >= 500:
        log.error(
            "%s %s failed, request %s: %r",
            request.method,
            request.url.path,
            request.scope["state"].get("request_id", ""),
            error,
            exc_info=None if isinstance(error, Unavailable) else error,
        )
    if "nonce" not in request.scope["state"]:
        # Nothing of ours answers there, so the layer before every page was not asked.
        speak(
            chosen(
                cookie=request.headers.get("cookie"),
                accepted=request.headers.get("accept-language"),
            )
        )
    request.scope["state"].setdefault("cookie", "")
    request.scope["state"].setdefault("nonce", "none")
    if "user" not in request.scope:
        request.scope["user"] = None
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return page(
        PageRequest(request.scope),
        "failure.html",
        status=status,
        headers={"allow": headers["allow"]} if "allow" in headers else None,
        title=say(title_of(type(known))),
        status_code=status,
        error=known,
        problems=said_of(known),
    )
