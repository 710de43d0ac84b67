"""One connection over which a provider is asked, one request after another (HTTP/1.1).

Answers are parsed by httptools as they come in; no more of one is kept than its reader wants.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import httptools

_HEAD_LIMIT = 65_536
"""Bytes of an answer beside its body, chunk sizes included."""


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


class HTTPConnection(asyncio.Protocol):
    """Made by the loop's `create_connection`; `ask` is for one request at a time."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        """In seconds of the loop's clock; its user's to note."""
        self._may_go_on = False
        self._transport: asyncio.Transport | None = None
        self._asked: asyncio.Future[Answer] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._limit = 0
        self._begin()

    @property
    def is_usable(self) -> bool:
        """May the next request go over it?"""
        transport = self._transport
        return self._may_go_on and transport is not None and not transport.is_closing()

    async def ask(self, octets: bytes, *, limit: int) -> Answer:
        """Send a request, whole, and wait for what comes back.

        Args:
            octets: head and body; they leave in one piece.
            limit: bytes of a body that are read.

        Raises:
            NoAnswer: the connection broke, or what came is no HTTP or has no end.
        """
        if self._transport is None or not self.is_usable:
            raise NoAnswer("the connection was closed")
        self._asked = asked = asyncio.get_running_loop().create_future()
        self._limit = limit
        self._may_go_on = False
        self._begin()
        self._transport.write(octets)
        try:
            return await asked
        finally:
            self._asked = None

    def close(self) -> None:
        """Let it go at once."""
        self._may_go_on = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._may_go_on = True

    def connection_lost(self, exc: Exception | None) -> None:
        self._may_go_on = False
        self._transport = None
        # An answer that says nothing of its length ends with the connection.
        if exc is None and self._is_read_to_the_end():
            self._give()
        else:
            self._fail("the connection was closed" if exc is None else _named(exc))

    def data_received(self, data: bytes) -> None:
        if self._asked is None or self._asked.done():
            # Nobody asked: whoever asks next would take it for theirs.
            self.close()
            return
        self._room -= len(data)
        if self._room < 0:
            self._fail(f"answered {self._status or 'something'} without end")
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("what came is no answer of HTTP/1.1")

    def on_message_begin(self) -> None:
        if self._asked is None or self._asked.done():
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._status:
            return  # Behind the body.
        known, said = name.decode("latin-1").lower(), value.decode("latin-1")
        before = self._headers.get(known)
        self._headers[known] = said if before is None else f"{before}, {said}"

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)

    def on_message_complete(self) -> None:
        if self._status < 200:
            self._begin()  # It says that more is to come.
            return
        self._may_go_on = self._parser.should_keep_alive()
        self._give()

    def _begin(self) -> None:
        self._status = 0
        self._headers: dict[str, str] = {}
        self._parts: list[bytes] = []
        self._room = self._limit + _HEAD_LIMIT

    def _is_read_to_the_end(self) -> bool:
        return self._status >= 200 and not (
            "content-length" in self._headers or "transfer-encoding" in self._headers
        )

    def _give(self) -> None:
        if self._asked is not None and not self._asked.done():
            body = b"".join(self._parts)
            self._asked.set_result(Answer(status=self._status, headers=self._headers, body=body))

    def _fail(self, why: str) -> None:
        if self._asked is not None and not self._asked.done():
            self._asked.set_exception(NoAnswer(why))
        self.close()


def _named(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
