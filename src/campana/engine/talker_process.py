"""The talks of a web process, run in another one that is started with the first of them.

It is ended when nobody has talked for a while: the models take a few hundred megabytes. When it
dies its talks end, and the next one starts it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Mapping, Sequence

import msgspec

from campana.domain.errors import RateLimited, Unavailable
from campana.engine.talker import HANDED
from campana.services.browser_talks import Message, Order, packed, unpacked

log = logging.getLogger(__name__)

IDLE_SECONDS = 300.0
_ENDING_SECONDS = 5.0
_MOST_UNSENT = 256_000
"""Bytes on their way to it: sixteen seconds of sound that it has not taken."""


class TalkerProcess:
    """`Talks` of this process; `aclose` it."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        most: int,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """`command` starts a talker, with `--fd N` after it; `most` may talk at once."""
        self._command = tuple(command)
        self._environment = dict(environment)
        self._most = most
        self._idle_seconds = idle_seconds
        self._open: set[_Wire] = set()
        self._starting = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._begun = 0
        self._is_closing = False

    @property
    def in_progress(self) -> int:
        """How many talk now."""
        return len(self._open) + self._begun

    @property
    def pid(self) -> int | None:
        """Of the process beside this one; None while there is none."""
        return self._process.pid if self._process is not None else None

    async def open(self, order: Order) -> _Wire:
        """As `Talks.open`."""
        if self._is_closing:
            raise Unavailable("this server is about to restart")
        if self.in_progress >= self._most:
            raise RateLimited(
                f"{self._most} people talk to bots on this server already: wait until one has"
                " hung up"
                if self._most
                else "talking to bots is switched off on this server"
            )
        # Counted before the first wait: of many that come at once no more are let in.
        self._begun += 1
        try:
            wire = await self._begin(order)
        finally:
            self._begun -= 1
        self._open.add(wire)
        return wire

    async def _begin(self, order: Order) -> _Wire:
        async with self._starting:
            self._wake()
            control = await self._running()
        ours, theirs = socket.socketpair()
        try:
            socket.send_fds(control, [HANDED], [theirs.fileno()])
        except OSError as error:
            ours.close()
            raise Unavailable("nobody can run a bot here just now") from error
        finally:
            theirs.close()
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        wire = _Wire(reader, writer, closed=self._closed)
        writer.write(packed(msgspec.to_builtins(order)))
        return wire

    async def _running(self) -> socket.socket:
        """The way to the process, started if there is none."""
        if self._control is not None and self._process is not None:
            if self._process.returncode is None:
                return self._control
            log.warning("the talker ended with %s; it is started again", self._process.returncode)
            self._control.close()
        ours, theirs = socket.socketpair()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                "--fd",
                str(theirs.fileno()),
                env=self._environment,
                pass_fds=(theirs.fileno(),),
            )
        except OSError as error:
            ours.close()
            raise Unavailable("nobody can run a bot here just now") from error
        finally:
            theirs.close()
        self._control = ours
        return ours

    def _wake(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None

    def _closed(self, wire: _Wire) -> None:
        self._open.discard(wire)
        if not self.in_progress and not self._is_closing:
            self._wake()
            loop = asyncio.get_running_loop()
            self._resting = loop.call_later(self._idle_seconds, self._rest)

    def _rest(self) -> None:
        """Nobody has talked for a while."""
        if not self.in_progress:
            ending = asyncio.ensure_future(self._end())
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def _end(self) -> None:
        async with self._starting:
            if self.in_progress and not self._is_closing:
                return
            process, self._process = self._process, None
            if self._control is not None:
                self._control.close()
                self._control = None
            if process is None:
                return
            try:
                async with asyncio.timeout(_ENDING_SECONDS):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    async def aclose(self) -> None:
        """End every talk and the process."""
        self._is_closing = True
        self._wake()
        for wire in list(self._open):
            wire.close()
        await self._end()


class _Wire:
    """One talk: an end of its socket."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        closed: Callable[[_Wire], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._on_closed = closed
        self._is_closed = False

    async def receive(self) -> bytes | Message | None:
        """As `Talking.receive`."""
        return None if self._is_closed else await unpacked(self._reader)

    async def send(self, told: bytes | Message) -> None:
        """As `Talking.send`."""
        waiting = self._writer.transport.get_write_buffer_size()
        if self._is_closed or self._writer.is_closing():
            return
        # Sound that nobody takes, while the models load, is not worth keeping.
        if not isinstance(told, bytes) or waiting < _MOST_UNSENT:
            self._writer.write(packed(told))

    def close(self) -> None:
        """As `Talking.close`."""
        if not self._is_closed:
            self._is_closed = True
            self._writer.close()
            self._on_closed(self)
