"""Trunks over TLS: whose certificate is taken, and calls whose sound is encrypted."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import certificates
from tests.voice.peers import HERE, LOOPBACK, PATIENCE, LineProcess, free_port

pytestmark = [pytest.mark.voice, pytest.mark.timeout(180)]

TLS = {"host": LOOPBACK, "transport": "tls"}
SECURE = {**TLS, "srtp": True}


class SecurePeer:
    """`secure_peer.py`; `port` is where it listens."""

    def __init__(self, folder: Path, *parameters: str) -> None:
        certificate = folder / "server.pem"
        certificate.write_text(certificates.server_pem())
        below = free_port()
        self.port = below + 1
        words = [str(HERE / "secure_peer.py"), str(below), str(certificate), *parameters]
        self.process = subprocess.Popen(
            [sys.executable, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._told: queue.Queue[dict[str, str]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.until("ready", patience=60)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._told.put(json.loads(line))

    def until(self, what: str, *, patience: float = PATIENCE) -> str:
        """What it tells of this next; nothing else is kept."""
        while True:
            told = self._told.get(timeout=patience)
            if told["what"] == what:
                return told["text"]

    def is_silent(self) -> bool:
        """Has it nothing more to tell?"""
        return self._told.empty()


@contextmanager
def secure_peer(folder: Path, *parameters: str) -> Iterator[SecurePeer]:
    peer = SecurePeer(folder, *parameters)
    try:
        yield peer
    finally:
        peer.process.kill()
        peer.process.wait()
        for stream in (peer.process.stdin, peer.process.stdout):
            assert stream is not None
            stream.close()


@contextmanager
def line_that_trusts(folder: Path, authority: str) -> Iterator[LineProcess]:
    trusted = folder / "authorities.pem"
    trusted.write_text(authority)
    line = LineProcess(SSL_CERT_FILE=str(trusted))
    try:
        yield line
    finally:
        line.kill()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secure")


@pytest.fixture(scope="module")
def line(folder: Path) -> Iterator[LineProcess]:
    with line_that_trusts(folder, certificates.authority()) as made:
        yield made


def test_sound_is_encrypted_where_the_trunk_says_so(line: LineProcess, tmp_path: Path) -> None:
    with secure_peer(tmp_path, "mediaenc=srtp-mand") as peer:
        line.place("secure", port=peer.port, trunk=SECURE)
        assert line.result("secure")["end"] == "answered"
        assert "AES_CM_128_HMAC_SHA1_80" in peer.until("encrypted")
        assert int(peer.until("heard")) > 0


def test_there_is_no_call_in_the_clear_instead(line: LineProcess, tmp_path: Path) -> None:
    with secure_peer(tmp_path) as peer:
        line.place("downgraded", port=peer.port, trunk=SECURE)
        result = line.result("downgraded")
        assert (result["end"], result["status"]) == ("refused", 488)
        line.place("in the clear", port=peer.port, trunk=TLS)
        assert line.result("in the clear")["end"] == "answered"


def test_nothing_is_sent_to_a_server_that_nobody_known_has_signed(tmp_path: Path) -> None:
    with (
        secure_peer(tmp_path) as peer,
        line_that_trusts(tmp_path, certificates.unrelated_authority()) as line,
    ):
        line.place("unknown", port=peer.port, trunk=TLS)
        result = line.result("unknown")
        assert (result["end"], result["status"]) == ("failed", None)
        assert "its certificate" in result["reason"]
        assert peer.is_silent()
