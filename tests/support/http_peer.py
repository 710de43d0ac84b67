"""A provider's API on loopback: it judges each request, and answers as it was told to.

The provider's own shapes are in the test of its adapter; this is what any of them is made of.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
from litestar.types import Receive, Scope, Send

from tests.support.sandbox import answering


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it arrived: header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(kw_only=True)
class Given:
    """What is answered; `after` seconds, or never when `breaks`."""

    status: int = 200
    body: bytes | Mapping[str, Any] = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    after: float = 0.0
    breaks: bool = False
    takes: bool = False
    """The provider has it, whatever the answer looks like."""


class Invalid(Exception):
    """The provider would refuse the request for its shape; with its answer."""

    def __init__(self, given: Given) -> None:
        super().__init__(str(given.body))
        self.given = given


@dataclass(kw_only=True)
class Peer:
    """A running provider."""

    judge: Callable[[Asked], Given]
    """What a good request is answered with; raises Invalid of a bad one."""
    url: str = ""
    answer: Given | None = None
    """In place of a good answer, from now on."""
    asked: list[Asked] = field(default_factory=list[Asked])
    refused: list[str] = field(default_factory=list[str])
    """Requests that were not what its documentation describes: none, if the adapter is right."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = cast("dict[str, Any]", await receive())
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        asked = Asked(
            method=str(scope["method"]),
            path=scope["path"],
            query=scope["query_string"].decode(),
            headers={k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]},
            body=body,
        )
        self.asked.append(asked)
        try:
            given = self.judge(asked)
        except Invalid as invalid:
            self.refused.append(str(invalid))
            given = invalid.given
        else:
            given = self.answer or given
        await asyncio.sleep(given.after)
        await _answer(given, send)


async def _answer(given: Given, send: Send) -> None:
    content = given.body if isinstance(given.body, bytes) else msgspec.json.encode(given.body)
    kind = "text/html" if content.startswith(b"<") else "application/json"
    headers = {"content-type": kind, **given.headers}
    if given.breaks:
        # Says more is coming, and goes away.
        headers["content-length"] = str(len(content) + 100)
    await send(
        {
            "type": "http.response.start",
            "status": given.status,
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": content, "more_body": False})


HTML = Given(status=502, body=b"<html><body>Bad gateway</body></html>")
GARBAGE = Given(status=200, body=b"\xff\x00{", takes=True)
ENDLESS = Given(status=200, body=b'{"x":"' + b"y" * 10_000_000 + b'"}', takes=True)
LISTS = Given(status=200, body=b"[" * 100_000, takes=True)
CUT_OFF = Given(status=200, body=b'{"half":', breaks=True, takes=True)


@asynccontextmanager
async def serving(peer: Peer) -> AsyncIterator[Peer]:
    """The peer, listening."""
    async with answering(cast("Any", peer)) as url:
        peer.url = url
        yield peer
