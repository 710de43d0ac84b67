"""A message center to test against: SMPP over TCP, a log of what it took, and faults to order.

Its octets are read and written by the codec of `smpp34` (in Rust, by others), so that ours is held
against somebody else's reading of the specification. The frames, the queue of receipts and the
faults are its own: no server there is can be told to be silent, to answer late or to lose a line
at a given submit.
"""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import smpp34

SYSTEM_ID, PASSWORD = "campana", "s3cr3t-8"

_HEADER = struct.Struct(">IIII")
_BIND, _QUERY, _SUBMIT, _DELIVER, _UNBIND, _ENQUIRE = 9, 3, 4, 5, 6, 0x15
_RESPONSE = 0x80000000
_AGAIN_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What it does with a submit. It takes it where `status` is 0, also when it then is silent."""

    status: int = 0
    message_id: str | None = None
    """None is the next number."""
    is_silent: bool = False
    drops: bool = False
    """Closes the connection in place of an answer."""
    is_garbage: bool = False
    seconds: float = 0.0
    receipt: str | None = None
    """The `stat:` of the receipt that follows; None is none."""
    receipt_first: bool = False
    """The receipt overtakes the answer."""
    err: str = "000"


@dataclass(frozen=True, kw_only=True)
class Submit:
    """One that came in, and the name it was taken under; None where it was not taken."""

    pdu: smpp34.SubmitSm
    message_id: str | None
    session: int

    @property
    def to(self) -> str:
        return self.pdu.destination_addr


@dataclass
class Smsc:
    """One message center."""

    answer: Callable[[smpp34.SubmitSm], Answer] = lambda _: Answer()
    receipt_id: Callable[[str], str] = lambda message_id: message_id
    """How it writes an id in a receipt."""
    most_binds: int = 100
    states: dict[str, int] = field(default_factory=dict)
    """What it says to query_sm."""
    is_deaf: bool = False
    """Answers nothing any more, enquire_link included."""
    submits: list[Submit] = field(default_factory=list)
    binds: int = 0
    refused_binds: int = 0
    unbinds: int = 0
    enquiries: int = 0
    acknowledged: list[smpp34.DeliverSm] = field(default_factory=list)
    refused: int = 0
    port: int = 0

    _sessions: dict[int, asyncio.StreamWriter] = field(default_factory=dict)
    _awaited: dict[tuple[int, int], asyncio.Future[int]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _count: int = 0
    _sequence: int = 0

    @property
    def sessions(self) -> int:
        """Bound now."""
        return len(self._sessions)

    def taken(self, to: str) -> list[Submit]:
        """What it took for a number, as SMPP writes it."""
        return [each for each in self.submits if each.to == to and each.message_id is not None]

    def hang_up(self) -> None:
        """Lose every connection."""
        for writer in self._sessions.values():
            writer.transport.abort()

    def send_away(self) -> None:
        """Ask every client to leave."""
        for writer in self._sessions.values():
            self._sequence += 1
            writer.write(_HEADER.pack(16, _UNBIND, 0, self._sequence))

    def deliver(self, message: smpp34.DeliverSm) -> None:
        """Deliver, again and again until somebody takes it."""
        self._start(self._deliver(message))

    def write(self, text: str, *, source: str, to: str, **values: Any) -> None:
        """A person writes."""
        octets = values.pop("octets", None) or text.encode("latin-1")
        self.deliver(smpp34.DeliverSm(source, to, octets, source_addr_ton=1, **values))

    def report(self, submit: smpp34.SubmitSm, message_id: str, stat: str, err: str) -> None:
        """Send a receipt in the form of appendix B."""
        text = (
            f"id:{self.receipt_id(message_id)} sub:001 dlvrd:001 submit date:2603101500 "
            f"done date:2603101501 stat:{stat} err:{err} text:id:7 stat:FAILED"
        )
        self.deliver(
            smpp34.DeliverSm(
                submit.destination_addr,
                submit.source_addr,
                text.encode(),
                esm_class=4,
                source_addr_ton=submit.dest_addr_ton,
                source_addr_npi=submit.dest_addr_npi,
            )
        )

    async def _deliver(self, message: smpp34.DeliverSm) -> None:
        while True:
            if self._sessions:
                session, writer = next(iter(self._sessions.items()))
                self._sequence += 1
                sequence = self._sequence
                future = asyncio.get_running_loop().create_future()
                self._awaited[(session, sequence)] = future
                octets = message.encode()
                writer.write(octets[:12] + struct.pack(">I", sequence) + octets[16:])
                try:
                    if await future == 0:
                        self.acknowledged.append(message)
                        return
                    self.refused += 1
                except ConnectionError:
                    pass
                finally:
                    self._awaited.pop((session, sequence), None)
            await asyncio.sleep(_AGAIN_SECONDS)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._count += 1
        session = self._count
        try:
            while True:
                header = await reader.readexactly(16)
                length, command, status, sequence = _HEADER.unpack(header)
                body = await reader.readexactly(length - 16)
                if self.is_deaf:
                    continue
                self._hear(session, writer, (command, status, sequence), header + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._sessions.pop(session, None)
            for (of, _), future in list(self._awaited.items()):
                if of == session and not future.done():
                    future.set_exception(ConnectionError("gone"))
            writer.close()

    def _hear(
        self,
        session: int,
        writer: asyncio.StreamWriter,
        header: tuple[int, int, int],
        octets: bytes,
    ) -> None:
        command, status, sequence = header
        match command:
            case 9:
                self._bind(session, writer, sequence, octets[16:])
            case 4:
                self._start(self._submit(session, writer, sequence, octets))
            case 3:
                self._query(writer, sequence, octets[16:])
            case 0x15:
                self.enquiries += 1
                _respond(writer, command, sequence)
            case 6:
                self.unbinds += 1
                self._sessions.pop(session, None)
                _respond(writer, command, sequence)
            case 0x80000005:
                future = self._awaited.get((session, sequence))
                if future is not None and not future.done():
                    future.set_result(status)
            case _:
                pass

    def _bind(self, session: int, writer: asyncio.StreamWriter, sequence: int, body: bytes) -> None:
        system_id, password, *_ = body.split(b"\0")
        status = 0
        if (system_id.decode(), password.decode()) != (SYSTEM_ID, PASSWORD):
            status = 0x0E
        elif len(self._sessions) >= self.most_binds:
            status = 0x0D
        if status:
            self.refused_binds += 1
            _respond(writer, _BIND, sequence, status=status)
            return
        self.binds += 1
        self._sessions[session] = writer
        _respond(writer, _BIND, sequence, body=b"smsc\0")

    async def _submit(
        self, session: int, writer: asyncio.StreamWriter, sequence: int, octets: bytes
    ) -> None:
        pdu = smpp34.decode(octets)
        assert isinstance(pdu, smpp34.SubmitSm)
        answer = self.answer(pdu)
        message_id = None
        if answer.status == 0:
            message_id = answer.message_id
            if message_id is None:
                message_id = f"{len(self.submits) + 1:08x}"
        self.submits.append(Submit(pdu=pdu, message_id=message_id, session=session))
        if answer.drops:
            writer.transport.abort()
        if message_id and answer.receipt and answer.receipt_first:
            self.report(pdu, message_id, answer.receipt, answer.err)
            await asyncio.sleep(0.05)
        await asyncio.sleep(answer.seconds)
        if answer.is_garbage:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        elif not answer.is_silent and not writer.transport.is_closing():
            body = (message_id or "").encode() + b"\0"
            _respond(writer, _SUBMIT, sequence, status=answer.status, body=body)
        if message_id and answer.receipt and not answer.receipt_first:
            self.report(pdu, message_id, answer.receipt, answer.err)

    def _query(self, writer: asyncio.StreamWriter, sequence: int, body: bytes) -> None:
        name = body.partition(b"\0")[0]
        state = self.states.get(name.decode())
        if state is None:
            _respond(writer, _QUERY, sequence, status=0x67)
        else:
            _respond(writer, _QUERY, sequence, body=name + b"\0\0" + bytes((state, 0)))

    def _start(self, coroutine: Any) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop whatever it still does."""
        self.hang_up()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _respond(
    writer: asyncio.StreamWriter, command: int, sequence: int, *, status: int = 0, body: bytes = b""
) -> None:
    writer.write(_HEADER.pack(16 + len(body), command | _RESPONSE, status, sequence) + body)


@asynccontextmanager
async def smsc(*, tls: ssl.SSLContext | None = None, **values: Any) -> AsyncIterator[Smsc]:
    """One that listens on loopback while the block lasts."""
    center = Smsc(**values)
    server = await asyncio.start_server(center.serve, "127.0.0.1", 0, ssl=tls)
    center.port = server.sockets[0].getsockname()[1]
    try:
        yield center
    finally:
        server.close()
        await center.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                await server.wait_closed()
