"""The outermost layer: what holds for every answer, also for those no route has seen.

Gives each request an id and each answer its security headers, answers HEAD as GET without a body,
and counts. It knows ASGI and nothing else.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import cast

from litestar.types import ASGIApp, HTTPResponseStartEvent, HTTPScope, Message, Receive, Scope, Send

from campana.web.meter import Meter

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")

_HEADERS = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
_CACHING = (b"cache-control", b"private, no-cache")


class Edge:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, *, entropy: Callable[[int], bytes], meter: Meter) -> None:
        self._app = app
        self._entropy = entropy
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        is_head = scope["method"] == "HEAD"
        request_id = _id_given(scope) or self._entropy(8).hex().encode()
        scope["state"] = {
            **scope.get("state", {}),
            "request_id": request_id.decode(),
            "is_head": is_head,
        }
        status = 500

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, request_id)
            elif is_head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        if is_head:
            # A scope of its own: the server goes by its own what an answer to HEAD looks like.
            scope = cast("HTTPScope", {**scope, "method": "GET"})
        try:
            await self._app(scope, receive, answered)
        finally:
            self._meter.count(
                method="HEAD" if is_head else scope["method"],
                # A path no route knows could be anything: one label for them all.
                route=str(scope.get("path_template") or "unknown"),
                status=status,
                seconds=time.monotonic() - started,
            )


def _id_given(scope: HTTPScope) -> bytes | None:
    """The client's X-Request-Id, when it is fit to be logged and sent back."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            return value if _REQUEST_ID.fullmatch(value) else None
    return None


def _add_headers(message: HTTPResponseStartEvent, request_id: bytes) -> None:
    headers = cast("list[tuple[bytes, bytes]]", message["headers"])
    names = {name for name, _ in headers}
    added = [
        *headers,
        (b"x-request-id", request_id),
        # An answer that says it otherwise has its reason.
        *(each for each in _HEADERS if each[0] not in names),
    ]
    if b"cache-control" not in names:
        added.append(_CACHING)
    if b"allow" in names:
        added = [(name, _with_head(value) if name == b"allow" else value) for name, value in added]
    message["headers"] = added


def _with_head(allow: bytes) -> bytes:
    methods = set(allow.decode("latin-1").replace(" ", "").split(","))
    methods |= {"HEAD"} if "GET" in methods else set()
    return ", ".join(sorted(methods)).encode()
