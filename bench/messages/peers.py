"""The peers of both sides: a message center and a mail server, each a process of its own.

    python bench/messages/peers.py smpp | smtp

Prints its port, and serves until its standard input ends. The mail server does no more than the
protocol asks for: what is measured are its clients.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import cast

import uvloop

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.support.smsc import Answer, smsc  # noqa: E402

_END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    """Takes every letter."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._buffer = b""
        self._is_letter = False
        self._transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(_END if self._is_letter else b"\r\n")) >= 0:
            skip = len(_END) if self._is_letter else 2
            line, self._buffer = self._buffer[:end], self._buffer[end + skip :]
            self._transport.write(self._answer(line))

    def _answer(self, line: bytes) -> bytes:
        if self._is_letter:
            self._is_letter = False
            return b"250 2.0.0 taken\r\n"
        match line[:4].upper():
            case b"EHLO":
                return b"250-sink\r\n250 SIZE 33554432\r\n"
            case b"DATA":
                self._is_letter = True
                return b"354 go on\r\n"
            case b"QUIT":
                return b"221 bye\r\n"
            case _:
                return b"250 OK\r\n"


async def main(kind: str) -> None:
    """Serve."""
    loop = asyncio.get_running_loop()
    sink = await loop.create_server(Sink, "127.0.0.1", 0)
    async with smsc(answer=lambda _: Answer(receipt="DELIVRD")) as center:
        is_smpp = kind == "smpp"
        print(center.port if is_smpp else sink.sockets[0].getsockname()[1], flush=True)
        await loop.run_in_executor(None, sys.stdin.read)
    sink.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
