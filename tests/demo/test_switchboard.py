"""The exchange's public port, word by word: what it writes down, answers, and passes on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from campana.demo import switchboard
from campana.demo.plan import Behavior, Plan
from campana.demo.switchboard import Arrival, Switchboard
from campana.demo.witness import Witness
from campana.voice.sip_message import Message
from tests.support.logs import json_lines

LOOPBACK = "127.0.0.1"
BUSY, SLOW, ANSWERS, TWICE = (f"+1202555010{n}" for n in range(4))
PLAN = Plan(
    numbers={
        BUSY: (Behavior(do="busy", ring_seconds=0),),
        SLOW: (Behavior(do="decline", ring_seconds=30),),
        TWICE: (Behavior(do="congestion", ring_seconds=0), Behavior(do="answer")),
    }
)


class Peer:
    """A bare SIP socket."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((LOOPBACK, 0))
        self.socket.setblocking(False)
        self.address: tuple[str, int] = self.socket.getsockname()

    async def receive(self) -> Message:
        async with asyncio.timeout(60):
            data = await asyncio.get_running_loop().sock_recv(self.socket, 4096)
        message = Message.parse(data)
        assert message is not None
        return message


class Desk:
    """A switchboard between a caller and the softphones, both bare sockets."""

    def __init__(self, directory: Path) -> None:
        self.log = directory / "witness.jsonl"
        self.caller, self.phones = Peer(), Peer()
        self.expected: list[Arrival] = []
        self.witness = Witness(self.log)
        self.board = Switchboard(
            PLAN, self.witness, phones=self.phones.address, expect=self.expected.append
        )
        self.address = (LOOPBACK, 0)

    async def open(self) -> Desk:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: self.board, local_addr=(LOOPBACK, 0)
        )
        self.address = transport.get_extra_info("sockname")
        return self

    def send(self, method: str, number: str = BUSY, *, branch: str = "z9hG4bKone") -> None:
        here = "{}:{}".format(*self.caller.address)
        sequence = "INVITE" if method == "INVITE" else method
        text = (
            f"{method} sip:{number}@{LOOPBACK};transport=udp SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {here};branch={branch};rport\r\n"
            f"From: <sip:+12025550100@{here}>;tag=1\r\nTo: <sip:{number}@{LOOPBACK}>\r\n"
            f"Call-ID: {branch}-call\r\nCSeq: 1 {sequence}\r\n"
            f"X-Campana-Attempt: att_1\r\nContent-Length: 0\r\n\r\n"
        )
        self.caller.socket.sendto(text.encode(), self.address)

    def witnessed(self) -> list[str]:
        return [line["event"] for line in json_lines(self.log)]

    def close(self) -> None:
        self.board.close()
        self.witness.close()
        self.caller.socket.close()
        self.phones.socket.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = await Desk(tmp_path).open()
    yield made
    made.close()


async def test_refuses_and_repeats_until_acknowledged(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switchboard, "T1", 0.05)
    desk.send("INVITE")
    assert (await desk.caller.receive()).first == "SIP/2.0 100 Trying"
    finals = [await desk.caller.receive() for _ in range(3)]
    assert {final.first for final in finals} == {"SIP/2.0 486 Busy Here"}
    assert "tag=" in finals[0].get("to")
    assert finals[0].get("call-id") == "z9hG4bKone-call"
    desk.send("ACK")
    desk.send("OPTIONS", branch="z9hG4bKtwo")
    while (last := await desk.caller.receive()).first == "SIP/2.0 486 Busy Here":
        pass
    assert last.first == "SIP/2.0 200 OK"
    assert desk.witnessed() == ["invite", "refused"]


async def test_writes_an_invite_down_once_and_before_it_answers(desk: Desk) -> None:
    desk.send("INVITE")
    await desk.caller.receive()
    written = json_lines(desk.log)[0]
    assert written["event"] == "invite"
    assert (written["number"], written["caller_id"], written["attempt"]) == (
        BUSY,
        "+12025550100",
        "att_1",
    )
    await desk.caller.receive()
    desk.send("INVITE")
    assert (await desk.caller.receive()).first == "SIP/2.0 486 Busy Here"
    assert desk.witnessed().count("invite") == 1


async def test_passes_a_call_on_and_the_answer_back(desk: Desk) -> None:
    desk.send("INVITE", ANSWERS)
    passed = await desk.phones.receive()
    assert passed.called == ANSWERS
    assert [arrival.call_id for arrival in desk.expected] == ["z9hG4bKone-call"]
    vias = [value for name, value in passed.headers if name == "Via"]
    assert len(vias) == 2
    assert f"rport={desk.caller.address[1]};received={LOOPBACK}" in vias[1]
    reply = passed.reply(180, "Ringing")
    desk.phones.socket.sendto(bytes(reply), desk.address)
    returned = await desk.caller.receive()
    assert returned.first == "SIP/2.0 180 Ringing"
    assert [value for name, value in returned.headers if name == "Via"] == vias[1:]


async def test_repeats_of_an_invite_and_its_cancel_belong_to_one_call(desk: Desk) -> None:
    sent = ["INVITE", "INVITE", "CANCEL", "CANCEL", "ACK"]
    for method in sent:
        desk.send(method, ANSWERS)
    passed = [await desk.phones.receive() for _ in sent]
    assert [message.method for message in passed] == sent
    assert len({message.branch for message in passed}) == 1
    assert desk.witnessed() == ["invite", "cancelled"]


async def test_a_refusal_that_is_not_yet_given_can_be_cancelled(desk: Desk) -> None:
    desk.send("INVITE", SLOW)
    assert (await desk.caller.receive()).first == "SIP/2.0 100 Trying"
    desk.send("CANCEL", SLOW)
    assert (await desk.caller.receive()).first == "SIP/2.0 200 OK"
    final = await desk.caller.receive()
    assert final.first == "SIP/2.0 487 Request Terminated"
    assert final.get("cseq") == "1 INVITE"
    assert desk.witnessed() == ["invite", "cancelled"]


async def test_each_call_of_a_number_meets_the_next_behavior(desk: Desk) -> None:
    desk.send("INVITE", TWICE, branch="z9hG4bKa")
    await desk.caller.receive()
    assert (await desk.caller.receive()).first == "SIP/2.0 503 Service Unavailable"
    for branch in ("z9hG4bKb", "z9hG4bKc"):
        desk.send("INVITE", TWICE, branch=branch)
        assert (await desk.phones.receive()).called == TWICE


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("OPTIONS", "SIP/2.0 200 OK"),
        ("BYE", "SIP/2.0 481 Call/Transaction Does Not Exist"),
        ("CANCEL", "SIP/2.0 481 Call/Transaction Does Not Exist"),
    ],
)
async def test_answers_what_belongs_to_no_call(desk: Desk, method: str, answer: str) -> None:
    desk.send(method)
    assert (await desk.caller.receive()).first == answer


async def test_ignores_what_is_not_sip(desk: Desk) -> None:
    for nonsense in (b"", b"\r\n\r\n", b"\xff\xfe", b"GET / HTTP/1.1\r\n\r\n"):
        desk.caller.socket.sendto(nonsense, desk.address)
    desk.phones.socket.sendto(b"SIP/2.0 200 OK\r\nVia: x\r\n\r\n", desk.address)
    desk.send("OPTIONS")
    assert (await desk.caller.receive()).first == "SIP/2.0 200 OK"
