"""Answers: a Struct as JSON, with its entity tag, or 304 when the client has it already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, cast

import msgspec
from litestar import Response
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


def shown(request: ApiRequest, shape: Struct, *, version: int | None = None) -> Response[bytes]:
    """An answer to a GET."""
    body = msgspec.json.encode(shape)
    return shown_bytes(request, body, etags.tag_of(body, version=version))


def shown_bytes(request: ApiRequest, body: bytes, tag: str) -> Response[bytes]:
    """The same for a body that is at hand with its tag."""
    if etags.is_unchanged(request, tag):
        return Response(b"", status_code=304, headers={"etag": tag}, media_type=JSON)
    return Response(body, status_code=200, media_type=JSON, headers={"etag": tag})
