"""Connections to providers: requests that are sent once, and what is known of those that fail.

aiohttp speaks HTTP; of the many clients it costs a send least. It asks nobody whether a request
still may leave, nor tells whether one has begun to, so its connector is asked both.
"""

from __future__ import annotations

import asyncio
import functools
import re
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
import httpx
from aiohttp.client import ClientTimeout
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

_IDLE_SECONDS = 4.0
"""After so long without a request a connection is closed: many servers do so after five, and what
is sent over it in that moment may or may not have arrived."""
_TIMEOUT = ClientTimeout(total=None, sock_connect=2.0)
_LINE_END = re.compile(r"[\r\n\0]")
_HEADERS = {"user-agent": "Campana", "accept-encoding": "identity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: a whole answer, whatever it says. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def retry_after(self) -> timedelta | None:
        """How long to leave it alone, at most an hour; None when it does not say, or by a date."""
        text = self.headers.get("retry-after", "")
        return timedelta(seconds=min(int(text), 3600)) if _is_number(text) else None


class NoAnswer(Exception):
    """There is none, or none that ends; says why, without secrets."""


class NotLeft(Exception):
    """Nothing of the request has left this process; says why."""


class TooLate(NotLeft):
    """It might have left, and may not any more."""


class Malformed(NotLeft):
    """It never can: its address or a header is none."""


class Connections:
    """Of one event loop, to any number of origins; no redirects, no cookies, no proxies.

    Args:
        most: requests at a time; others wait within their own time.
        socket_options: of every connection, as for `socket.setsockopt`.
    """

    def __init__(self, *, most: int, socket_options: Sequence[tuple[int, int, int]] = ()) -> None:
        self._session = aiohttp.ClientSession(
            connector=_Connector(
                limit=most,
                keepalive_timeout=_IDLE_SECONDS,
                ssl=_trust(),
                socket_factory=functools.partial(_socket, options=socket_options),
            ),
            headers=_HEADERS,
            timeout=_TIMEOUT,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    async def exchange(
        self,
        method: str,
        url: str,
        *,
        seconds: float,
        limit: int,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
        may_leave: Callable[[], bool] | None = None,
    ) -> Answer:
        """Ask once, and wait for the whole answer.

        Args:
            method: of HTTP. What is not idempotent is never sent a second time.
            url: where to.
            seconds: for all of it, from waiting for a connection to the answer's last byte.
            limit: bytes of a body that are read.
            headers: besides those of every request.
            query: added to the URL.
            content: the body, if any.
            may_leave: asked at the last moment.

        Raises:
            NotLeft: no connection could be had, it may not leave any more (`TooLate`), or is no
                request (`Malformed`).
            NoAnswer: it may have left, and nothing whole came back.
        """
        for name, value in (headers or {}).items():
            if _LINE_END.search(value):
                raise Malformed(f"the header {name} would be more than one line")
        leaving = _Leaving(may_leave)
        token = _LEAVING.set(leaving)
        try:
            async with (
                asyncio.timeout(seconds),
                self._session.request(
                    method,
                    url,
                    params=query,
                    data=content,
                    headers=headers,
                    allow_redirects=False,
                ) as answer,
            ):
                return Answer(
                    status=answer.status,
                    headers={name.lower(): value for name, value in answer.headers.items()},
                    body=await _body(answer, limit),
                )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if not leaving.has_begun:
                # A certificate nobody vouches for is a ValueError too, and may be renewed.
                is_none = isinstance(error, ValueError) and not isinstance(error, OSError)
                kind = Malformed if is_none else NotLeft
                raise kind(_named(error, or_else="no connection became free in time")) from error
            raise NoAnswer(_named(error, or_else="none came in time")) from error
        finally:
            _LEAVING.reset(token)

    async def aclose(self) -> None:
        """Close them all."""
        await self._session.close()


class _Leaving:
    """One request on its way to the network."""

    def __init__(self, may_leave: Callable[[], bool] | None) -> None:
        self._may_leave = may_leave
        self.has_begun = False

    def begin(self) -> None:
        """It has a connection: from here on nobody knows what has arrived.

        Raises:
            TooLate: it may not.
        """
        if self._may_leave is not None and not self._may_leave():
            raise TooLate("too late: it waited for a connection")
        self.has_begun = True


_LEAVING: ContextVar[_Leaving] = ContextVar("leaving")


class _Connector(aiohttp.TCPConnector):
    """Says when a request has got its connection."""

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: ClientTimeout,  # noqa: ASYNC109 - the signature of aiohttp
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        try:
            _LEAVING.get().begin()
        except TooLate:
            connection.release()
            raise
        return connection


async def _body(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    if answer.status < 200:
        raise aiohttp.ClientPayloadError(f"answered {answer.status} and no more")
    body = bytearray()
    async for part in answer.content.iter_any():
        body += part
        if len(body) > limit:
            answer.close()
            raise aiohttp.ClientPayloadError(f"answered {answer.status} without end")
    return bytes(body)


def _socket(
    info: tuple[int, int, int, str, tuple[object, ...]],
    *,
    options: Sequence[tuple[int, int, int]],
) -> socket.socket:
    family, kind, protocol, _, _ = info
    made = socket.socket(family, kind, protocol)
    for option in options:
        made.setsockopt(*option)
    return made


@functools.cache
def _trust() -> ssl.SSLContext:
    """Whom we believe that they are who they say: the authorities that browsers know."""
    return httpx.create_ssl_context(trust_env=False)


def _named(error: Exception, *, or_else: str) -> str:
    if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientError):
        return or_else
    # The whole of such an error tells the address, with whatever stands in its query.
    is_told_short = isinstance(error, aiohttp.ClientResponseError)
    told = error.message if is_told_short else str(error)
    return " ".join([type(error).__name__, *told.split()])


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
