"""Messages to addresses that somebody else chose: guarded, pinned, and bounded in every way.

The name is resolved once, every address it has is judged (`domain/reach.py`), and the connection
goes to a judged address, with the name in the Host header and in TLS: a name that resolves to
something else a moment later is never asked again. Redirects are not followed, the proxy settings
of the environment are not read, answers are cut off, and the whole takes a bounded time.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from ipaddress import ip_address

import httpx

from campana.domain.reach import REFUSAL, Destination, Ip, destination, may_connect

Resolve = Callable[[str], Awaitable[Sequence[str]]]

ANSWER_BYTES = 1024
"""What is read of an answer's body, and kept for whoever looks why it was refused."""

_SECONDS = 15.0
_LONGEST_SECONDS = 60.0
_RESOLVE_SECONDS = 5.0


class Refused(Exception):
    """We do not go there. Always the same text, whatever the reason."""

    def __init__(self) -> None:
        """Says `REFUSAL`."""
        super().__init__(REFUSAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a message went: an HTTP status and the beginning of the answer, or a problem."""

    ms: int
    status: int | None
    answer: str
    problem: str | None

    @property
    def is_delivered(self) -> bool:
        """Was it taken? Only a 2xx says so."""
        return self.problem is None and self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer: its status and body, or why there is none."""

    status: int | None
    body: bytes | None
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A request as it goes out, and how much of the answer is read."""

    method: str
    body: bytes
    headers: Mapping[str, str]
    most_bytes: int


async def resolve(host: str) -> Sequence[str]:
    """Every address of a name, as the system resolves it; none when it does not."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.run_in_executor(_RESOLVERS, _getaddrinfo, host)
    except (OSError, UnicodeError):
        return []
    return [str(each[4][0]) for each in found]


# A system resolver may take half a minute to give up and cannot be told to stop: threads of its
# own, so that one dead name server does not hold up files and imports.
_RESOLVERS = ThreadPoolExecutor(max_workers=64, thread_name_prefix="resolver")
_getaddrinfo = partial(
    socket.getaddrinfo, port=None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
)


@dataclass(frozen=True, kw_only=True)
class Outbound:
    """Sends. One is shared by a process; it keeps no connection open.

    A connection kept open could be used again for another name at the same address, whose
    certificate nobody has looked at.
    """

    allow_loopback: bool = False
    """Go to this machine too, over http or https: for trying things out and for tests."""
    is_confined: bool = False
    """Go nowhere else: the clock is not the real one, and nothing may leave this machine."""
    resolve: Resolve = resolve
    tls: ssl.SSLContext | None = None
    """In place of the usual authorities."""
    seconds: float = _SECONDS

    async def check(self, url: str) -> None:
        """Returns when a message to `url` could be sent now.

        Raises:
            Refused: we do not go there.
        """
        await self._destination(url)

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Send `body` and say what came of it; whatever goes wrong is an outcome, not an error.

        Args:
            url: where to, as it was written.
            body: as it was signed.
            headers: besides Host.
        """
        started = time.monotonic()
        status, answer, problem = None, "", None
        try:
            async with asyncio.timeout(self.seconds):
                status, answer = await self._post(url, body, headers)
        except Refused as error:
            problem = str(error)
        except TimeoutError:
            problem = f"no answer within {self.seconds:g} seconds"
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            # The kind of failure is told, never its text: that may name addresses.
            problem = _KINDS.get(type(error).__name__, "the connection failed")
        ms = round((time.monotonic() - started) * 1000)
        return Outcome(ms=ms, status=status, answer=answer, problem=problem)

    async def ask(
        self,
        method: str,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        seconds: float,
        most_bytes: int,
    ) -> Answer:
        """The same with any method, and the whole answer if it is not longer than that."""
        asked = _Asked(method=method, body=body, headers=headers, most_bytes=most_bytes + 1)
        try:
            async with asyncio.timeout(min(seconds, _LONGEST_SECONDS)):
                status, answer = await self._send(url, asked)
        except Refused as error:
            return Answer(status=None, body=None, problem=str(error))
        except TimeoutError:
            return Answer(status=None, body=None, problem=f"no answer within {seconds:g} seconds")
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            problem = _KINDS.get(type(error).__name__, "the connection failed")
            return Answer(status=None, body=None, problem=problem)
        if len(answer) > most_bytes:
            return Answer(status=None, body=None, problem=f"answered more than {most_bytes} bytes")
        return Answer(status=status, body=answer, problem=None)

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        asked = _Asked(method="POST", body=body, headers=headers, most_bytes=ANSWER_BYTES)
        status, answer = await self._send(url, asked)
        return status, _printable(answer)

    async def _send(self, url: str, asked: _Asked) -> tuple[int, bytes]:
        where, addresses = await self._destination(url)
        for address in addresses[:-1]:
            try:
                return await self._send_to(where, address, asked)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                # Nothing was sent: the next address of the name may be reachable from here.
                continue
        return await self._send_to(where, addresses[-1], asked)

    @asynccontextmanager
    async def stream(
        self, url: str, *, body: bytes, headers: Mapping[str, str], seconds: float
    ) -> AsyncGenerator[httpx.Response]:
        """The same for an answer that is read as it comes; its reader bounds how long that takes.

        No byte for `seconds` is an error.

        Raises:
            Refused
            httpx.HTTPError
        """
        where, addresses = await self._destination(url)
        asked = _Asked(method="POST", body=body, headers=headers, most_bytes=0)
        async with self._opened(where, addresses[0], asked, seconds=seconds) as response:
            yield response

    async def _send_to(self, where: Destination, address: Ip, asked: _Asked) -> tuple[int, bytes]:
        async with self._opened(where, address, asked, seconds=self.seconds) as response:
            return response.status_code, await _beginning(response, asked.most_bytes)

    @asynccontextmanager
    async def _opened(
        self, where: Destination, address: Ip, asked: _Asked, *, seconds: float
    ) -> AsyncGenerator[httpx.Response]:
        host = f"[{address}]" if address.version == 6 else str(address)
        async with (
            httpx.AsyncClient(
                transport=_Transport(
                    verify=self._tls, trust_env=False, limits=httpx.Limits(max_connections=1)
                ),
                trust_env=False,
                follow_redirects=False,
                timeout=httpx.Timeout(seconds, connect=seconds / 3),
            ) as client,
            client.stream(
                asked.method,
                f"{where.scheme}://{host}:{where.port}{where.target}",
                content=asked.body,
                headers={**_HEADERS, **asked.headers, "host": where.authority},
                extensions={"sni_hostname": where.host},
            ) as response,
        ):
            yield response

    async def _destination(self, url: str) -> tuple[Destination, Sequence[Ip]]:
        """Where to connect to: at most two addresses, the best first.

        Raises:
            Refused: nowhere, or one of its addresses is not for us: which of them is asked is not
                for the name to choose.
        """
        where = destination(url, allow_loopback=self.allow_loopback)
        if where is None:
            raise Refused
        if self.is_confined and not (where.address and where.address.is_loopback):
            raise Refused
        if where.address is not None:
            return where, [where.address]
        try:
            async with asyncio.timeout(_RESOLVE_SECONDS):
                addresses = [ip_address(text) for text in await self.resolve(where.host)]
        except (TimeoutError, ValueError):
            raise Refused from None
        if not addresses or not all(map(may_connect, addresses)):
            raise Refused
        return where, addresses[:2]

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self.tls or httpx.create_ssl_context(trust_env=False)


class _Transport(httpx.AsyncHTTPTransport):
    """httpx's own, whose failures all have names.

    Under uvloop it lets an AttributeError out when a connection is reset as it opens, which any
    receiver can do: taken for a mistake of ours it would end the process, again and again.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except AttributeError as error:
            raise httpx.ConnectError("reset as it opened") from error


# Nothing compressed: a small answer must not become a large one in our memory.
_HEADERS = {"accept": "*/*", "accept-encoding": "identity", "connection": "close"}

_KINDS = {
    "ConnectError": "the connection was refused or its certificate is not valid",
    "ReadError": "the connection broke before an answer",
    "WriteError": "the connection broke before an answer",
    "RemoteProtocolError": "the answer is not HTTP",
    "ConnectTimeout": "no answer in time",
    "ReadTimeout": "no answer in time",
    "WriteTimeout": "no answer in time",
}


async def _beginning(response: httpx.Response, most: int) -> bytes:
    """The first bytes of a body; the rest is never read."""
    found = b""
    async for piece in response.aiter_raw():
        found += piece
        if len(found) >= most:
            break
    return found[:most]


def _printable(found: bytes) -> str:
    text = found.decode("utf-8", errors="replace")
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)
