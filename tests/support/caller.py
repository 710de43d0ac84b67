"""Somebody who calls: a telephone of SIP on UDP, with as much of it as a call in needs."""

from __future__ import annotations

import socket
import struct
import time
import uuid
from types import TracebackType

from campana.voice.sip_message import Message

PATIENCE = 60.0
"""Seconds to wait for an answer that must come."""
_SDP = (
    "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
)


class Caller:
    """One call to `called` at a gate on loopback; closed with the block."""

    def __init__(
        self,
        gate: tuple[str, int],
        *,
        called: str,
        number: str = "anonymous",
        asserted: str | None = None,
        source: str = "127.0.0.1",
    ) -> None:
        """`asserted` is whom the trunk vouches for; `source` where it is."""
        self._gate = gate
        self._called = called
        self._number = number
        self._asserted = asserted
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for each in (self._sip, self._rtp):
            each.bind((source, 0))
        self._here: tuple[str, int] = self._sip.getsockname()
        self.call_id = uuid.uuid4().hex
        self._branch = f"z9hG4bK{uuid.uuid4().hex}"
        self.answer: Message | None = None
        """The final answer."""
        self.statuses: list[int] = []
        """All that came, in order."""
        self.is_over = False
        """They have hung up."""

    def __enter__(self) -> Caller:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sip.close()
        self._rtp.close()

    def request(
        self, method: str, *, branch: str | None = None, to: str = "", body: str = "", uri: str = ""
    ) -> bytes:
        """A request of this call."""
        host, port = self._here
        lines = [
            f"{method} {uri or f'sip:{self._called}@{self._gate[0]}:{self._gate[1]}'} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch={branch or self._branch};rport",
            "Max-Forwards: 70",
            f"From: <sip:{self._number}@{self._here[0]}>;tag={self.call_id[:8]}",
            f"To: {to or f'<sip:{self._called}@{self._gate[0]}>'}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {2 if method == 'BYE' else 1} {method}",
            f"Contact: <sip:caller@{self._here[0]}:{self._here[1]}>",
        ]
        if self._asserted is not None:
            lines.append(f"P-Asserted-Identity: <sip:{self._asserted}@carrier.example>")
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body)}")
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    def send(self, datagram: bytes, to: tuple[str, int] | None = None) -> None:
        """Put a datagram on the wire."""
        self._sip.sendto(datagram, to or self._gate)

    def invite(self) -> None:
        """Call, and wait for nothing; the same again is the same call."""
        host, port = self._rtp.getsockname()
        self.send(self.request("INVITE", body=_SDP.format(host=host, port=port)))

    def receive(self, *, patience: float = PATIENCE) -> Message:
        """The next message.

        Raises:
            TimeoutError: none came.
        """
        self._sip.settimeout(patience)
        while True:
            data, _ = self._sip.recvfrom(65_536)
            message = Message.parse(data)
            if message is not None:
                return message

    def rings(self) -> int:
        """Call, and acknowledge the final answer; its status."""
        self.invite()
        return self.final()

    def final(self) -> int:
        """Wait for the final answer to the call, and acknowledge it; its status."""
        deadline = time.monotonic() + PATIENCE
        while True:
            message = self.receive(patience=max(0.0, deadline - time.monotonic()))
            if message.method is not None or "INVITE" not in message.get("cseq"):
                continue
            status = int(message.first.split(" ")[1])
            self.statuses.append(status)
            if status >= 200:
                self.answer = message
                self._acknowledge(message, status)
                return status

    def _acknowledge(self, answer: Message, status: int) -> None:
        to = answer.get("to")
        if status >= 300:
            self.send(self.request("ACK", to=to))
            return
        uri, peer = self._contact(answer)
        ack = self.request("ACK", branch=f"z9hG4bK{uuid.uuid4().hex}", to=to, uri=uri)
        self.send(ack, peer)

    def _contact(self, answer: Message) -> tuple[str, tuple[str, int]]:
        uri = answer.get("contact").partition("<")[2].partition(">")[0]
        host, _, port = uri.partition("@")[2].partition(";")[0].rpartition(":")
        return uri, (host, int(port))

    def press(self, key: str) -> None:
        """Press a key as RFC 4733 sends it, into the sound of the call."""
        assert self.answer is not None
        sdp = self.answer.body.decode()
        port = int(sdp.partition("m=audio ")[2].split(" ")[0])
        host = sdp.partition("c=IN IP4 ")[2].split("\r\n")[0]
        for n, (is_end, duration) in enumerate(((0, 160), (0, 320), (1, 480), (1, 480), (1, 480))):
            head = struct.pack("!BBHII", 0x80, 101 | (0x80 if n == 0 else 0), n, 8000, 4711)
            event = struct.pack("!BBH", "0123456789*#".index(key), is_end << 7 | 10, duration)
            self._rtp.sendto(head + event, (host, port))

    def heard(self) -> bool:
        """Has any sound come that is not silence?"""
        self._rtp.settimeout(PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            packet, _ = self._rtp.recvfrom(4096)
            if len(set(packet[12:])) > 2:
                return True
        return False

    def hang_up(self) -> None:
        """End a call that is up."""
        assert self.answer is not None
        uri, peer = self._contact(self.answer)
        bye = self.request(
            "BYE", branch=f"z9hG4bK{uuid.uuid4().hex}", to=self.answer.get("to"), uri=uri
        )
        self.send(bye, peer)

    def until_over(self) -> None:
        """Wait until they hang up, and say that we have heard it."""
        deadline = time.monotonic() + PATIENCE
        while not self.is_over:
            message = self.receive(patience=max(0.0, deadline - time.monotonic()))
            if message.method == "BYE":
                self.is_over = True
                via = message.get("via").split(" ")[-1].partition(";")[0]
                host, _, port = via.rpartition(":")
                self.send(bytes(message.reply(200, "OK")), (host, int(port)))
