"""Connections to a provider: the one used last is used next, whatever their number.

httpx's own pool looks at every connection twice for each request: with dozens of them that is most
of what a send costs. Here a request looks at one.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import defaultdict, deque
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Mapping,
    Sequence,
)
from typing import Any, cast

import httpcore
import httpx

_IDLE_SECONDS = 5.0
"""After so long without a request a connection is closed; httpx has the same."""

_KINDS: dict[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ReadError: httpx.ReadError,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.WriteError: httpx.WriteError,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
}


class Connections(httpx.AsyncBaseTransport):
    """A transport of httpx: HTTP/1.1, no proxies.

    Args:
        most: requests at a time; others wait for as long as their `pool` time-out says.
        socket_options: of every connection, as for `socket.setsockopt`.
    """

    def __init__(self, *, most: int, socket_options: Sequence[tuple[int, int, int]] = ()) -> None:
        self._idle: defaultdict[str, deque[httpcore.AsyncHTTPConnection]] = defaultdict(deque)
        self._room = asyncio.Semaphore(most)
        self._socket_options = socket_options
        self._ssl_context = httpx.create_ssl_context(trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it over an idle connection, or over a new one where none is.

        Raises:
            httpx.TransportError: one of its kinds, as from httpx's own transport.
        """
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=cast("AsyncIterable[bytes]", request.stream),
            extensions=request.extensions,
        )
        await self._wait_for_room(request)
        lent = _Lent(self, str(asked.url.origin))
        try:
            lent.connection = await self._taken(asked.url.origin)
            with _as_httpx():
                answer = await lent.connection.handle_async_request(asked)
        except BaseException:
            await lent.give_back()
            raise
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer, lent.give_back),
            extensions=dict(cast("Mapping[str, Any]", answer.extensions)),  # pyright: ignore[reportUnknownMemberType]
        )

    async def aclose(self) -> None:
        """Close the idle ones; those in use close when their answers do."""
        for stack in self._idle.values():
            while stack:
                await stack.pop().aclose()

    async def give_back(self, connection: httpcore.AsyncHTTPConnection | None, origin: str) -> None:
        """It is not used any more: kept where its answer was whole, else closed."""
        self._room.release()
        stack = self._idle[origin]
        if connection is not None and connection.is_idle() and not connection.is_closed():
            stack.append(connection)
        elif connection is not None:
            await connection.aclose()
        # What lies at the bottom was not needed for the longest time.
        if stack and stack[0].has_expired():
            await stack.popleft().aclose()

    async def _wait_for_room(self, request: httpx.Request) -> None:
        seconds = request.extensions.get("timeout", {}).get("pool")
        try:
            async with asyncio.timeout(seconds):
                await self._room.acquire()
        except TimeoutError as error:
            raise httpx.PoolTimeout("no connection became free") from error

    async def _taken(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        stack = self._idle[str(origin)]
        while stack:
            found = stack.pop()
            if found.is_available() and not found.has_expired():
                return found
            await found.aclose()
        return httpcore.AsyncHTTPConnection(
            origin=origin,
            ssl_context=self._ssl_context,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=_Network(),
            socket_options=self._socket_options,
        )


class _Lent:
    """A connection in use; given back once, however often its answer is closed."""

    def __init__(self, owner: Connections, origin: str) -> None:
        self.connection: httpcore.AsyncHTTPConnection | None = None
        self._owner = owner
        self._origin = origin
        self._is_back = False

    async def give_back(self) -> None:
        if not self._is_back:
            self._is_back = True
            await self._owner.give_back(self.connection, self._origin)


class _Body(httpx.AsyncByteStream):
    """An answer as it comes."""

    def __init__(self, answer: httpcore.Response, give_back: Callable[[], Awaitable[None]]) -> None:
        self._answer = answer
        self._give_back = give_back

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for part in self._answer.aiter_stream():
                yield part

    async def aclose(self) -> None:
        try:
            await self._answer.aclose()
        finally:
            await self._give_back()


class _Network(httpcore.AsyncNetworkBackend):
    """Connects as httpcore does; what is written over it leaves a request at a time."""

    def __init__(self) -> None:
        self._plain = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        opened = await self._plain.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Whole(opened)


class _Whole(httpcore.AsyncNetworkStream):
    """Keeps the head of a request until its body, or the end of it, is written too.

    Written one by one, the body leaves after everything else that the process has to do: on a busy
    machine a request that was begun in time would be whole at the provider much later. httpcore
    writes a head, then the body's parts (an empty one where there is no body), then reads.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._head = b""
        self._is_head_next = True

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        self._is_head_next = True
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        if self._is_head_next:
            self._head, self._is_head_next = buffer, False
            return
        whole, self._head = self._head + buffer, b""
        if whole:
            await self._stream.write(whole, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        return _Whole(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as httpcore has it
        return self._stream.get_extra_info(info)


@contextlib.contextmanager
def _as_httpx() -> Generator[None]:
    try:
        yield
    except tuple(_KINDS) as error:
        raise _KINDS[type(error)](str(error)) from error
