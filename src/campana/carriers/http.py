"""Speaking HTTP with a provider: what every adapter that does has to get right, once.

A request that did not leave is NOT_SENT; one that may have left and brought no readable answer is
UNKNOWN; an answer is the adapter's to read. No more of an answer is read than anybody could mean.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from campana.carriers.base import CarrierError
from campana.carriers.connections import Connections
from campana.domain.disposition import Disposition

ANSWER_LIMIT = 1_000_000
"""Bytes of an answer. Providers answer a send with a few hundred, a page of templates with some
ten thousand."""

_CONNECT_SECONDS = 2.0
_CONNECTIONS = 200

_ARRIVES_WITHIN = timedelta(seconds=4)
"""A request that its peer has not acknowledged by then is given up by the kernel, also when this
process is dead: what arrives at all has arrived before anybody asks about it (the sweeper and
`inquiries` wait for five seconds)."""
# Linux alone has it; elsewhere a network that swallows packets for longer may prove us wrong.
_SOCKET_OPTIONS: Sequence[tuple[int, int, int]] = (
    [(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(_ARRIVES_WITHIN.total_seconds() * 1000))]
    if hasattr(socket, "TCP_USER_TIMEOUT")
    else []
)
# The client lets its transport's own errors out when a connection is reset as it opens.
_NO_ANSWER = (httpx.HTTPError, TimeoutError, OSError, AttributeError)
_FIRST_BYTE = "http11.send_request_headers.started"


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


class _TooLate(Exception):
    """Nothing has left yet, and it may not any more."""


class Provider:
    """The connections of one account."""

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout_seconds: float,
    ) -> None:
        self._base_url = base_url
        self._headers = dict(headers or {})
        self._auth = auth
        self._timeout_seconds = timeout_seconds
        self._opened: httpx.AsyncClient | None = None
        self._is_over = False
        self._exchanges = 0
        """How many are under way."""

    def __repr__(self) -> str:
        return f"Provider({self._base_url})"

    async def send(
        self,
        path: str,
        *,
        content: bytes,
        headers: Mapping[str, str],
        may_send: Callable[[], bool],
    ) -> Answer:
        """POST what reaches a person, once.

        Raises:
            CarrierError: NOT_SENT, it did not leave; UNKNOWN, it may have, and nothing came back.
        """
        try:
            return await self._exchange(
                self._client.build_request(
                    "POST",
                    path,
                    content=content,
                    headers=headers,
                    extensions={"trace": _last_look(may_send)},
                ),
                seconds=self._timeout_seconds,
            )
        except _TooLate as error:
            raise CarrierError(
                Disposition.NOT_SENT, retryable=False, detail="too late: it waited for a connection"
            ) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise CarrierError(
                Disposition.NOT_SENT, retryable=True, detail=f"no connection: {_named(error)}"
            ) from error
        except (NoAnswer, *_NO_ANSWER) as error:
            raise CarrierError(
                Disposition.UNKNOWN, retryable=True, detail=f"no answer: {_named(error)}"
            ) from error

    async def ask(
        self,
        path: str,
        *,
        seconds: float,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """GET what reaches nobody.

        Raises:
            NoAnswer: there is none.
        """
        try:
            asked = self._client.build_request("GET", path, params=query)
            return await self._exchange(asked, seconds=seconds)
        except _NO_ANSWER as error:
            raise NoAnswer(f"no answer: {_named(error)}") from error

    async def aclose(self) -> None:
        """Give up the connections, each when nothing is under way on any of them.

        What is on its way to a person is not cut off, for then nobody knew whether it has arrived;
        nor is refused what was about to be sent when the account was changed.
        """
        self._is_over = True
        await self._close_if_unused()

    @property
    def is_closed(self) -> bool:
        """Has it no connections, nor a place for any?"""
        return self._opened is None

    async def _close_if_unused(self) -> None:
        if self._is_over and not self._exchanges and self._opened is not None:
            opened, self._opened = self._opened, None
            await opened.aclose()

    @property
    def _client(self) -> httpx.AsyncClient:
        """Made when it is first needed: whoever only reads callbacks never needs it."""
        if self._opened is None:
            self._opened = httpx.AsyncClient(
                base_url=self._base_url,
                headers=self._headers,
                auth=self._auth,
                timeout=httpx.Timeout(self._timeout_seconds, connect=_CONNECT_SECONDS),
                transport=Connections(most=_CONNECTIONS, socket_options=_SOCKET_OPTIONS),
                trust_env=False,
                follow_redirects=False,
            )
        return self._opened

    async def _exchange(self, request: httpx.Request, *, seconds: float) -> Answer:
        self._exchanges += 1
        try:
            # The client's own time-outs begin anew with every byte; this one does not.
            async with asyncio.timeout(seconds):
                answer = await self._client.send(request, stream=True)
                try:
                    body = bytearray()
                    async for part in answer.aiter_bytes():
                        body += part
                        if len(body) > ANSWER_LIMIT:
                            raise NoAnswer(f"answered {answer.status_code} without end")
                finally:
                    await answer.aclose()
            return Answer(status=answer.status_code, headers=dict(answer.headers), body=bytes(body))
        finally:
            self._exchanges -= 1
            await self._close_if_unused()


def not_understood(answer: Answer) -> CarrierError:
    """Something between us and the provider may have said this: it proves nothing."""
    return CarrierError(
        Disposition.UNKNOWN,
        retryable=True,
        detail=f"answered {answer.status} with what nobody understands",
    )


def is_loopback(url: str) -> bool:
    """Is it a literal loopback address? A name may mean another machine tomorrow."""
    try:
        return ipaddress.ip_address(urlsplit(url).hostname or "").is_loopback
    except ValueError:
        return False


def _last_look(may_send: Callable[[], bool]) -> Callable[[str, Mapping[str, Any]], Awaitable[None]]:
    """A hook of the HTTP client's that lets nothing out once it is too late."""

    async def look(event: str, _: Mapping[str, Any]) -> None:
        if event == _FIRST_BYTE and not may_send():
            raise _TooLate

    return look


def _named(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
