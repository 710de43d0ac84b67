"""A port of its own for the SIP stack, which listens on it over UDP and over TCP."""

from __future__ import annotations

import socket
from collections.abc import Callable

from campana.domain.errors import SetupError
from campana.voice.stack import Baresip, Runtime

COMMAND_SECONDS = 15
_LOOKS, _STARTS = 50, 5


async def started(
    bs: Baresip, address: str, configured: Callable[[int], object]
) -> tuple[Runtime, int]:
    """A runtime that listens on a port nobody had, and the port.

    Somebody may take it between the look and the start: then another is tried.

    Args:
        bs: the package.
        address: local address to listen on.
        configured: the stack's configuration for a port.

    Raises:
        SetupError: no port is free.
        Baresip.BaresipError: it starts on none of five.
    """
    for left in reversed(range(_STARTS)):
        port = _free_port(address)
        runtime = bs.Runtime(command_timeout=COMMAND_SECONDS)
        try:
            await runtime.start(configured(port))
        except bs.BaresipError:
            if not left:
                raise
        else:
            return runtime, port
    raise AssertionError("the last start either raises or returns")


def _free_port(address: str) -> int:
    for _ in range(_LOOKS):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind((address, 0))
            port = int(udp.getsockname()[1])
            try:
                tcp.bind((address, port))
            except OSError:
                continue
            return port
    raise SetupError(f"no port is free on {address}")
