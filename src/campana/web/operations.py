"""What an endpoint promises, written beside it: the scope it needs, what it takes and answers.

One Operation stands on each route (`opt=promise(…)`). `web/auth.py` enforces it and
`web/openapi.py` publishes it, so that what is documented is what is checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, cast

from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from campana.domain.errors import CampanaError

_KEY = "operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A multipart form: a file and its fields, as a JSON Schema."""

    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One route and method."""

    id: str
    """`campaigns.list`: the name generated clients use."""
    summary: str
    _: KW_ONLY
    scope: str | None
    """The scope a key needs; None is open to all."""
    query: type[Struct] | None = None
    body: type[Struct] | Upload | None = None
    is_body_optional: bool = False
    """Without a body everything in it has its default."""
    answer: type[Struct] | str | None = None
    """Its shape, or a media type when it is no JSON; None is an answer without a body."""
    status: int = 200
    is_conditional: bool = False
    """Answers carry an ETag and If-None-Match is understood."""
    needs_match: bool = False
    """If-Match must say which version is meant."""
    is_once: bool = False
    """An Idempotency-Key makes a repeat harmless."""
    is_maskable: bool = False
    """`X-Exclude-PII: true` leaves out who somebody is."""
    is_stream: bool = False
    """Asked for `text/event-stream`, it answers with a stream that goes on."""
    errors: tuple[type[CampanaError], ...] = ()
    """What may go wrong besides what may go wrong anywhere."""
    body_example: Any = None
    example: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Headers of the answer and what they say."""


def promise(operation: Operation) -> dict[str, Any]:
    """The `opt` of a route that keeps to `operation`."""
    return {_KEY: operation}


def operation_of(handler: BaseRouteHandler) -> Operation:
    """The Operation of a route.

    Raises:
        KeyError: it has none, so nobody may call it.
    """
    return cast("Operation", handler.opt[_KEY])
