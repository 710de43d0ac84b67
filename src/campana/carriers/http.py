"""Speaking HTTP with a provider: what every adapter that does has to get right, once.

A request that did not leave is NOT_SENT; one that may have left and brought no readable answer is
UNKNOWN; an answer is the adapter's to read. No more of an answer is read than anybody could mean.
"""

from __future__ import annotations

import base64
import ipaddress
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from campana.carriers.base import CarrierError
from campana.carriers.connections import Answer, Connections, Malformed, NoAnswer, NotLeft, TooLate
from campana.domain.disposition import Disposition

ANSWER_LIMIT = 1_000_000
"""Bytes of an answer. Providers answer a send with a few hundred, a page of templates with some
ten thousand."""

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
        self._base_url = base_url.rstrip("/")
        self._headers = dict(headers or {})
        if auth is not None:
            told = base64.b64encode(":".join(auth).encode()).decode()
            self._headers["authorization"] = f"Basic {told}"
        self._timeout_seconds = timeout_seconds
        self._opened: Connections | None = None
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
                "POST",
                path,
                headers=headers,
                content=content,
                seconds=self._timeout_seconds,
                may_leave=may_send,
            )
        except NotLeft as error:
            again = not isinstance(error, TooLate | Malformed)
            raise CarrierError(Disposition.NOT_SENT, retryable=again, detail=str(error)) from error
        except NoAnswer as error:
            raise CarrierError(
                Disposition.UNKNOWN, retryable=True, detail=f"no answer: {error}"
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
            return await self._exchange("GET", path, query=query, seconds=seconds)
        except (NoAnswer, NotLeft) as error:
            raise NoAnswer(f"no answer: {error}") from error

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

    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        seconds: float,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
        may_leave: Callable[[], bool] | None = None,
    ) -> Answer:
        # Made when it is first needed: whoever only reads callbacks never needs it.
        if self._opened is None:
            self._opened = Connections(most=_CONNECTIONS, socket_options=_SOCKET_OPTIONS)
        self._exchanges += 1
        try:
            return await self._opened.exchange(
                method,
                self._base_url + path,
                headers={**self._headers, **(headers or {})},
                query=query,
                content=content,
                seconds=seconds,
                limit=ANSWER_LIMIT,
                may_leave=may_leave,
            )
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
