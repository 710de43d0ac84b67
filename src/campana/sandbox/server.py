"""The sandbox over HTTP, on loopback and nowhere else: see `wire.py` for what it understands."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import ipaddress
import json
import re
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Generator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import msgspec
import uvicorn
import uvloop
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

from campana.domain.errors import SetupError
from campana.sandbox.plan import Plan
from campana.sandbox.provider import Provider, Received, written_back
from campana.sandbox.teller import Teller
from campana.sandbox.wire import Known, Refused, Said, Saying, Send, Taken

T = TypeVar("T", Send, Saying)

LOOPBACK = "127.0.0.1"
_YOUNG_OBJECTS = 50_000
BODY_LIMIT = 1_000_000

_REFUSALS = {"congestion": 503, "invalid_number": 422, "blocked": 422, "busy": 422}
_LOOKUP = re.compile(r"/sends/([A-Za-z0-9_-]{1,64})")
_GARBAGE = b"<html>\x00\xff 502 tea pot"


class _Refusal(Exception):
    def __init__(self, status: int, refused: str, detail: str = "") -> None:
        self.status = status
        self.body = Refused(refused=refused, detail=detail)


class _Answerless(Exception):
    """The sender waits in vain."""


class Sandbox:
    """An ASGI application. With a `secret`, that of the only account; without, any of 16
    characters or more opens one."""

    def __init__(self, provider: Provider, teller: Teller, *, secret: str | None) -> None:
        self._provider = provider
        self._teller = teller
        self._secret = secret

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """One request."""
        if scope["type"] != "http":
            raise RuntimeError(f"the sandbox speaks http, not {scope['type']}")
        body = await _body(receive)
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        extra: list[tuple[bytes, bytes]] = []
        try:
            status, answer = await self._answer(scope["method"], scope["path"], headers, body)
        except _Refusal as refusal:
            status, answer = refusal.status, msgspec.json.encode(refusal.body)
            extra = [(b"retry-after", b"1")] if status == 503 else []
        except _Answerless:
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [*head, *extra],
                "trailers": False,
            }
        )
        await send({"type": "http.response.body", "body": answer, "more_body": False})

    async def _answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[int, bytes]:
        if body is None:
            raise _Refusal(413, "too_large")
        secret = self._account(headers)
        if (method, path) == ("POST", "/sends"):
            return await self._take(_read(body, Send), secret)
        if (method, path) == ("POST", "/says"):
            return self._say(_read(body, Saying), secret)
        if path == "/plan":
            return self._plan(method, body)
        if method == "GET" and (found := _LOOKUP.fullmatch(path)):
            statuses = self._provider.lookup(found[1])
            if statuses is None:
                raise _Refusal(404, "unknown_attempt")
            known = Known(attempt=found[1], statuses=tuple(statuses))
            return 200, msgspec.json.encode(known)
        raise _Refusal(404, "not_found")

    async def _take(self, asked: Send, secret: str) -> tuple[int, bytes]:
        received = self._provider.receive(asked)
        if received.taking is not None and not received.is_repeat:
            self._teller.tell(received.taking, url=asked.callback_url, secret=secret)
        self._write_back(asked, received, secret)
        await asyncio.sleep(received.fate.reply_seconds)
        return self._reply(asked, received)

    def _write_back(self, asked: Send, received: Received, secret: str) -> None:
        """What the person answers to what arrives, in writing or by a call, once."""
        fate = received.fate
        if received.taking is None or received.is_repeat:
            return
        for said in written_back(
            fate,
            attempt=asked.attempt,
            to=asked.to,
            sender=asked.sender,
            taken_at=received.taking.taken_at,
        ):
            self._teller.say(said, url=asked.callback_url, secret=secret, after=fate.says_after)

    def _say(self, saying: Saying, secret: str) -> tuple[int, bytes]:
        said = Said(
            inbound=saying.id or f"in-{secrets.token_hex(8)}",
            from_=saying.from_,
            text=saying.text,
            to=saying.to,
            choice=saying.choice,
            at=self._provider.now(),
            calls=saying.calls,
        )
        self._teller.say(said, url=saying.callback_url, secret=secret)
        return 202, msgspec.json.encode({"id": said.inbound})

    def _reply(self, asked: Send, received: Received) -> tuple[int, bytes]:
        match received.fate.fault:
            case "silent" | "lost":
                raise _Answerless
            case "garbage":
                return 200, _GARBAGE
            case "error" if received.taking is None:
                raise _Refusal(500, "internal")
            case "refuse" if received.taking is None:
                refusal = self._provider.plan.refusal
                raise _Refusal(_REFUSALS[refusal], refusal)
            case _:
                return 202, msgspec.json.encode(Taken(ref=f"sb-{asked.attempt}"))

    def _plan(self, method: str, body: bytes) -> tuple[int, bytes]:
        """Show how it behaves, or change it from the next send on; PATCH replaces whole fields."""
        now = self._provider.plan
        try:
            if method == "PUT":
                self._provider.plan = msgspec.json.decode(body, type=Plan)
            elif method == "PATCH":
                changes = msgspec.json.decode(body, type=dict[str, Any])
                shown = cast("dict[str, Any]", msgspec.to_builtins(now))
                self._provider.plan = msgspec.convert({**shown, **changes}, Plan)
            elif method != "GET":
                raise _Refusal(405, "method_not_allowed")
        except msgspec.MsgspecError as error:
            raise _Refusal(400, "bad_request", str(error)) from None
        if method != "GET":
            self._provider.note("plan", plan=self._provider.plan)
        return 200, msgspec.json.encode(self._provider.plan)

    def _account(self, headers: dict[str, str]) -> str:
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        is_right = secret == self._secret if self._secret is not None else len(secret) >= 16
        if scheme.lower() != "bearer" or not is_right:
            raise _Refusal(401, "unauthorized")
        return secret


def _read(body: bytes, shape: type[T]) -> T:
    try:
        asked = msgspec.json.decode(body, type=shape)
    except msgspec.MsgspecError as error:
        raise _Refusal(400, "bad_request", str(error)) from None
    if not is_loopback(asked.callback_url):
        raise _Refusal(400, "bad_request", "callbackUrl must be http:// and a loopback address")
    return asked


@functools.lru_cache(maxsize=1_000)
def is_loopback(url: str) -> bool:
    """Whether a URL cannot leave this machine: a literal loopback address, never a name."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # Raises where there is no such port.
        return parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


async def _body(receive: ASGIReceiveCallable) -> bytes | None:
    """The whole body; None when it is too large."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return body
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            return None
        if not message.get("more_body", False):
            return body


class _Server(uvicorn.Server):
    """Leaves the signals to `serve`, which ends with whoever started it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def serve(provider: Provider, *, port: int, secret: str | None) -> None:
    """Answer until SIGTERM or SIGINT; prints one JSON line with the port when ready.

    Raises:
        SetupError: the port cannot be had.
    """
    listener = _bind(port)
    teller = Teller(provider)
    server = _Server(
        uvicorn.Config(
            Sandbox(provider, teller, secret=secret),
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )

    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    # It listens already: whoever reads this line may connect.
    sys.stdout.write(json.dumps({"port": listener.getsockname()[1]}) + "\n")
    sys.stdout.flush()
    try:
        await server.serve(sockets=[listener])
    finally:
        await teller.close()
        listener.close()


def _bind(port: int) -> socket.socket:
    try:
        return socket.create_server((LOOPBACK, port), backlog=2048)
    except OSError as error:
        raise SetupError(f"cannot listen on {LOOPBACK}:{port}: {error.strerror}") from error


def run(
    plan: Plan, *, log: Path, port: int, secret: str | None, clock: Callable[[], datetime]
) -> None:
    """A whole sandbox, until it is told to end.

    Raises:
        SetupError: the log or the port cannot be used.
    """
    # What was sent is kept, and none of it in a circle. Looking through it for circles takes longer
    # each time (60 ms after some thousand sends), and what comes meanwhile is written down late.
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 1_000)
    provider = Provider(plan, log=log, clock=clock)
    try:
        uvloop.run(serve(provider, port=port, secret=secret))
    finally:
        provider.close()
