"""One web process: uvicorn on a socket that is ours, drained on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import struct
from collections.abc import Generator
from typing import cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from campana.domain.errors import SetupError
from campana.services.browser_talks import Talks
from campana.services.context import Context
from campana.web.app import create_app
from campana.web.event_stream import ABORT
from campana.web.streams import Streams

_DRAIN_SECONDS = 10
SOCKET_MESSAGE_LIMIT = 16_384
"""Bytes of one message over a websocket; a larger one closes it (1009)."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class _Server(uvicorn.Server):
    """Leaves the signals to `serve`: uvicorn would raise them again when it has ended."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class _Protocol(HttpToolsProtocol):
    """Lets an application break a connection nobody reads: closing would wait for the reader."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast("dict[str, object]", self.scope)["state"] = {ABORT: self._abort}

    def _abort(self) -> None:
        # Without lingering: what is on its way to a reader that does not read is thrown away too.
        connection = self.transport.get_extra_info("socket")
        if connection is not None:
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.transport.abort()


async def serve(
    context: Context,
    *,
    host: str,
    port: int,
    fd: int | None = None,
    public_url: str | None = None,
    talks: Talks | None = None,
) -> None:
    """Answer requests until SIGTERM, SIGINT or cancellation; then finish those begun.

    Args:
        fd: a listening socket from the parent, in place of `host` and `port`.
        talks: to bots, from the console; without it there are none.

    Raises:
        SetupError: the port cannot be had.
    """
    listener = bind(host, port) if fd is None else socket.socket(fileno=fd)
    streams = Streams(context)
    server = _Server(
        uvicorn.Config(
            create_app(context, public_url=public_url, streams=streams, talks=talks),
            http=_Protocol,
            ws="websockets-sansio",
            ws_max_size=SOCKET_MESSAGE_LIMIT,
            # Sound does not get smaller, and what is unpacked has no size that is known before.
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # Links are made with the public URL, so nobody's X-Forwarded-* is believed.
            proxy_headers=False,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
        )
    )

    def drain() -> None:
        # A stream would keep its connection, and the process with it, for as long as it could.
        streams.close_all()
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, drain)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        drain()
        await serving
        raise
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
        listener.close()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        SetupError: in use, not allowed, or no address of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise SetupError(f"cannot listen on {host} port {port}: {error.strerror}") from error
