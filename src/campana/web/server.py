"""One web process: uvicorn on a socket that is ours, drained on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Generator

import uvicorn

from campana.domain.errors import SetupError
from campana.services.context import Context
from campana.web.app import create_app

_DRAIN_SECONDS = 10
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class _Server(uvicorn.Server):
    """Leaves the signals to `serve`: uvicorn would raise them again when it has ended."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def serve(
    context: Context,
    *,
    host: str,
    port: int,
    fd: int | None = None,
    public_url: str | None = None,
) -> None:
    """Answer requests until SIGTERM, SIGINT or cancellation; then finish those begun.

    Args:
        fd: a listening socket from the parent, in place of `host` and `port`.

    Raises:
        SetupError: the port cannot be had.
    """
    listener = bind(host, port) if fd is None else socket.socket(fileno=fd)
    server = _Server(
        uvicorn.Config(
            create_app(context, public_url=public_url),
            http="httptools",
            ws="none",
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
