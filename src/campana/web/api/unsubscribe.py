"""`/u/{token}`: the link of an e-mail. Looking at it changes nothing; pressing it ends them.

Mail programs press it by RFC 8058: a POST of `List-Unsubscribe=One-Click`, without a key, cookies
or questions. Programs that look into every link of a letter do so by GET.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import cast

from litestar import Response, get, post
from litestar.params import FromPath

from campana.domain.errors import FieldProblem, InvalidParameter, NotFound, RateLimited
from campana.services import unsubscribes
from campana.services.unsubscribes import Unsubscribes
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest

_ONE_CLICK = "List-Unsubscribe"
_MOST_A_MINUTE = 10
_REMEMBERED = 10_000
_HTML = "text/html"
_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'"
    ),
}
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>Unsubscribe</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;margin:15vh auto;max-width:28rem;padding:1rem}
button{font:inherit;padding:.6rem 1.2rem}</style>"""
_ASK = (
    _PAGE
    + f"""<h1>Unsubscribe</h1><p>Do you want no more e-mail from this sender?</p>
<form method="post"><input type="hidden" name="{_ONE_CLICK}" value="One-Click">
<button>Unsubscribe</button></form></html>
"""
)
_DONE = _PAGE + "<h1>Done</h1><p>You will get no more e-mail from this sender.</p></html>\n"


@get(
    "/u/{token:str}",
    opt=promise(
        Operation(
            "unsubscribe.show",
            "Show a page with a button that unsubscribes; looking at it changes nothing",
            scope=None,
            answer="text/html",
            errors=(NotFound,),
        )
    ),
)
async def show_unsubscribe(request: ApiRequest, token: FromPath[str]) -> Response[str]:
    _unsubscribes(request).open(token)
    return Response(_ASK, media_type=_HTML, headers=_HEADERS)


@post(
    "/u/{token:str}",
    status_code=200,
    opt=promise(
        Operation(
            "unsubscribe.press",
            "Unsubscribe from e-mail with one click (RFC 8058); the link is the permission",
            scope=None,
            answer="text/html",
            errors=(NotFound, RateLimited),
        )
    ),
)
async def press_unsubscribe(request: ApiRequest, token: FromPath[str]) -> Response[str]:
    subject = _unsubscribes(request).open(token)
    body = await request.body()
    # As a form of either kind: its name and value stand in it as they are.
    if _ONE_CLICK.encode() not in body or b"One-Click" not in body:
        raise InvalidParameter(
            problems=[FieldProblem(pointer=f"/{_ONE_CLICK}", message="must be One-Click")]
        )
    _require_calm(request, token)
    await unsubscribes.unsubscribe(request.context, subject)
    return Response(_DONE, media_type=_HTML, headers=_HEADERS)


def _unsubscribes(request: ApiRequest) -> Unsubscribes:
    return cast("Unsubscribes", request.app.state["unsubscribes"])


def _require_calm(request: ApiRequest, token: str) -> None:
    """Each link a few times a minute, in each process: who presses more often is a program.

    By link and not by client: a mail provider presses for millions from a few addresses.
    """
    pressed = cast("OrderedDict[str, list[float]]", request.app.state["pressed"])
    now = request.context.monotonic()
    lately = [at for at in pressed.pop(token, []) if now - at < 60]
    if len(lately) >= _MOST_A_MINUTE:
        pressed[token] = lately
        raise RateLimited("this link was pressed too often; it has worked")
    pressed[token] = [*lately, now]
    if len(pressed) > _REMEMBERED:
        pressed.popitem(last=False)


ROUTES = [show_unsubscribe, press_unsubscribe]
