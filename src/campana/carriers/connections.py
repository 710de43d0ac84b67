"""Connections to providers: the one used last is used next, whatever their number.

A send is the most frequent thing there is, so this knows no more of HTTP than providers need:
HTTP/1.1, with TLS or without, no proxies, no redirects, no cookies, bodies as they are.
"""

from __future__ import annotations

import asyncio
import functools
import re
import socket
import ssl
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

import httpx

from campana.carriers.http_connection import Answer, HTTPConnection, NoAnswer

_IDLE_SECONDS = 4.0
"""After so long without a request a connection is closed: many servers do so after five, and what
is sent over it in that moment may or may not have arrived."""
_CONNECT_SECONDS = 2.0
_NEXT_ADDRESS_SECONDS = 0.25
"""A host of many addresses: after so long without an answer from one, the next is tried too."""
_UNTOUCHED = "/?:@!$&'()*+,;=~%"
_FIELD = re.compile(r"[\t -~\x80-\xff]*")
_PORTS = {"http": 80, "https": 443}


class NotLeft(Exception):
    """Nothing of the request has left this process; says why."""


class TooLate(NotLeft):
    """It might have left, and may not any more."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where requests go. `name` is what the Host header says."""

    scheme: str
    host: str
    port: int
    name: str


@functools.lru_cache(maxsize=1_000)
def parsed(url: str) -> tuple[Origin, str]:
    """Where a URL leads, and what is asked for there: its path and query.

    Raises:
        ValueError: it is none of http or https, or has no host.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"neither http nor https, or without a host: {url}")
    usual = _PORTS[parts.scheme]
    port = usual if parts.port is None else parts.port
    host = parts.hostname if ":" in parts.hostname else parts.hostname.encode("idna").decode()
    name = f"[{host}]" if ":" in host else host
    shown = name if port == usual else f"{name}:{port}"
    wanted = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path
    return Origin(parts.scheme, host, port, shown), quote(wanted, safe=_UNTOUCHED)


def request(
    method: str,
    origin: Origin,
    path: str,
    *,
    headers: Mapping[str, str],
    query: Mapping[str, str] | None = None,
    content: bytes | None = None,
) -> bytes:
    """A request as it travels; without `content` it has no body.

    Raises:
        ValueError: a header would say more than one line.
    """
    target = quote(path, safe=_UNTOUCHED) or "/"
    if query:
        target = f"{target}?{urlencode(query, quote_via=quote)}"
    lines = [f"{method} {target} HTTP/1.1", f"host: {origin.name}", "accept-encoding: identity"]
    for name, value in headers.items():
        if not _FIELD.fullmatch(value):
            raise ValueError(f"the header {name} may not be sent")
        lines.append(f"{name}: {value}")
    if content is not None:
        lines.append(f"content-length: {len(content)}")
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1") + (content or b"")


class Connections:
    """Of one event loop, to any number of origins.

    Args:
        most: requests at a time; others wait within their own time.
        socket_options: of every connection, as for `socket.setsockopt`.
    """

    def __init__(self, *, most: int, socket_options: Sequence[tuple[int, int, int]] = ()) -> None:
        self._idle: defaultdict[Origin, deque[HTTPConnection]] = defaultdict(deque)
        self._room = asyncio.Semaphore(most)
        self._socket_options = socket_options

    async def exchange(
        self,
        origin: Origin,
        octets: bytes,
        *,
        seconds: float,
        limit: int,
        may_leave: Callable[[], bool] | None = None,
    ) -> Answer:
        """Send a request over an idle connection, or over a new one where none is.

        Args:
            origin: where to.
            octets: the whole of it (`request`).
            seconds: for all of it, from waiting for a connection to the answer's last byte.
            limit: bytes of a body that are read.
            may_leave: asked at the last moment.

        Raises:
            NotLeft: no connection could be had, or it may not leave any more (`TooLate`).
            NoAnswer: it may have left, and nothing whole came back.
        """
        connection: HTTPConnection | None = None
        try:
            async with asyncio.timeout(seconds), self._room:
                connection = await self._taken(origin)
                if not connection.is_usable:
                    raise NotLeft("the connection was closed as it opened")
                if may_leave is not None and not may_leave():
                    self._keep(origin, connection)
                    raise TooLate("too late: it waited for a connection")
                try:
                    return await connection.ask(octets, limit=limit)
                finally:
                    self._keep(origin, connection)
        except TimeoutError as error:
            if connection is None:
                raise NotLeft("no connection could be had in time") from error
            raise NoAnswer("none came in time") from error

    def close(self) -> None:
        """Close the idle ones; those in use are not kept when their answers have come."""
        for stack in self._idle.values():
            while stack:
                stack.pop().close()

    def _keep(self, origin: Origin, connection: HTTPConnection) -> None:
        """It is not used any more: kept where its answer was whole, else closed."""
        stack = self._idle[origin]
        now = asyncio.get_running_loop().time()
        if connection.is_usable:
            connection.idle_since = now
            stack.append(connection)
        else:
            connection.close()
        # What lies at the bottom was not needed for the longest time.
        if stack and (not stack[0].is_usable or now - stack[0].idle_since > _IDLE_SECONDS):
            stack.popleft().close()

    async def _taken(self, origin: Origin) -> HTTPConnection:
        stack = self._idle[origin]
        now = asyncio.get_running_loop().time()
        while stack:
            found = stack.pop()
            if found.is_usable and now - found.idle_since <= _IDLE_SECONDS:
                return found
            found.close()
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                return await self._opened(origin)
        except TimeoutError as error:
            raise NotLeft(f"no connection within {_CONNECT_SECONDS:g} seconds") from error
        except OSError as error:
            raise NotLeft(f"no connection: {type(error).__name__} {error}") from error

    async def _opened(self, origin: Origin) -> HTTPConnection:
        opened = await _socket(origin, self._socket_options)
        is_ours = True
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                HTTPConnection,
                sock=opened,
                ssl=_trust() if origin.scheme == "https" else None,
                server_hostname=origin.host if origin.scheme == "https" else None,
            )
            is_ours = False
            return connection
        finally:
            if is_ours:
                opened.close()


@functools.cache
def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


async def _socket(origin: Origin, options: Sequence[tuple[int, int, int]]) -> socket.socket:
    """Connected to the first of the host's addresses that answers.

    Raises:
        OSError: none does, or there is none.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    if len(found) == 1:
        return await _connected(*found[0], options=options)
    trying: set[asyncio.Task[socket.socket]] = set()
    failure: OSError = OSError("the host has no address")
    try:
        left = deque(found)
        while left or trying:
            if left:
                trying.add(loop.create_task(_connected(*left.popleft(), options=options)))
            done, trying = await asyncio.wait(
                trying,
                timeout=_NEXT_ADDRESS_SECONDS if left else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for each in done:
                if (error := each.exception()) is None:
                    trying |= done - {each}
                    return each.result()
                if not isinstance(error, OSError):
                    raise error
                failure = error
        raise failure
    finally:
        for each in trying:
            each.cancel()
            each.add_done_callback(_closed)


def _closed(task: asyncio.Task[socket.socket]) -> None:
    """What came too late is given up."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()


async def _connected(
    family: int,
    kind: int,
    protocol: int,
    _: str,
    address: tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes],
    *,
    options: Sequence[tuple[int, int, int]],
) -> socket.socket:
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setblocking(False)
        for option in options:
            opened.setsockopt(*option)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(opened, address)
    except BaseException:
        opened.close()
        raise
    return opened
