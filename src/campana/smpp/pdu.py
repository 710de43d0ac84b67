"""The PDUs of SMPP 3.4 that a client needs, to octets and back (SMPP 3.4 Issue 1.2, chapter 4)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

HEADER = struct.Struct(">IIII")
LONGEST = 70_000
"""A message_payload may hold 64 KiB; what says that it is longer is no PDU."""
RESPONSE = 0x80000000


class Command(IntEnum):
    """What a client says or hears; a response has the highest bit set besides."""

    GENERIC_NACK = 0x80000000
    QUERY_SM = 0x03
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    ENQUIRE_LINK = 0x15


class Status(IntEnum):
    """Of a response (5.1.3); providers add numbers of their own."""

    OK = 0x00
    INVALID_COMMAND = 0x03
    INVALID_SOURCE = 0x0A
    INVALID_DESTINATION = 0x0B
    SYSTEM_ERROR = 0x08
    INVALID_BIND_STATE = 0x04
    ALREADY_BOUND = 0x05
    QUEUE_FULL = 0x14
    SUBMIT_FAILED = 0x45
    THROTTLED = 0x58
    TEMPORARY = 0x64
    PERMANENT = 0x65
    REJECTED = 0x66
    UNKNOWN_ERROR = 0xFF


class Tag(IntEnum):
    """Of an optional parameter (5.3.2)."""

    RECEIPTED_MESSAGE_ID = 0x001E
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_NUMBER = 0x020F
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


class Unreadable(ValueError):
    """These octets are no PDU, or not the one they say they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pdu:
    """A header, and the body as it came."""

    command: int
    status: int
    sequence: int
    body: bytes

    @property
    def is_response(self) -> bool:
        """Does it answer one of ours?"""
        return bool(self.command & RESPONSE)


def pack(command: int, *, sequence: int, status: int = Status.OK, body: bytes = b"") -> bytes:
    """The octets of a PDU."""
    return HEADER.pack(HEADER.size + len(body), command, status, sequence) + body


def unpack(buffer: bytearray) -> Iterator[Pdu]:
    """Take the whole PDUs off the front of what was received.

    Raises:
        Unreadable: the length is impossible; nothing after it can be understood.
    """
    while len(buffer) >= HEADER.size:
        length, command, status, sequence = HEADER.unpack_from(buffer)
        if not HEADER.size <= length <= LONGEST:
            raise Unreadable(f"a PDU of {length} octets")
        if len(buffer) < length:
            return
        body = bytes(buffer[HEADER.size : length])
        del buffer[:length]
        yield Pdu(command=command, status=status, sequence=sequence, body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """An account. Its password is nowhere but in `body`."""

    system_id: str
    password: str = field(repr=False)
    system_type: str = ""

    def body(self) -> bytes:
        """Of a bind_transceiver, as version 3.4 with no range of addresses."""
        words = (self.system_id, self.password, self.system_type)
        return b"".join(map(_text, words)) + b"\x34\x00\x00\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A number or a name with its type of number and numbering plan (5.2.5, 5.2.6)."""

    text: str
    ton: int
    npi: int

    def octets(self) -> bytes:
        """As a PDU carries it."""
        return bytes((self.ton, self.npi)) + _text(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The body that submit_sm and deliver_sm share. `validity` is as 7.1.1 writes a period."""

    source: Address
    destination: Address
    octets: bytes
    data_coding: int = 0
    esm_class: int = 0
    service_type: str = ""
    registered_delivery: int = 0
    validity: str = ""
    options: Mapping[int, bytes] = field(default_factory=dict[int, bytes])

    def body(self) -> bytes:
        """To octets; more than 254 of a text travel as message_payload."""
        options, octets = dict(self.options), self.octets
        if len(octets) > 254:
            options[Tag.MESSAGE_PAYLOAD], octets = octets, b""
        return b"".join(
            (
                _text(self.service_type),
                self.source.octets(),
                self.destination.octets(),
                bytes((self.esm_class, 0, 0)),
                _text(""),
                _text(self.validity),
                bytes((self.registered_delivery, 0, self.data_coding, 0, len(octets))),
                octets,
                *(struct.pack(">HH", tag, len(v)) + v for tag, v in options.items()),
            )
        )


def read_message(body: bytes) -> Message:
    """What a deliver_sm says; a message_payload is its text.

    Raises:
        Unreadable: it is cut short.
    """
    octets = _Octets(body)
    service_type = octets.text()
    source, destination = octets.address(), octets.address()
    esm_class = octets.number()
    octets.skip(2)
    octets.text()
    validity = octets.text()
    registered_delivery = octets.number()
    octets.skip(1)
    data_coding = octets.number()
    octets.skip(1)
    text = octets.take(octets.number())
    options = octets.options()
    return Message(
        source=source,
        destination=destination,
        octets=text or options.get(Tag.MESSAGE_PAYLOAD, b""),
        data_coding=data_coding,
        esm_class=esm_class,
        service_type=service_type,
        registered_delivery=registered_delivery,
        validity=validity,
        options=options,
    )


def read_message_id(body: bytes) -> str:
    """Of a submit_sm_resp; empty where there is none.

    Raises:
        Unreadable: it has no end.
    """
    return _Octets(body).text() if body else ""


def query_body(message_id: str, source: Address) -> bytes:
    """Of a query_sm."""
    return _text(message_id) + source.octets()


def read_state(body: bytes) -> tuple[int, int]:
    """The message_state and the network's error code of a query_sm_resp.

    Raises:
        Unreadable: it is cut short.
    """
    octets = _Octets(body)
    octets.text()
    octets.text()
    return octets.number(), octets.number()


def period(minutes: int | None) -> str:
    """A span from now on as 7.1.1.2 writes it, YYMMDDhhmmss000R; empty for None."""
    if minutes is None:
        return ""
    days, left = divmod(minutes, 24 * 60)
    return f"0000{days:02}{left // 60:02}{left % 60:02}00000R"


def _text(text: str) -> bytes:
    return text.encode("latin-1", errors="replace").replace(b"\0", b"") + b"\0"


class _Octets:
    """A body, read from its front."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def take(self, count: int) -> bytes:
        taken = self._body[self._at : self._at + count]
        if len(taken) < count:
            raise Unreadable("a body that is cut short")
        self._at += count
        return taken

    def skip(self, count: int) -> None:
        self.take(count)

    def number(self) -> int:
        return self.take(1)[0]

    def text(self) -> str:
        end = self._body.find(b"\0", self._at)
        if end < 0:
            raise Unreadable("a text without its end")
        text = self._body[self._at : end].decode("latin-1")
        self._at = end + 1
        return text

    def address(self) -> Address:
        ton, npi = self.take(2)
        return Address(ton=ton, npi=npi, text=self.text())

    def options(self) -> dict[int, bytes]:
        """To the end. What is cut short there is left out: some providers pad with noughts."""
        found: dict[int, bytes] = {}
        while len(self._body) - self._at >= 4:
            tag, length = struct.unpack_from(">HH", self._body, self._at)
            octets = self._body[self._at + 4 : self._at + 4 + length]
            if len(octets) < length:
                break
            found[tag] = octets
            self._at += 4 + length
        return found
