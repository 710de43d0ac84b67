"""The door that calls come in by, with a bare socket for a caller and another for the stack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from campana.voice import gate as gates
from campana.voice.gate import Gate, Invite
from campana.voice.sip_message import Message
from tests.support.caller import Caller

OURS = "+12025550100"
ANA = "+12025550101"


class Stack(asyncio.DatagramProtocol):
    """What stands behind the gate: keeps what comes, and answers when it is told to."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[tuple[Message, Any]] = asyncio.Queue()
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        message = Message.parse(data)
        assert message is not None
        self.asked.put_nowait((message, addr))

    async def answer(self, method: str, status: int, reason: str) -> Message:
        """Answer the next request, which is one of these; what it was."""
        message, addr = await asyncio.wait_for(self.asked.get(), 20)
        assert message.method == method
        self.transport.sendto(bytes(message.reply(status, reason)), addr)
        return message


class Door:
    """A gate, the stack behind it and the calls that were shown."""

    def __init__(self, gate: Gate, stack: Stack, shown: list[Invite]) -> None:
        self.gate = gate
        self.stack = stack
        self.shown = shown

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.gate.port)

    async def told(self, act: Callable[[], Any]) -> Any:
        """What a caller's own thread comes back with."""
        return await asyncio.to_thread(act)


@asynccontextmanager
async def door(decide: Callable[[Invite], None]) -> AsyncIterator[Door]:
    """From 127.0.0.1 alone calls are taken."""
    loop = asyncio.get_running_loop()
    transport, stack = await loop.create_datagram_endpoint(Stack, local_addr=("127.0.0.1", 0))
    shown: list[Invite] = []

    def show(invite: Invite) -> None:
        shown.append(invite)
        decide(invite)

    gate = await Gate.open(
        host="127.0.0.1",
        port=0,
        inside=transport.get_extra_info("sockname"),
        user="somebody",
        knows=lambda source: source == "127.0.0.1",
        on_invite=show,
    )
    try:
        yield Door(gate, stack, shown)
    finally:
        gate.close()
        transport.close()


def undecided(invite: Invite) -> None:
    del invite


def admitted(invite: Invite) -> None:
    assert invite.admit()


async def test_a_refusal_is_said_until_it_is_heard_and_shows_who_called() -> None:
    async with door(lambda invite: invite.refuse(603)) as at:
        with Caller(at.address, called=OURS, number="2025550199", asserted=ANA) as caller:
            await at.told(caller.invite)
            first = await at.told(caller.receive)
            again = [await at.told(caller.receive) for _ in range(2)]
            assert first.first == "SIP/2.0 100 Trying"
            assert [each.first for each in again] == ["SIP/2.0 603 Decline"] * 2
            await at.told(lambda: caller.send(caller.request("ACK", to=again[0].get("to"))))
            [shown] = at.shown
            assert (shown.caller, shown.called, shown.source) == (ANA, (OURS,), "127.0.0.1")


async def test_a_withheld_number_is_nobody() -> None:
    async with door(lambda invite: invite.refuse(433)) as at:
        with Caller(at.address, called=OURS) as caller:
            assert await at.told(caller.rings) == 433
        assert at.shown[0].caller is None


async def test_strangers_are_told_403_and_nobody_is_shown_them() -> None:
    async with door(undecided) as at:
        with Caller(at.address, called=OURS, number=ANA, source="127.0.0.2") as caller:
            assert await at.told(caller.rings) == 403
        assert (at.shown, at.gate.strangers) == ([], 2)


async def test_what_is_admitted_passes_to_the_stack_and_its_answers_back() -> None:
    async with door(admitted) as at:
        with Caller(at.address, called=OURS, number=ANA) as caller:
            calling = asyncio.create_task(at.told(caller.rings))
            asked = await at.stack.answer("INVITE", 486, "Busy Here")
            assert asked.first.startswith("INVITE sip:somebody@127.0.0.1:")
            assert asked.called == "somebody"
            assert caller.call_id in asked.get("call-id")
            assert b"m=audio" in asked.body
            assert await calling == 486
            assert caller.answer is not None
            # Of the way through the gate nothing is left in it.
            assert [name for name, _ in caller.answer.headers].count("Via") == 1
            acknowledged = await asyncio.wait_for(at.stack.asked.get(), 20)
            assert acknowledged[0].method == "ACK"
            assert acknowledged[0].branch == asked.branch


async def test_a_caller_who_gives_up_hears_487_and_cannot_be_admitted_any_more() -> None:
    async with door(undecided) as at:
        with Caller(at.address, called=OURS, number=ANA) as caller:
            await at.told(caller.invite)
            await at.told(caller.receive)
            await at.told(lambda: caller.send(caller.request("CANCEL")))
            assert await at.told(caller.final) == 487
        [invite] = at.shown
        assert invite.given_up.done()
        assert not invite.admit()


async def test_a_caller_who_gives_up_later_is_the_stacks_to_tell() -> None:
    async with door(admitted) as at:
        with Caller(at.address, called=OURS, number=ANA) as caller:
            await at.told(caller.invite)
            asked, _ = await asyncio.wait_for(at.stack.asked.get(), 20)
            await at.told(lambda: caller.send(caller.request("CANCEL")))
            cancelled = await at.stack.answer("CANCEL", 200, "OK")
            assert cancelled.branch == asked.branch
        assert at.shown[0].given_up.done()


async def test_the_same_invite_again_is_the_same_call() -> None:
    async with door(undecided) as at:
        with Caller(at.address, called=OURS, number=ANA) as caller:
            for _ in range(3):
                await at.told(caller.invite)
                trying = await at.told(caller.receive)
                assert trying.first == "SIP/2.0 100 Trying"
        assert len(at.shown) == 1


@pytest.mark.parametrize(
    ("method", "status"), [("OPTIONS", "200"), ("BYE", "481"), ("MESSAGE", "405")]
)
async def test_it_answers_what_is_no_call(method: str, status: str) -> None:
    async with door(undecided) as at:
        with Caller(at.address, called=OURS) as caller:
            await at.told(lambda: caller.send(caller.request(method)))
            answer = await at.told(caller.receive)
        assert answer.first.split(" ")[1] == status
        assert at.shown == []


async def test_nonsense_is_passed_over() -> None:
    async with door(lambda invite: invite.refuse(603)) as at:
        with Caller(at.address, called=OURS, number=ANA) as caller:
            for nonsense in (
                b"\r\n\r\n",
                b"\xff\xfe",
                b"INVITE SIP/2.0\r\n\r\n",
                b"SIP/2.0 200\r\n",
            ):
                await at.told(lambda said=nonsense: caller.send(said))
            assert await at.told(caller.rings) == 603


async def test_more_calls_than_it_holds_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "MOST_CALLS", 1)
    async with door(undecided) as at:
        with (
            Caller(at.address, called=OURS, number=ANA) as first,
            Caller(at.address, called=OURS, number=ANA) as second,
        ):
            await at.told(first.invite)
            await at.told(first.receive)
            assert await at.told(second.rings) == 503


async def test_when_it_is_shut_whoever_waits_and_whoever_comes_hears_480() -> None:
    async with door(undecided) as at:
        with (
            Caller(at.address, called=OURS, number=ANA) as first,
            Caller(at.address, called=OURS, number=ANA) as second,
        ):
            await at.told(first.invite)
            await at.told(first.receive)
            at.gate.shut()
            assert await at.told(first.final) == 480
            assert await at.told(second.rings) == 480
