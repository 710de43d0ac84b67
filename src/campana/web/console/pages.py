"""Templates to answers: one environment, the policy of the pages, what every page is given."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response
from litestar.response import Stream
from markupsafe import Markup

from campana.services.context import Context
from campana.web.console import language, notes, template_words, words
from campana.web.console.assets import asset, beside
from campana.web.console.cookies import FORM_FIELD, form_token
from campana.web.console.kept_forms import Kept
from campana.web.console.menu import menu_of
from campana.web.console.notes import Form, Note, Noted
from campana.web.console.requests import PROBLEMS, PageRequest
from campana.web.console.standing_words import why

HTML = "text/html"
_LONG = 4_000
"""Characters from which a page is compressed."""
_EFFORT = 4


def environment() -> Environment:
    """Escapes everything; a name that is not given is a mistake, not an empty text."""
    made = Environment(
        loader=PackageLoader("campana.web.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    template_words.install(made, {**words.FILTERS, "why": why})
    language.languages()
    known = cast("dict[str, Any]", made.globals)  # pyright: ignore[reportUnknownMemberType]
    known.update(
        asset=asset,
        beside=beside,
        bar=words.bar,
        percent=words.percent,
        ends=words.ends,
        exact=words.stamped,
        icon=_icon,
    )
    return made


def policy(nonce: str) -> str:
    """Only what this server sends is run, shown or asked; scripts are known by their nonce."""
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self';"
        " img-src 'self' data:; font-src 'self'; media-src 'self'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    )


def permissions(*, microphone: str) -> str:
    """What a page may ask its reader for: a microphone where one talks to a bot, else nothing."""
    return f"camera=(), geolocation=(), microphone={microphone}"


def page(
    request: PageRequest,
    template: str,
    /,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: object,
) -> Response[str]:
    """A page, or the part of one that htmx asked for: a template decides by `is_part`."""
    now = request.context.clock.now()
    visitor = request.user
    request.scope["state"][PROBLEMS] = values.get("problems") or {}
    note = None if request.headers.get("hx-request") else _note(request)
    text = (
        _environment(request)
        .get_template(template)
        .render(
            request=request,
            visitor=visitor,
            menu=menu_of(visitor, request.url.path) if visitor else [],
            language=language.spoken(),
            now=now,
            ago=partial(words.ago, now=now),
            nonce=request.nonce,
            may=request.may,
            form_token=Markup('<input type="hidden" name="{}" value="{}">').format(
                FORM_FIELD,
                form_token(request.cookie, person=visitor.person_id if visitor else None),
            ),
            note=note,
            is_part=request.headers.get("hx-request-type") == "partial",
            **values,
        )
    )
    answer = answered(request, text, status=status, headers=headers)
    if note:
        answer.set_cookie(notes.taken(request.cookies_of_server))
    return answer


def sign_in_page(
    request: PageRequest,
    *,
    next_path: str = "/",
    problem: str | None = None,
    email: str = "",
    kept: Kept | None = None,
    is_lost: bool = False,
    status: int = 200,
) -> Response[str]:
    """The way in; with what somebody sent whose session had ended, if it could be kept."""
    return page(
        request,
        "sign_in.html",
        status=status,
        next_path=next_path,
        problem=problem,
        email=email,
        kept=kept,
        is_lost=is_lost,
        is_safe=request.cookies_of_server.may_travel(request.headers.get("host", "")),
    )


def answered(
    request: PageRequest, text: str, *, status: int, headers: Mapping[str, str] | None = None
) -> Response[str]:
    """Text as an answer under the policy; a visitor without a cookie gets one."""
    given = {
        "content-security-policy": policy(request.nonce),
        "cache-control": "no-store",
        "cross-origin-opener-policy": "same-origin",
        # Under `no-referrer` a browser sends its forms with `Origin: null`, as another site's.
        "referrer-policy": "same-origin",
        "permissions-policy": permissions(microphone="()"),
        **(headers or {}),
    }
    if request.scope["state"].get("is_new_cookie"):
        given.setdefault("set-cookie", request.cookies_of_server.written(request.cookie))
    body: Any = text
    if _may_be_squeezed(request, text, status=status):
        body = gzip.compress(text.encode(), _EFFORT, mtime=0)
        given |= {"content-encoding": "gzip", "vary": "accept-encoding"}
    return Response(body, status_code=status, media_type=HTML, headers=given)


def _may_be_squeezed(request: PageRequest, text: str, *, status: int) -> bool:
    """Whether a page is long, and shows nothing of what its address brought.

    Compressed beside the form's token, what somebody puts into a link would tell by the length of
    the answer how much of the token it guessed (BREACH).
    """
    return (
        status == 200
        and len(text) >= _LONG
        and not request.url.query
        and "gzip" in request.headers.get("accept-encoding", "")
    )


def render(context_env: Environment, template: str, context: Context, **values: object) -> str:
    """A fragment for a stream, which has no request."""
    return context_env.get_template(template).render(
        now=context.clock.now(), ago=words.ageing, **values
    )


def render_block(
    context_env: Environment, template: str, block: str, context: Context, **values: object
) -> str:
    """The same of one block of a page's template; it must import what it needs by itself."""
    found = context_env.get_template(template)
    given = found.new_context({"now": context.clock.now(), "ago": words.ageing, **values})
    return "".join(found.blocks[block](given))


def to(path: str, *, cookie: str | None = None) -> Response[Any]:
    """See other: after a form was taken, so that loading again sends nothing twice."""
    headers = {"location": path, "cache-control": "no-store"}
    if cookie is not None:
        headers["set-cookie"] = cookie
    return Response(None, status_code=303, headers=headers)


def done(
    path: str,
    said: str,
    *,
    lines: Sequence[str] = (),
    undo: Form | None = None,
    is_done: bool = True,
) -> Noted:
    """See other, with what was done, or was not, for the person to read there, once."""
    return Noted(path, Note(said=said, lines=lines, undo=undo, is_done=is_done))


def csv_file(pieces: AsyncIterator[bytes], name: str) -> Stream:
    """A file to be kept, sent piece by piece."""
    return Stream(
        pieces,
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
    )


def _note(request: PageRequest) -> Note | None:
    return notes.brought(
        request.headers.get("cookie"),
        request.cookies_of_server,
        of=request.cookie,
        path=request.scope["path"],
    )


def _environment(request: PageRequest) -> Environment:
    return cast("Environment", request.app.state["templates"])


def _icon(name: str) -> Markup:
    """A picture from the sprite; it says nothing that words beside it do not."""
    return Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>').format(
        asset("vendor/icons-3.52.0/icons.svg"), name
    )
