"""Trunks that are not there, do not speak, or call us: each ends in a fact, never in a hang."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from campana.domain.errors import SetupError
from campana.voice.sip import SipDriver, local_address_towards
from tests.voice.peers import LOOPBACK, LineProcess, free_port

pytestmark = [pytest.mark.voice, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def line() -> Iterator[LineProcess]:
    made = LineProcess()
    yield made
    made.kill()


@pytest.fixture
def trunk() -> Iterator[socket.socket]:
    """A socket that takes SIP and answers only what a test has it answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind((LOOPBACK, 0))
        made.settimeout(60)
        yield made


def port_of(trunk: socket.socket) -> int:
    port: int = trunk.getsockname()[1]
    return port


def test_a_trunk_that_is_not_there_is_not_a_person_who_does_not_answer(line: LineProcess) -> None:
    line.place("absent", port=free_port(), ring_seconds=1.0)
    line.place("closed", port=free_port(), trunk={"host": LOOPBACK, "transport": "tcp"})
    assert line.result("absent")["end"] == "failed"
    result = line.result("closed")
    assert (result["end"], result["status"]) == ("failed", None)
    assert "refused" in result["reason"]


def test_a_trunk_that_keeps_silent_is_asked_again_and_given_up(
    line: LineProcess, trunk: socket.socket
) -> None:
    line.place("silent", port=port_of(trunk), ring_seconds=4.0)
    result = line.result("silent")
    assert (result["end"], result["reason"]) == ("failed", "the trunk gave no sign of ringing")
    assert result["free_lines"] == 50
    trunk.settimeout(0.1)
    seen: list[str] = []
    while True:
        try:
            seen.append(trunk.recv(4096).decode())
        except TimeoutError:
            break
    # RFC 3261: the INVITE is repeated after 0.5, 1.5 and 3.5 s, or once at least by a machine that
    # stood still meanwhile; nothing is cancelled before an answer.
    assert {text.split()[0] for text in seen} == {"INVITE"}
    assert 1 < len(seen) <= 4
    assert len({re.findall("branch=([^;]*)", text)[0] for text in seen}) == 1


def test_a_call_from_elsewhere_is_refused(line: LineProcess, trunk: socket.socket) -> None:
    line.place("bait", port=port_of(trunk), ring_seconds=2.0)
    invite = trunk.recv(4096).decode()
    contact = re.findall(r"Contact: <sip:([^@]*)@[^:]*:(\d+)", invite)[0]
    address = (LOOPBACK, int(contact[1]))
    here = "{}:{}".format(*trunk.getsockname())
    body = (
        f"v=0\r\no=- 1 1 IN IP4 {LOOPBACK}\r\ns=-\r\nc=IN IP4 {LOOPBACK}\r\nt=0 0\r\n"
        "m=audio 30000 RTP/AVP 0\r\n"
    )
    trunk.sendto(
        (
            f"INVITE sip:{contact[0]}@{LOOPBACK}:{contact[1]} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {here};branch=z9hG4bKelsewhere;rport\r\n"
            f"From: <sip:stranger@{here}>;tag=1\r\nTo: <sip:{contact[0]}@{LOOPBACK}>\r\n"
            f"Call-ID: elsewhere\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
            f"Contact: <sip:stranger@{here}>\r\nContent-Type: application/sdp\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode(),
        address,
    )
    final = 0
    while final < 200:
        text = trunk.recv(4096).decode()
        if text.startswith("SIP/2.0") and "elsewhere" in text:
            final = int(text.split()[1])
    assert 400 <= final <= 699
    line.result("bait")


async def test_a_port_in_use_is_named(trunk: socket.socket) -> None:
    port = port_of(trunk)
    with pytest.raises(SetupError, match=rf"SIP port {LOOPBACK}:{port} cannot be used: Address"):
        await SipDriver.open(interface=LOOPBACK, port=port)


async def test_missing_packages_are_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "baresip", None)
    with pytest.raises(SetupError, match=r"pip install 'campana\[voice\]'"):
        await SipDriver.open(interface=LOOPBACK)


def test_finds_the_address_that_leads_to_a_trunk() -> None:
    assert local_address_towards(LOOPBACK) == LOOPBACK
    with pytest.raises(SetupError, match="no address of any kind cannot be reached"):
        local_address_towards("no address of any kind")
