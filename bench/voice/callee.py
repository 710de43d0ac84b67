"""Callees: a process that answers SIP, sends sound made beforehand, and times what comes.

    python bench/voice/callee.py --sounds FOLDER

One thread and bare sockets, so that it costs little and is on time; packets are timed by the kernel
as they arrive, so that being late in reading them changes nothing. What a callee does hangs on the
last digits of the number called:

    110  answers a question when the bot has been silent for a while: `turns`, from the last packet
         with speech that was sent to the first with sound that came
    120  interrupts each question: `stops`, from the first packet with speech that was sent to the
         last with sound that came before the bot was silent
    130  talks all the time: `deviations`, how far packets were from their 20 ms grid
    140  answers, and does nothing

Prints its port, then one line of JSON for each call that ended. Times are in milliseconds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import select
import signal
import socket
import statistics
import struct
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from campana.voice.sip_message import Message

LOOPBACK = "127.0.0.1"
FRAME, STEP = 160, 0.02
SILENCE = b"\xff" * FRAME
MAGNITUDES = bytes((~each) & 0x7F for each in range(256))
AUDIBLE = 28
"""Of the magnitudes of mu-law, 0 to 127: about -40 dB."""
TURN_SECONDS = 0.9
"""The bot is silent for so long: it has asked."""
INTO_SECONDS = 1.5
"""From the bot's first sound to an interruption."""
OVER_SECONDS = 0.3
_now = time.time  # noqa: TID251 - the clock by which the kernel stamps packets
SO_TIMESTAMPNS = getattr(socket, "SO_TIMESTAMPNS", 35)


def is_audible(sound: bytes) -> bool:
    """Would a person hear it?"""
    return max(sound.translate(MAGNITUDES), default=0) >= AUDIBLE


class Callee:
    """One call that was answered."""

    def __init__(self, number: str, remote: tuple[str, int], sounds: list[bytes]) -> None:
        self.does = number[-3:]
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((LOOPBACK, 0))
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.port: int = self.socket.getsockname()[1]
        self.due = _now() + STEP
        self.told: dict[str, Any] = {"does": self.does, "turns": [], "stops": []}
        self._remote = remote
        self._sounds = sounds
        self._next = 0
        self._frames: list[bytes] = []
        """What is being said, the next frame last."""
        self._spoken_at: float | None = None
        self._ended_at: float | None = None
        """When the last of what was said went out, until the bot replies."""
        self._first: float | None = None
        """The bot's first sound since we spoke, and its last."""
        self._last: float | None = None
        self._arrivals: list[tuple[int, float]] = []
        self._sequence, self._stamp = 1, 160

    def send(self) -> None:
        """The packet that is due."""
        now = _now()
        frame = self._frame(now)
        header = struct.pack("!BBHII", 0x80, 0, self._sequence & 0xFFFF, self._stamp, 0x0C0FFEE0)
        self._sequence, self._stamp = self._sequence + 1, (self._stamp + FRAME) & 0xFFFFFFFF
        with contextlib.suppress(OSError):
            self.socket.sendto(header + frame, self._remote)
        # A late one is not made up for by a burst, and those after it are on the grid.
        self.due = self.due + STEP if now < self.due + STEP else now + STEP

    def _frame(self, now: float) -> bytes:
        if self._frames:
            frame = self._frames.pop()
            if self._spoken_at is None and is_audible(frame):
                self._spoken_at = now
            if is_audible(frame):
                self._ended_at = now
            return frame
        if self.does == "130" or self._is_time(now):
            sound = self._sounds[self._next % len(self._sounds)]
            self._next += 1
            self._spoken_at = self._ended_at = None
            if self.does == "110":
                self._first = self._last = None
            self._frames = [sound[at : at + FRAME] for at in range(0, len(sound), FRAME)][::-1]
            return self._frame(now)
        return SILENCE

    def _is_time(self, now: float) -> bool:
        if self._first is None or self._last is None:
            return False
        if self.does == "110":
            return now - self._last > TURN_SECONDS
        return self.does == "120" and self._spoken_at is None and now - self._first > INTO_SECONDS

    def receive(self) -> None:
        """Everything that has come."""
        while True:
            try:
                packet, extra, _, _ = self.socket.recvmsg(2048, 64)
            except (BlockingIOError, ConnectionRefusedError):
                return
            if len(packet) < 12 or packet[1] & 0x7F != 0:
                continue
            seconds, nanos = struct.unpack("qq", extra[0][2][:16])
            at = seconds + nanos / 1e9
            self._arrivals.append((struct.unpack("!I", packet[4:8])[0], at))
            self._heard(at, is_sound=is_audible(packet[12:]))

    def _heard(self, at: float, *, is_sound: bool) -> None:
        if self.does == "120" and self._spoken_at is not None:
            # The bot falls silent: that was its last.
            if is_sound and self._last is not None and at - self._last < OVER_SECONDS:
                self._last = at
            elif self._last is not None and at - self._last >= OVER_SECONDS:
                self.told["stops"].append(1000 * max(0.0, self._last - self._spoken_at))
                self._spoken_at = self._first = self._last = None
            return
        if not is_sound:
            return
        if self.does == "110" and not self._frames and self._ended_at is not None:
            self.told["turns"].append(1000 * (at - self._ended_at))
            self._ended_at = None
        if self._frames and self.does == "110":
            return
        # After a while without sound it is another thing that is said.
        if self._first is None or (self._last is not None and at - self._last > TURN_SECONDS):
            self._first = at
        self._last = at

    def close(self) -> dict[str, Any]:
        """What was measured."""
        self.socket.close()
        self.told["packets"] = len(self._arrivals)
        if self.does == "130" and self._arrivals:
            stamp, _ = self._arrivals[0]
            # The first half second is that of the stack's start.
            late = [at - ((each - stamp) & 0xFFFFFFFF) / 8000 for each, at in self._arrivals[25:]]
            middle = statistics.median(late) if late else 0.0
            self.told["deviations"] = [round(1000 * abs(each - middle), 2) for each in late]
        return self.told


class Exchange:
    """Answers whoever calls."""

    def __init__(self, sounds: list[bytes]) -> None:
        self._sounds = sounds
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sip.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._sip.bind((LOOPBACK, 0))
        self._sip.setblocking(False)
        self.port: int = self._sip.getsockname()[1]
        self._poll = select.epoll()
        self._poll.register(self._sip.fileno(), select.EPOLLIN)
        self._calls: dict[str, Callee] = {}
        self._by_file: dict[int, Callee] = {}
        self._answers: dict[str, bytes] = {}
        self.is_over = False

    def run(self) -> None:
        """Until `is_over`."""
        while not self.is_over:
            now = _now()
            for callee in list(self._calls.values()):
                if callee.due <= now:
                    callee.send()
            soonest = min((each.due for each in self._calls.values()), default=now + 0.2)
            for number, _ in self._poll.poll(max(0.0005, soonest - _now())):
                if number == self._sip.fileno():
                    self._read_sip()
                elif (callee := self._by_file.get(number)) is not None:
                    callee.receive()

    def _read_sip(self) -> None:
        while True:
            try:
                datagram, peer = self._sip.recvfrom(65535)
            except (BlockingIOError, ConnectionRefusedError):
                return
            request = Message.parse(datagram)
            if request is not None and request.method is not None:
                self._dealt(request, peer)

    def _dealt(self, request: Message, peer: tuple[str, int]) -> None:
        key = request.get("call-id")
        match request.method:
            case "INVITE":
                if key not in self._answers:
                    self._answers[key] = self._answered(request)
                self._sip.sendto(self._answers[key], peer)
            case "ACK":
                pass
            case _:
                self._sip.sendto(bytes(request.reply(200, "OK")), peer)
                if request.method in {"BYE", "CANCEL"}:
                    self._end(key)

    def _answered(self, request: Message) -> bytes:
        lines = request.body.decode().splitlines()
        host = next(line.split()[-1] for line in lines if line.startswith("c="))
        port = int(next(line.split()[1] for line in lines if line.startswith("m=audio")))
        callee = Callee(request.called, (host, port), self._sounds)
        self._calls[request.get("call-id")] = callee
        self._by_file[callee.socket.fileno()] = callee
        self._poll.register(callee.socket.fileno(), select.EPOLLIN)
        body = (
            f"v=0\r\no=- 1 1 IN IP4 {LOOPBACK}\r\ns=-\r\nc=IN IP4 {LOOPBACK}\r\nt=0 0\r\n"
            f"m=audio {callee.port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
            "a=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n"
        ).encode()
        answer = request.reply(200, "OK")
        answer.set("Content-Length", str(len(body)))
        answer.headers += [
            ("Contact", f"<sip:{request.called}@{LOOPBACK}:{self.port}>"),
            ("Content-Type", "application/sdp"),
        ]
        answer.body = body
        return bytes(answer)

    def _end(self, key: str) -> None:
        callee = self._calls.pop(key, None)
        if callee is None:
            return
        self._poll.unregister(callee.socket.fileno())
        del self._by_file[callee.socket.fileno()]
        if callee.does != "140":
            sys.stdout.write(json.dumps(callee.close()) + "\n")
            sys.stdout.flush()
        else:
            callee.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sounds", type=Path, required=True, help="*.ulaw, said in turns")
    arguments = parser.parse_args()
    sounds = [file.read_bytes() for file in sorted(arguments.sounds.glob("*.ulaw"))]
    exchange = Exchange(sounds)

    def over(*_: object) -> None:
        exchange.is_over = True

    signal.signal(signal.SIGTERM, over)
    sys.stdout.write(json.dumps({"port": exchange.port}) + "\n")
    sys.stdout.flush()
    exchange.run()
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps({"does": "ended", "cpu": time.process_time()}) + "\n")


if __name__ == "__main__":
    main()
