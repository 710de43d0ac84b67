"""Who are you, and may you: asked of the database for each request, so revoking works at once.

`admit` is the guard of every route. It fails closed: a route that does not say which scope it needs
answers nobody.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Any, cast

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from campana.domain.errors import NotFound
from campana.services.accounts import authenticate, require
from campana.services.context import Context
from campana.store.accounts import Principal
from campana.web import query
from campana.web.operations import operation_of

_ID = re.compile(r"[A-Za-z0-9_.~-]{1,400}", re.ASCII)
"""Anything an id or a signed link may look like; what cannot be one need not be looked for."""


class Keys:
    """Asks whom a key speaks for. Requests that come while a question is out share the next one.

    A request is only ever answered by a question asked after it came: as fresh as asking alone, at
    a fraction of the round trips.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._asked: dict[str, asyncio.Task[Principal]] = {}
        self._next: dict[str, asyncio.Task[Principal]] = {}

    async def holder(self, key: str | None) -> Principal:
        """Whom `key` speaks for.

        Raises:
            Unauthenticated: missing, unknown, expired or revoked.
            Unavailable: the database does not answer.
        """
        if key is None:
            return await authenticate(self._context, None)
        task = self._next.get(key)
        if task is None:
            task = asyncio.ensure_future(self._ask(key, after=self._asked.get(key)))
            self._next[key] = task
        # One client that goes away must not take the answer from the others.
        return await asyncio.shield(task)

    async def _ask(self, key: str, *, after: asyncio.Task[Principal] | None) -> Principal:
        if after is not None:
            await asyncio.wait([after])
        task = self._next.pop(key)
        self._asked[key] = task
        try:
            return await authenticate(self._context, key)
        finally:
            if self._asked.get(key) is task:
                del self._asked[key]


async def admit(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request through to its endpoint, with its principal as `user`.

    Raises:
        Unauthenticated: no valid key.
        InsufficientScope: the key lacks the operation's scope.
        NotFound: the path holds what can be no id.
        InvalidParameter: there are parameters and the operation has none.
    """
    if "OPTIONS" in getattr(handler, "http_methods", ()):
        return
    operation = operation_of(handler)
    if operation.scope is not None:
        keys = cast("Keys", connection.app.state["keys"])
        principal = await keys.holder(key_of(connection.scope["headers"]))
        require(principal, operation.scope)
        connection.scope["user"] = principal
    if not all(_ID.fullmatch(str(value)) for value in connection.scope["path_params"].values()):
        raise NotFound
    if operation.query is None and connection.scope["query_string"]:
        query.refuse_any(connection.scope["query_string"])


def key_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The key of a request: `Authorization: Bearer …` or `X-Api-Key`; None when there is not one.

    Two different keys are as good as none: which of them was meant cannot be known.
    """
    found: set[str] = set()
    for name, value in headers:
        if name == b"x-api-key":
            found.add(value.decode("latin-1").strip())
        elif name == b"authorization":
            scheme, _, key = value.decode("latin-1").partition(" ")
            found.add(key.strip() if scheme.lower() == "bearer" else "")
    return found.pop() if len(found) == 1 else None
