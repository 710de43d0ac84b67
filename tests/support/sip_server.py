"""A SIP server to ask: it answers each datagram as it is told, and keeps what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from campana.voice.sip_message import Message

Answers = Callable[[int], Sequence[tuple[int, str]]]
"""The statuses that answer the datagram of this number, from 1; none is silence."""


class SipServer(asyncio.DatagramProtocol):
    """Made by `sip_server`."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._transport: asyncio.DatagramTransport | None = None
        self.asked: list[Message] = []

    @property
    def port(self) -> int:
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not every event loop's transports are subclasses of it.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        message = Message.parse(data)
        assert message is not None
        assert self._transport is not None
        self.asked.append(message)
        for status, reason in self._answers(len(self.asked)):
            self._transport.sendto(bytes(message.reply(status, reason)), addr)


@asynccontextmanager
async def sip_server(answers: Answers) -> AsyncIterator[SipServer]:
    """One that listens on loopback while the block lasts."""
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: SipServer(answers), local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        transport.close()
