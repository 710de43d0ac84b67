"""The programs a call needs at both ends: a line that calls, the exchange, sipp, bare sockets."""

from __future__ import annotations

import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
import time
import uuid
import wave
from pathlib import Path
from typing import Any

from campana.domain.ids import AttemptId, attempt_text
from campana.voice.media import PHONE_RATE, samples
from tests.support.logs import json_lines

HERE = Path(__file__).parent
LOOPBACK = "127.0.0.1"
PATIENCE = 60.0
"""Seconds to wait for a peer before the test fails; nothing is asserted about time with it."""

Call = dict[str, Any]


class LineProcess:
    """`line_process.py`: places calls and tells what comes of them."""

    def __init__(self, *options: str, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "line_process.py"), LOOPBACK, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        self._told: queue.Queue[Call | None] = queue.Queue()
        self._seen: list[Call] = []
        self.attempts: dict[str, str] = {}
        """The attempt id of each call, as carriers see it."""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.until("", "ready", patience=120.0)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._told.put(json.loads(line))
        self._told.put(None)

    def place(self, name: str, *, to: str = "+12025550101", port: int, **order: object) -> None:
        """Start a call; `name` finds it again."""
        attempt = uuid.uuid4()
        self.attempts[name] = attempt_text(AttemptId(attempt))
        wanted = {"name": name, "to": to, "port": port, "attempt": str(attempt), **order}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()

    def until(
        self, name: str, kind: str, *, event: str | None = None, patience: float = PATIENCE
    ) -> Call:
        """The first thing of this kind told of a call, waiting for it if need be."""

        def is_it(told: Call) -> bool:
            return (told["call"], told["kind"], told.get("type")) == (name, kind, event)

        for told in self._seen:
            if is_it(told):
                return told
        deadline = time.monotonic() + patience
        while True:
            told = self._told.get(timeout=max(0.0, deadline - time.monotonic()))
            if told is None:
                raise EOFError(f"the line ended before {kind} {event or ''} of {name!r}")
            self._seen.append(told)
            if is_it(told):
                return told

    def result(self, name: str) -> Call:
        """What came of a call."""
        return self.until(name, "result")

    def events(self, name: str) -> list[str]:
        """What happened in a call so far."""
        told = (told for told in self._seen if told["call"] == name)
        return [each["type"] for each in told if each["kind"] == "event"]

    def close(self) -> Call:
        """Let it end by itself; its farewell."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        farewell = self.until("", "closed")
        assert self._process.wait(PATIENCE) == 0
        return farewell

    def kill(self) -> None:
        """End it if it has not ended."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()


class Exchange:
    """The demo's exchange of softphones, a process of its own."""

    def __init__(self, plan: dict[str, Any], directory: Path) -> None:
        self._directory = directory
        (directory / "plan.json").write_text(json.dumps(plan))
        self.log_path = directory / "witness.jsonl"
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "campana.demo.exchange", "--port", "0"),
                *("--log", str(self.log_path), "--plan", str(directory / "plan.json")),
                *("--audio", str(directory)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port: int = json.loads(self._process.stdout.readline())["port"]

    def witnessed(self, attempt: str) -> list[Call]:
        """What the exchange saw of an attempt."""
        return [line for line in json_lines(self.log_path) if line["attempt"] == attempt]

    def everything(self) -> list[Call]:
        """All that the exchange saw so far."""
        return json_lines(self.log_path)

    def heard(self, attempt: str) -> bytes:
        """The sound that reached the called party."""
        with wave.open(str(self._directory / f"{attempt}.wav"), "rb") as file:
            assert file.getframerate() == PHONE_RATE
            return file.readframes(file.getnframes())

    def close(self) -> None:
        """Ask it to end."""
        self._process.terminate()
        code = self._process.wait(PATIENCE)
        assert self._process.stdout is not None
        self._process.stdout.close()
        assert code == 0


class Sipp:
    """One scenario of sipp, answering on a port of loopback.

    Where it stands still for half a second, requests come again and wait for it in the socket. They
    are told from new ones by their headers (the SIP stack changes the version of the SDP each
    time), and only until it sends a second message: so scenarios answer a request at once, which
    ends its repetition, and pause before they go on; what comes in a pause is not looked at. They
    themselves send nothing twice: loopback loses nothing.
    """

    def __init__(self, scenario: str, *, directory: Path, **words: str) -> None:
        """Each `@name@` in the scenario is replaced by the word of that name."""
        text = (HERE / "sipp" / f"{scenario}.xml").read_text()
        for name, word in words.items():
            text = text.replace(f"@{name}@", word)
        self._played = directory / "scenario.xml"
        self._played.write_text(text)
        self._errors = directory / "errors.log"
        # Between looking for free ports and taking them another program may have taken one.
        for _ in range(5):
            self._start()
            if self._is_listening():
                return
        raise TimeoutError(f"sipp does not listen: {self._what_went_wrong()}")

    def _start(self) -> None:
        program = shutil.which("sipp")
        assert program is not None
        self.port = free_port()
        self._process = subprocess.Popen(
            [
                *(program, "-sf", str(self._played), "-m", "1", "-nostdin", "-rtp_echo"),
                *("-rtcheck", "loose", "-pause_msg_ign"),
                *("-i", LOOPBACK, "-p", str(self.port), "-mp", str(free_port())),
                *("-trace_err", "-error_file", str(self._errors)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._played.parent,
        )

    def _is_listening(self) -> bool:
        """Wait until it takes a keep-alive: before, loopback reports each as refused."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.connect((LOOPBACK, self.port))
                probe.send(b"\r\n\r\n")
                probe.settimeout(0.02)
                try:
                    probe.recv(1)
                except TimeoutError:
                    return True
                except ConnectionRefusedError:
                    continue
        return False

    def _what_went_wrong(self) -> str:
        return self._errors.read_text() if self._errors.exists() else ""

    def assert_matched(self) -> None:
        """The whole scenario happened as it is written, acknowledgements included."""
        code = self._process.wait(PATIENCE)
        assert code == 0, f"sipp ended with {code}: {self._what_went_wrong()}"

    def kill(self) -> None:
        """End it if it has not ended."""
        self._process.kill()
        self._process.wait()


def free_port() -> int:
    """The first of four free ports, below those that lines use for media."""
    first = 10_000 + uuid.uuid4().int % 1500 * 4
    for port in range(first, 16_384, 4):
        if all(_is_free(each) for each in range(port, port + 4)):
            return port
    raise OSError("no port is free")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def sides(path: Path) -> tuple[bytes, bytes]:
    """A recording's two sides: the callee's and the bot's."""
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, PHONE_RATE)
        both = samples(file.readframes(file.getnframes()))
    return both[0::2].tobytes(), both[1::2].tobytes()
