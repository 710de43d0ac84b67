"""Who are you, and may you: asked of the database for each request, so revoking works at once.

`admission` stands before every route. It fails closed: a route that does not say which scope it
needs answers nobody. What a key's request changes is in the audit log.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import cast

from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from campana.domain.errors import NotFound
from campana.services import auditing
from campana.services.accounts import authenticate, require
from campana.services.auditing import Asked
from campana.services.context import Context
from campana.store.accounts import Principal
from campana.web import query
from campana.web.operations import Operation, operation_of

_ID = re.compile(r"[A-Za-z0-9_.~-]{1,400}", re.ASCII)
"""Anything an id or a signed link may look like; what cannot be one need not be looked for."""

_SAFE = frozenset({"GET", "HEAD"})


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


def admission(app: ASGIApp) -> ASGIApp:
    """The layer before every route. (The framework's guards copy the route for each request.)"""

    async def admitted(scope: Scope, receive: Receive, send: Send) -> None:
        asked = await _admit(scope) if scope["type"] == "http" else None
        if asked is None:
            await app(scope, receive, send)
            return
        context = cast("Context", scope["litestar_app"].state["context"])
        with auditing.changes_by(context, asked):
            await app(scope, receive, send)

    return admitted


async def _admit(scope: HTTPScope) -> Asked | None:
    """Let a request through to its endpoint, with its principal as `user`.

    Returns:
        What the audit log says of whatever it changes; None of one that changes nothing.

    Raises:
        Unauthenticated: no valid key.
        InsufficientScope: the key lacks the operation's scope.
        NotFound: the path holds what can be no id.
        InvalidParameter: there are parameters and the operation has none.
    """
    if scope["method"] == "OPTIONS":
        return None
    operation = operation_of(scope["route_handler"])
    if operation.scope is not None:
        keys = cast("Keys", scope["litestar_app"].state["keys"])
        principal = await keys.holder(key_of(scope["headers"]))
        require(principal, operation.scope)
        scope["user"] = principal
    if not all(map(_ID.fullmatch, scope["path_params"].values())):
        raise NotFound
    if operation.query is None and scope["query_string"]:
        query.refuse_any(scope["query_string"])
    if operation.scope is None or scope["method"] in _SAFE:
        return None
    return _asked(scope, operation)


def _asked(scope: HTTPScope, operation: Operation) -> Asked:
    principal = cast("Principal", scope["user"])
    client = scope["client"]
    return Asked(
        workspace_id=principal.workspace_id,
        person_id=None,
        actor="API key",
        key_id=principal.key_id,
        action=operation.id,
        subject="",
        fields={},
        client=client[0] if client else None,
        request_id=str(scope["state"].get("request_id", "")),
    )


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
