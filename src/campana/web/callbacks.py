"""`/callbacks/{channel}`: what carriers report, stored before it is acknowledged.

The signature is the permission; it is checked on the body as it came. What is signed is written
down with whatever else came in meanwhile (one commit for all of them), and only then answered with
204: a carrier that got no 204 tells it again. Applying it is the work processes' part.

A provider that asks by GET whether we are here, before it reports, is answered as its adapter says
(Challenge); nothing is stored for it.

It stands before the framework's routes, because carriers come in thousands a second.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from campana.carriers.base import (
    Callback,
    Carrier,
    Challenge,
    ForgedCallback,
    Heard,
    Inbound,
    Report,
    UnreadableCallback,
)
from campana.domain import errors
from campana.domain.errors import CampanaError
from campana.services import inbound
from campana.services import reports as services
from campana.services.channel_secrets import config_of
from campana.services.context import Context
from campana.services.group_commit import GroupCommit
from campana.services.secrets import Unreadable
from campana.store import reports
from campana.store.inbound import KeptInbound
from campana.store.reports import Kept
from campana.web.errors import PROBLEM_JSON, problem

log = logging.getLogger(__name__)

_IN_A_THREAD = 65_536
"""Bytes from which on a body is made sense of beside the event loop: three megabytes take a quarter
of a second."""
_STORED_AT_ONCE = 1_000
"""Of one body; told again, what is stored already changes nothing."""
_PATH = re.compile(r"/callbacks/([a-z]+_[0-9a-z]{1,40})")
_TEMPLATE = "/callbacks/{channel_id}"
_ACCOUNTS = 1_000
_ACCOUNT_SECONDS = 5.0
_STORE_SECONDS = 5.0
_WRITERS = 2
_PAUSE_SECONDS = 0.005
"""From one write to the next. A carrier can wait so long, and a commit for each callback would be
the dearest part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    """A channel as its callbacks need it, and until when that is believed (monotonic)."""

    workspace_id: int
    carrier: Carrier
    is_greeted: bool
    limit: int
    """Bytes of a body."""
    until: float


class _Forged(errors.InsufficientScope):
    """The signature is missing, wrong or old."""


class Callbacks:
    """An ASGI application: callbacks, and `others` for all else."""

    def __init__(self, context: Context, *, others: ASGIApp, public_url: str | None = None) -> None:
        self._context = context
        self._others = others
        self._public_url = public_url.rstrip("/") if public_url else None
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._inbox = GroupCommit[Kept | KeptInbound](
            self._store, writers=_WRITERS, pause=_PAUSE_SECONDS, within=_STORE_SECONDS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a carrier, or pass on."""
        found = _PATH.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if found is None or scope["type"] != "http":
            await self._others(scope, receive, send)
            return
        scope["path_template"] = _TEMPLATE
        try:
            said = await self._receive(found[1], scope, receive)
        except CampanaError as error:
            await _refuse(error, scope, send)
        else:
            await _answer(said, send)

    async def _receive(
        self, channel_id: str, scope: HTTPScope, receive: Receive
    ) -> Challenge | None:
        """Read, check and store one callback; what the provider wants to hear, if anything.

        Raises:
            MethodNotAllowed, NotFound, PayloadTooLarge
            InsufficientScope: the signature is not right; nothing is stored.
            Unavailable: it could not be stored.
        """
        method = str(scope["method"])
        if method not in {"GET", "POST"}:
            raise errors.MethodNotAllowed
        account = await self._account(channel_id)
        body = await _body(receive, limit=account.limit)
        if method == "GET" and not account.is_greeted:
            raise errors.MethodNotAllowed
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        query = scope["query_string"].decode("latin-1")
        callback = Callback(
            method=method,
            headers=headers,
            body=body,
            received_at=self._context.clock.now(),
            url=_address(scope, headers.get("host", ""), self._public_url),
            query=dict(parse_qsl(query, keep_blank_values=True)) if query else {},
        )
        try:
            if len(body) < _IN_A_THREAD:
                parsed = account.carrier.parse_callback(callback)
            else:
                parsed = await asyncio.to_thread(account.carrier.parse_callback, callback)
        except ForgedCallback as forged:
            log.warning("a callback for channel %s is refused: %s", channel_id, forged)
            raise _Forged from forged
        except UnreadableCallback as nonsense:
            # Telling it again would not make sense of it: acknowledged, and ignored.
            log.warning("channel %s reports what nobody understands: %s", channel_id, nonsense)
            return None
        match parsed:
            case [Challenge() as challenge]:
                return challenge
            case _:
                await self._keep(channel_id, account, parsed, callback)
                return None

    async def _keep(
        self,
        channel_id: str,
        account: _Account,
        parsed: Sequence[Heard],
        callback: Callback,
    ) -> None:
        for start in range(0, len(parsed), _STORED_AT_ONCE):
            some = parsed[start : start + _STORED_AT_ONCE]
            await self._inbox.add([_kept(channel_id, account, each, callback) for each in some])

    async def _store(self, kept: Sequence[Kept | KeptInbound]) -> None:
        told = [each for each in kept if isinstance(each, Kept)]
        said = [each for each in kept if isinstance(each, KeptInbound)]
        if said:
            await inbound.keep(self._context, said, told)
        else:
            await services.keep(self._context, told)

    async def _account(self, channel_id: str) -> _Account:
        """The channel's account, as it was at most some seconds ago.

        Raises:
            NotFound: there is no such channel, or its carrier sends no callbacks.
            Unavailable: its secrets are sealed with a key that is not here.
        """
        known = self._accounts.get(channel_id)
        if known is not None and known.until > time.monotonic():
            return known
        async with self._context.db.read() as tx:
            channel = await reports.channel(tx, channel_id=channel_id)
        kind = self._context.carriers.get(channel.kind) if channel is not None else None
        if channel is None or kind is None or kind.open is None:
            self._accounts.pop(channel_id, None)
            raise errors.NotFound
        try:
            config = config_of(self._context, kind=kind, stored=channel.config)
        except Unreadable as error:
            # The provider keeps it and tells it again: by then the key may be here.
            log.error("channel %s cannot be opened: %s", channel_id, error)
            raise errors.Unavailable("the channel cannot be opened now") from error
        account = _Account(
            workspace_id=channel.workspace_id,
            carrier=kind.open(config),
            is_greeted=kind.is_greeted,
            limit=kind.callback_limit,
            until=time.monotonic() + _ACCOUNT_SECONDS,
        )
        self._accounts[channel_id] = account
        if len(self._accounts) > _ACCOUNTS:
            self._accounts.popitem(last=False)
        return account


def _kept(
    channel_id: str, account: _Account, heard: Heard, callback: Callback
) -> Kept | KeptInbound:
    """One thing a callback holds, as it is kept."""
    workspace_id, received_at = account.workspace_id, callback.received_at
    match heard:
        case Report():
            return services.kept(
                heard, channel_id=channel_id, workspace_id=workspace_id, received_at=received_at
            )
        case Inbound():
            return inbound.kept(
                heard, channel_id=channel_id, workspace_id=workspace_id, received_at=received_at
            )
        case Challenge():
            raise ValueError("a challenge stands alone")


async def _body(receive: Receive, *, limit: int) -> bytes:
    """The whole body.

    Raises:
        PayloadTooLarge: beyond the limit; the rest is not read.
    """
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise errors.InvalidParameter("the client went away")
        parts.append(message["body"])
        size += len(message["body"])
        if size > limit:
            raise errors.PayloadTooLarge
        if not message["more_body"]:
            return b"".join(parts)


def _address(scope: HTTPScope, host: str, public_url: str | None) -> str:
    """The whole address as the provider was given it, whatever proxies made of it on its way."""
    base = public_url or f"{scope['scheme']}://{host}"
    query = scope["query_string"].decode("latin-1")
    path = scope["raw_path"].decode("latin-1")
    return f"{base}{path}{'?' if query else ''}{query}"


async def _answer(said: Challenge | None, send: Send) -> None:
    """What is stored is acknowledged; who asks is answered, as plain text and nothing else."""
    body = said.body.encode() if said is not None else b""
    await send(
        {
            "type": "http.response.start",
            "status": 204 if said is None else 200,
            "headers": [(b"content-type", b"text/plain; charset=utf-8")] if body else [],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _refuse(error: CampanaError, scope: HTTPScope, send: Send) -> None:
    """The same problem any route would answer with."""
    shown = errors.InsufficientScope(error.message) if isinstance(error, _Forged) else error
    answer = problem(shown, request_id=str(scope["state"].get("request_id", "")))
    headers = {"content-type": PROBLEM_JSON, **answer.headers}
    if isinstance(error, errors.MethodNotAllowed):
        headers["allow"] = "POST"
    await send(
        {
            "type": "http.response.start",
            "status": answer.status_code or 500,
            "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": answer.content, "more_body": False})
