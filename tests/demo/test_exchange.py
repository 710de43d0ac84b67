"""The exchange as a program: what it refuses to start with, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from campana.demo.plan import Behavior, Plan, read_plan
from campana.domain.errors import SetupError

LOOPBACK = "127.0.0.1"
PATIENCE = 60.0
"""Seconds in which a process ends, also on a machine that has much else to do."""

pytestmark = pytest.mark.timeout(120)


@contextmanager
def exchange(directory: Path, *options: str) -> Generator[subprocess.Popen[str]]:
    """It is gone afterwards, whatever a test found: who is left over troubles those that follow."""
    words = (sys.executable, "-m", "campana.demo.exchange", "--log", str(directory / "log"))
    with subprocess.Popen(
        [*words, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_number_goes_through_its_behaviors_and_stays_with_the_last() -> None:
    plan = Plan(numbers={"+12025550101": (Behavior(do="busy"), Behavior(do="answer"))})
    does = [plan.behavior("+12025550101", call=n).do for n in range(3)]
    assert does == ["busy", "answer", "answer"]
    assert plan.behavior("+12025550102", call=0).do == "answer"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "plan.json cannot be used"),
        ('{"default": [{"do": "explode"}]}', "explode"),
        ('{"default": [{"doo": "answer"}]}', "doo"),
        ('{"numbrs": {}}', "numbrs"),
    ],
)
def test_a_bad_plan_is_told(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "plan.json").write_text(content)
    with pytest.raises(SetupError, match=message):
        read_plan(tmp_path / "plan.json")


def test_a_plan_that_is_not_there_is_a_sentence_and_not_success(tmp_path: Path) -> None:
    with exchange(tmp_path, "--plan", str(tmp_path / "absent.json")) as process:
        said, wrong = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert said == ""
    assert "absent.json cannot be used" in wrong
    assert "Traceback" not in wrong


@pytest.mark.voice
def test_a_port_in_use_is_a_sentence_and_not_success(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((LOOPBACK, 0))
        port = taken.getsockname()[1]
        with exchange(tmp_path, "--port", str(port)) as process:
            _, wrong = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert f"the port {LOOPBACK}:{port} cannot be used" in wrong
    assert "Traceback" not in wrong


@pytest.mark.voice
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_tells_its_port_and_ends_when_asked(tmp_path: Path, ending: signal.Signals) -> None:
    with exchange(tmp_path) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate(timeout=PATIENCE)
        assert is_answered(json.loads(line)["port"])
        process.send_signal(ending)
        _, wrong = process.communicate(timeout=PATIENCE)
    assert (process.returncode, wrong) == (0, "")


def is_answered(port: int) -> bool:
    """Does a switchboard say that it is well?"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.bind((LOOPBACK, 0))
        caller.settimeout(PATIENCE)
        here = "{}:{}".format(*caller.getsockname())
        caller.sendto(
            f"OPTIONS sip:a@{LOOPBACK} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK1\r\n"
            f"From: <sip:a@{here}>;tag=1\r\nTo: <sip:a@{LOOPBACK}>\r\nCall-ID: 1\r\n"
            f"CSeq: 1 OPTIONS\r\n\r\n".encode(),
            (LOOPBACK, port),
        )
        return caller.recv(2048).startswith(b"SIP/2.0 200")
