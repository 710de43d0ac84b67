"""Every failure as a page that says what happened and what to do; never a stack trace."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.exceptions import HTTPException

from campana.domain.errors import InsufficientScope, Unavailable
from campana.web.console.admission import SignInFirst
from campana.web.console.forms import said_of
from campana.web.console.kept_forms import (
    EarlierVisit,
    SessionEnded,
    StaleEntry,
    brought,
    inside,
)
from campana.web.console.language import chosen, marked, say, speak
from campana.web.console.pages import page, sign_in_page, to
from campana.web.console.requests import PageRequest
from campana.web.errors import has_left, known_error, note_leaving, status_of, title_of

log = logging.getLogger(__name__)


def answer_exception(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The console's last word on any exception; only what is ours to mend is logged."""
    if isinstance(error, SignInFirst | SessionEnded | EarlierVisit):
        return _of_another_visit(PageRequest(request.scope), error)
    if isinstance(error, StaleEntry):
        if request.url.path == "/sign-in" and (answer := _signing_in(request, error)):
            return answer
        error = InsufficientScope(marked("this form is of an earlier visit: open the page again"))
    known = known_error(error)
    status = status_of(known)
    if has_left(error):
        note_leaving(request)
    elif status >= 500:
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


def _of_another_visit(
    request: PageRequest, error: SignInFirst | SessionEnded | EarlierVisit
) -> Response[Any]:
    """To the sign-in with what was sent, or to sending it anew; a script's page stays as it is."""
    is_from_script = bool(request.headers.get("hx-request"))
    match error:
        case SignInFirst(is_new=True):
            return to("/welcome")
        case SignInFirst() if is_from_script:
            return _notice(request, next_path=error.path, status=401)
        case SignInFirst():
            lost = "&lost=1" if error.is_lost else ""
            return to(f"/sign-in?next={quote(error.path, safe='')}{lost}")
        case SessionEnded():
            return sign_in_page(request, status=401, next_path=error.kept.page, kept=error.kept)
        case EarlierVisit() if is_from_script:
            return _notice(request, next_path=None, status=403)
        case EarlierVisit():
            return page(request, "again.html", status=403, kept=error.kept, is_earlier=True)


def _notice(request: PageRequest, *, next_path: str | None, status: int) -> Response[Any]:
    """A word above a page that asked by script: nothing on it is touched."""
    headers = {
        "hx-retarget": "#notice",
        "hx-reselect": "#notice-text",
        # Said again it changes nothing, so it is not read out again.
        "hx-reswap": "innerMorph",
    }
    return page(request, "notice.html", status=status, headers=headers, next_path=next_path)


def _signing_in(request: Request[Any, Any, Any], error: StaleEntry) -> Response[Any] | None:
    """What was typed before signing in stays, whoever has signed in and out in other tabs since."""
    asked, kept = PageRequest(request.scope), brought(error.sent)
    if asked.user is None:
        email, next_path = error.sent.get("email", ""), error.sent.get("next", "/")
        return sign_in_page(
            asked,
            status=403,
            problem=say("this page is of an earlier visit: sign in once more"),
            email=email if isinstance(email, str) else "",
            next_path=inside(next_path if isinstance(next_path, str) else "/"),
            kept=kept,
        )
    if kept is not None and kept.person == asked.user.person_id:
        return page(asked, "again.html", status=403, kept=kept, is_earlier=True)
    return None
