"""The console's pages, found by following its links: a new page is found by itself, or missed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from html import unescape
from urllib.parse import urljoin, urlsplit

import httpx

from campana.web.console.app import SCREENS
from campana.web.console.requests import ANYBODY, PUBLIC, needs_of

MOST = 4
"""Addresses of one route that are visited; its rows differ little."""

NOT_PAGES = {"/static/{version:str}/{name:path}", "/live"}
"""What pages load by themselves."""

_LINK = re.compile(r'\s(?:href|src)="([^"#]+)')
_PART = re.compile(r"{\w+:(\w+)}")


def pattern(route: str) -> re.Pattern[str]:
    """What addresses of a route look like."""
    pieces = re.split(r"({\w+:\w+})", route)
    return re.compile(
        "".join(
            (".+" if found[1] == "path" else "[^/]+") if (found := _PART.fullmatch(each))
            else re.escape(each)
            for each in pieces
        )
    )  # fmt: skip


def _routes(*, of_anybody: bool) -> list[str]:
    found = [
        path
        for handler in SCREENS
        if "GET" in handler.http_methods
        and (needs_of(handler).scope in {PUBLIC, ANYBODY}) == of_anybody
        for path in handler.paths
    ]
    # The more of a route is written out, the sooner it is meant.
    return sorted(set(found) - NOT_PAGES, key=lambda each: each.count("{"))


ROUTES = _routes(of_anybody=False)
"""What somebody who is signed in can look at."""
ENTRY_ROUTES = _routes(of_anybody=True)
"""What everybody can look at."""


def route_of(path: str) -> str | None:
    """The route that answers this path, of ROUTES."""
    return next((each for each in ROUTES if pattern(each).fullmatch(path)), None)


async def pages(
    client: httpx.AsyncClient, *, but: Collection[str] = ()
) -> Mapping[str, Sequence[str]]:
    """Addresses of pages by route, from the first page on; a route that is no page has none.

    Every route is in it that some link leads to, `but` those that are named.
    """
    found: dict[str, list[str]] = {}
    shapes: dict[str, set[str]] = defaultdict(set)
    ahead = ["/", "/account"]
    seen: set[str] = set()
    while ahead:
        address = ahead.pop(0)
        route = route_of(urlsplit(address).path)
        shape = "?" if urlsplit(address).query else ""
        full = route is not None and len(found.get(route, [])) >= MOST
        if route is None or route in but or address in seen or full:
            continue
        if shape and shape in shapes[route]:
            continue
        seen.add(address)
        shapes[route].add(shape)
        answer = await client.get(address)
        assert answer.status_code in {200, 303, 307}, (address, answer.status_code)
        found.setdefault(route, [])
        if answer.headers.get("content-type", "").startswith("text/html"):
            found[route].append(address)
            ahead += _links(answer.text, address)
    return found


def _links(text: str, address: str) -> Iterable[str]:
    for link in _LINK.findall(text):
        to = urlsplit(urljoin(address, unescape(link)))
        if not to.scheme and not to.netloc:
            yield to.path + (f"?{to.query}" if to.query else "")
