"""The exchange's public SIP port: sees every INVITE first, writes it down, and passes it on or not.

baresip can refuse a call with 486 only and does not tell which number was called. So a small switch
stands before the softphones: calls that a plan refuses (busy, declined, wrong number, congestion)
it answers itself, every other one it passes to the softphones as a proxy without state (RFC 3261,
16.11), after which both ends talk to each other directly. UDP only.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from campana.demo.plan import REFUSALS, Behavior, Plan
from campana.demo.witness import Witness
from campana.voice.driver import ATTEMPT_HEADER
from campana.voice.sip_message import Message, parameter

Address = tuple[str, int]

T1 = 0.5
"""First retransmission of a final answer, doubling up to `T2` (RFC 3261, 17.2.1)."""
T2 = 4.0
GIVE_UP_SECONDS = 32.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An INVITE as it came."""

    call_id: str
    number: str
    caller_id: str
    attempt: str
    behavior: Behavior


@dataclass(slots=True)
class _Refusal:
    """An INVITE that the switch answers itself."""

    invite: Message
    caller: Address
    arrival: Arrival
    final: Message | None = None
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)


class Switchboard(asyncio.DatagramProtocol):
    """`expect` is told of each call that is passed on, before it is."""

    def __init__(
        self, plan: Plan, witness: Witness, *, phones: Address, expect: Callable[[Arrival], None]
    ) -> None:
        self._plan = plan
        self._witness = witness
        self._phones = phones
        self._expect = expect
        self._calls: Counter[str] = Counter()
        self._passed: dict[str, Arrival] = {}
        self._refusals: dict[str, _Refusal] = {}
        self._cancelled: set[str] = set()
        self._answering: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        message = Message.parse(data)
        if message is None:
            return
        match message.method:
            case None:
                self._return(message)
            case "INVITE":
                self._invite(message, addr)
            case "ACK" if message.branch in self._refusals:
                self._refusals[message.branch].acknowledged.set()
            case "CANCEL":
                self._cancel(message, addr)
            case "ACK":
                self._pass_on(message, addr)
            case "OPTIONS":
                self._send(message.reply(200, "OK"), addr)
            case _:
                self._send(message.reply(481, "Call/Transaction Does Not Exist"), addr)

    def close(self) -> None:
        """Stop answering."""
        for task in self._answering:
            task.cancel()
        if self._transport is not None:
            self._transport.close()

    def _invite(self, invite: Message, caller: Address) -> None:
        branch = invite.branch
        if branch in self._refusals:
            again = self._refusals[branch].final or invite.reply(100, "Trying")
            self._send(again, caller)
            return
        if branch not in self._passed:
            arrival = self._arrive(invite)
            if arrival.behavior.do in REFUSALS:
                refusal = self._refusals[branch] = _Refusal(invite, caller, arrival)
                task = asyncio.ensure_future(self._refuse(refusal))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
                return
            self._passed[branch] = arrival
            self._expect(arrival)
        self._pass_on(invite, caller)

    def _arrive(self, invite: Message) -> Arrival:
        number = invite.called
        behavior = self._plan.behavior(number, call=self._calls[number])
        self._calls[number] += 1
        arrival = Arrival(
            call_id=invite.get("call-id"),
            number=number,
            caller_id=invite.caller,
            attempt=invite.get(ATTEMPT_HEADER),
            behavior=behavior,
        )
        self._tell("invite", arrival, caller_id=arrival.caller_id, does=behavior.do)
        return arrival

    async def _refuse(self, refusal: _Refusal) -> None:
        """100, the final answer, and that again until the caller acknowledges it."""
        arrival = refusal.arrival
        self._send(refusal.invite.reply(100, "Trying"), refusal.caller)
        try:
            async with asyncio.timeout(arrival.behavior.ring_seconds):
                await refusal.cancelled.wait()
            status, reason = 487, "Request Terminated"
        except TimeoutError:
            status, reason = REFUSALS[arrival.behavior.do]
            self._tell("refused", arrival, status=status)
        refusal.final = refusal.invite.reply(status, reason)
        wait = T1
        try:
            async with asyncio.timeout(GIVE_UP_SECONDS):
                while not refusal.acknowledged.is_set():
                    self._send(refusal.final, refusal.caller)
                    try:
                        async with asyncio.timeout(wait):
                            await refusal.acknowledged.wait()
                    except TimeoutError:
                        wait = min(2 * wait, T2)
        except TimeoutError:
            self._tell("unacknowledged", arrival)

    def _cancel(self, cancel: Message, caller: Address) -> None:
        arrival = self._passed.get(cancel.branch)
        refusal = self._refusals.get(cancel.branch)
        if arrival is not None:
            self._tell_cancelled(cancel.branch, arrival)
            self._pass_on(cancel, caller)
        elif refusal is not None:
            self._tell_cancelled(cancel.branch, refusal.arrival)
            self._send(cancel.reply(200, "OK"), caller)
            refusal.cancelled.set()
        else:
            self._send(cancel.reply(481, "Call/Transaction Does Not Exist"), caller)

    def _pass_on(self, request: Message, caller: Address) -> None:
        """To the softphones, with our Via on top, so that the answer comes back here."""
        branch = "z9hG4bK" + hashlib.sha256(request.branch.encode()).hexdigest()[:16]
        theirs = request.get("via").replace(";rport", f";rport={caller[1]};received={caller[0]}", 1)
        request.set("via", theirs)
        here = "{}:{}".format(*self._here())
        request.headers.insert(0, ("Via", f"SIP/2.0/UDP {here};branch={branch};rport"))
        self._send(request, self._phones)

    def _return(self, response: Message) -> None:
        """To the caller, without our Via."""
        vias = [index for index, (name, _) in enumerate(response.headers) if name.lower() == "via"]
        if len(vias) < 2:
            return
        del response.headers[vias[0]]
        via = response.get("via")
        self._send(response, (parameter(via, "received"), int(parameter(via, "rport"))))

    def _here(self) -> Address:
        assert self._transport is not None  # noqa: S101  set before the first datagram comes
        return self._transport.get_extra_info("sockname")

    def _send(self, message: Message, to: Address) -> None:
        if self._transport is not None:
            self._transport.sendto(bytes(message), to)

    def _tell_cancelled(self, branch: str, arrival: Arrival) -> None:
        """Once, however often the CANCEL is repeated."""
        if branch not in self._cancelled:
            self._cancelled.add(branch)
            self._tell("cancelled", arrival)

    def _tell(self, event: str, arrival: Arrival, **detail: str | float | None) -> None:
        self._witness.write(event, number=arrival.number, attempt=arrival.attempt, **detail)
