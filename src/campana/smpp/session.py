"""One connection bound to a provider's message center, as transceiver.

What is certain is kept apart from what is not: a request that ends in `NotWritten` never left this
process, one that ends in `Unanswered` may have been acted on. What the provider delivers is handed
over in groups, and answered only after whoever takes it has returned.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from campana.smpp.pdu import (
    RESPONSE,
    Bind,
    Command,
    Message,
    Pdu,
    Status,
    Unreadable,
    pack,
    read_message,
    unpack,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A deliver_sm that waits for its answer."""

    message: Message
    session: Session
    sequence: int

    def answer(self, *, is_taken: bool) -> bool:
        """Say that it is kept, or that it is to be delivered again; False when nobody is there to
        hear it."""
        return self.session.answer_delivery(self.sequence, is_taken=is_taken)


Take = Callable[[Sequence[Delivery]], Awaitable[None]]
"""Takes what was delivered, and sees to it that each is answered. Never raises."""

_CONNECT_SECONDS = 5.0
_UNBIND_SECONDS = 2.0
_AT_ONCE = 500
"""Deliveries handed over together."""
_MOST_WAITING = 5_000
"""Beyond so many that nobody took yet, nothing more is read."""
_LAST_SEQUENCE = 0x7FFFFFFF


async def _at_once() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Go:
    """Asked with a place in the window and before the first octet: may it go, and is it written
    down that it does? What `leave` says no to never left."""

    may_send: Callable[[], bool] = lambda: True
    leave: Callable[[], Awaitable[bool]] = _at_once


GO = Go()
"""Nothing stands in the way."""


class NotWritten(Exception):
    """Nothing of the request has left."""


class Unanswered(Exception):
    """The request has left, and there is no answer."""


class BindRefused(Exception):
    """The provider does not let this account in; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with status 0x{status:08x}")
        self.status = status


def trusting(authority: str | None) -> ssl.SSLContext:
    """Verifies whom it speaks to: by these certificates (PEM), or by the system's.

    Raises:
        ValueError: they cannot be read.
    """
    try:
        return ssl.create_default_context(cadata=authority)
    except ssl.SSLError as error:
        raise ValueError("there is no certificate in it that can be read") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How to speak. Seconds."""

    window: int
    """Requests without an answer at once."""
    answer_seconds: float
    idle_seconds: float
    """Of silence, after which the provider is asked whether it is there."""


class Session(asyncio.Protocol):
    """Made by `open`; `closed` is set when it is over, however that came."""

    def __init__(self, line: Line, take: Take) -> None:
        self._line = line
        self._take = take
        self._window = asyncio.Semaphore(line.window)
        self._buffer = bytearray()
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Pdu]] = {}
        self._delivered: list[Delivery] = []
        self._taking: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._heard_at = 0.0
        self._is_leaving = False
        self.closed = asyncio.Event()

    @classmethod
    async def open(
        cls, host: str, port: int, *, tls: ssl.SSLContext | None, bind: Bind, line: Line, take: Take
    ) -> Session:
        """Connect and bind.

        Raises:
            OSError, TimeoutError, NotWritten, Unanswered: there is no connection.
            BindRefused: there is, and the account is not let in.
        """
        loop = asyncio.get_running_loop()
        session = cls(line, take)
        async with asyncio.timeout(_CONNECT_SECONDS):
            await loop.create_connection(
                lambda: session, host, port, ssl=tls, server_hostname=host if tls else None
            )
        try:
            answer = await session.request(Command.BIND_TRANSCEIVER, bind.body())
            if answer.status != Status.OK or answer.command == Command.GENERIC_NACK:
                raise BindRefused(answer.status)
        except BaseException:
            session.abort()
            raise
        session._watching = asyncio.create_task(session._watch())
        return session

    @property
    def is_open(self) -> bool:
        """May a request still be written?"""
        transport = self._transport
        return transport is not None and not transport.is_closing() and not self._is_leaving

    async def request(self, command: Command, body: bytes, *, go: Go = GO) -> Pdu:
        """Ask, and wait for the answer; `go` is asked just before the first octet leaves.

        Raises:
            NotWritten: the session is over, or it is too late.
            Unanswered: it ended, or was silent, after that.
        """
        async with self._window:
            if not self.is_open:
                raise NotWritten("the session is over")
            if not go.may_send():
                raise NotWritten("too late: it waited for the window")
            if not await go.leave() or not go.may_send():
                raise NotWritten("too late: it could not be written down that it leaves")
            if not self.is_open:
                raise NotWritten("the session is over")
            return await self._asked(command, body)

    async def unbind(self) -> None:
        """Wait for answers that are due, say goodbye, and close."""
        was_open, self._is_leaving = self.is_open, True
        if was_open and self._transport is not None:
            if self._waiting:
                await asyncio.wait(self._waiting.values(), timeout=self._line.answer_seconds)
            if self._taking is not None:
                await asyncio.wait({self._taking}, timeout=_UNBIND_SECONDS)
            with suppress(Unanswered, TimeoutError):
                async with asyncio.timeout(_UNBIND_SECONDS):
                    await self._asked(Command.UNBIND, b"")
        self.abort()
        await self.closed.wait()

    def answer_delivery(self, sequence: int, *, is_taken: bool) -> bool:
        """Answer a deliver_sm; False when the session is over."""
        if self._transport is None or self._transport.is_closing():
            return False
        status = Status.OK if is_taken else Status.TEMPORARY
        self._write(Command.DELIVER_SM | RESPONSE, sequence=sequence, status=status, body=b"\0")
        return True

    def abort(self) -> None:
        """Close now; whatever has no answer stays without one."""
        if self._transport is not None:
            self._transport.abort()

    # The protocol's own calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not every event loop's transports are subclasses of it.
        self._transport = cast(asyncio.Transport, transport)
        self._heard_at = asyncio.get_running_loop().time()

    def data_received(self, data: bytes) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        self._buffer += data
        try:
            for pdu in unpack(self._buffer):
                self._hear(pdu)
        except Unreadable as error:
            log.warning("the provider sends what is no SMPP: %s", error)
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watching is not None:
            self._watching.cancel()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(Unanswered(f"the connection ended: {exc or 'closed'}"))
        self._waiting.clear()
        self.closed.set()

    def _hear(self, pdu: Pdu) -> None:
        if pdu.is_response:
            future = self._waiting.pop(pdu.sequence, None)
            if future is not None and not future.done():
                future.set_result(pdu)
            return
        match pdu.command:
            case Command.DELIVER_SM:
                self._deliver(pdu)
            case Command.ENQUIRE_LINK:
                self._answer(pdu)
            case Command.UNBIND:
                self._answer(pdu)
                self._is_leaving = True
                if self._transport is not None:
                    self._transport.close()
            case _:
                self._write(
                    Command.GENERIC_NACK, sequence=pdu.sequence, status=Status.INVALID_COMMAND
                )

    def _deliver(self, pdu: Pdu) -> None:
        try:
            message = read_message(pdu.body)
        except Unreadable as error:
            # Repeating it would not make sense of it.
            log.warning("a delivery nobody understands is refused: %s", error)
            self._answer(pdu, status=Status.PERMANENT)
            return
        self._delivered.append(Delivery(message=message, session=self, sequence=pdu.sequence))
        if len(self._delivered) == _MOST_WAITING and self._transport is not None:
            self._transport.pause_reading()
        if self._taking is None or self._taking.done():
            self._taking = asyncio.create_task(self._hand_over())

    async def _hand_over(self) -> None:
        while self._delivered:
            batch = self._delivered[:_AT_ONCE]
            del self._delivered[:_AT_ONCE]
            await self._take(batch)
            if len(self._delivered) < _MOST_WAITING and self.is_open and self._transport:
                self._transport.resume_reading()

    async def _asked(self, command: Command, body: bytes) -> Pdu:
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        sequence = self._sequence
        future: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = future
        try:
            self._write(command, sequence=sequence, body=body)
            async with asyncio.timeout(self._line.answer_seconds):
                return await future
        except TimeoutError as error:
            raise Unanswered(f"no answer in {self._line.answer_seconds:g} s") from error
        finally:
            self._waiting.pop(sequence, None)

    async def _watch(self) -> None:
        """Ask after silence; a provider that does not answer is gone."""
        loop = asyncio.get_running_loop()
        while True:
            quiet = loop.time() - self._heard_at
            if quiet < self._line.idle_seconds:
                await asyncio.sleep(self._line.idle_seconds - quiet)
                continue
            try:
                await self._asked(Command.ENQUIRE_LINK, b"")
            except Unanswered:
                log.warning("the provider does not answer any more: the session is given up")
                self.abort()
                return

    def _answer(self, pdu: Pdu, *, status: int = Status.OK) -> None:
        body = b"\0" if pdu.command == Command.DELIVER_SM else b""
        self._write(pdu.command | RESPONSE, sequence=pdu.sequence, status=status, body=body)

    def _write(self, command: int, *, sequence: int, status: int = 0, body: bytes = b"") -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(pack(command, sequence=sequence, status=status, body=body))
