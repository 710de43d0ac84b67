"""Answers: a Struct as JSON, with its entity tag, or 304 when the client has it already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, cast

import msgspec
from litestar import Response
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Meta, Struct

from campana.domain.clock import wire
from campana.web import etags
from campana.web.request import ApiRequest

JSON = "application/json"

Instant = Annotated[
    str,
    Meta(description="`YYYY-MM-DDTHH:MM:SSZ`, in UTC.", extra_json_schema={"format": "date-time"}),
]


class Shape(Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of every JSON answer: keys in the order of the fields, absent values null."""


def instant(moment: datetime) -> str:
    """A time that is never absent."""
    return cast("str", wire(moment))


def answer(
    shape: Struct,
    *,
    status: int = 200,
    version: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """An answer to a request that made or did something."""
    body = msgspec.json.encode(shape)
    return Response(
        body,
        status_code=status,
        media_type=JSON,
        headers={"etag": etags.tag_of(body, version=version), **(headers or {})},
    )


class Shown:
    """What a GET shows: bytes and their tag, sent as they are.

    There is nothing left to serialize or to decide, so no layer of the framework handles it again.
    """

    __slots__ = ("_body", "_headers", "tag")

    def __init__(self, body: bytes, tag: str) -> None:
        self._body = body
        self.tag = tag
        self._headers = [
            (b"content-type", JSON.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"etag", tag.encode()),
        ]

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return len(self._body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


def shown(request: ApiRequest, shape: Struct, *, version: int | None = None) -> ASGIApp:
    """An answer to a GET."""
    body = msgspec.json.encode(shape)
    return unless_known(request, Shown(body, etags.tag_of(body, version=version)))


def unless_known(request: ApiRequest, answer: Shown) -> ASGIApp:
    """The answer, or 304 when the client has it already."""
    if etags.is_unchanged(request, answer.tag):
        return ASGIResponse(status_code=304, headers={"etag": answer.tag})
    return answer
