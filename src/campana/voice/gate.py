"""The door that calls come in by: a UDP port of SIP in front of the telephone stack.

The stack can take a call or say that it is busy, and does not tell where a call came from. So what
comes from elsewhere arrives here first: strangers are told 403, an INVITE is shown to whoever
decides, and what is refused ends here with the code that says why. Only what is admitted goes on to
the stack, whose answers go back the same way; the rest of such a call passes between the stack and
the caller themselves (RFC 3261 section 16, without a Record-Route).
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import Callable
from typing import cast

from campana.voice.gate_registering import Registering
from campana.voice.sip_message import Message

log = logging.getLogger(__name__)

REASONS = {
    200: "OK",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    433: "Anonymity Disallowed",
    480: "Temporarily Unavailable",
    481: "Call Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    503: "Service Unavailable",
    603: "Decline",
}
MOST_CALLS = 500
"""Transactions at once: the next is told 503, and nothing of it is kept."""
_T1 = 0.5
_T2 = 4.0
_KEPT_SECONDS = 64 * _T1
"""How long a transaction that is over may still be repeated (timers H and J)."""
_PATIENCE_SECONDS = 180.0
"""How long one may stay undecided (timer C)."""
_USER = re.compile(r"(?:sips?:|tel:)([^@;>?,\s]*)")
_WITHHELD = frozenset({"", "anonymous", "unknown", "restricted", "unavailable", "private"})

Address = tuple[str, int]


class Gate(asyncio.DatagramProtocol):
    """Made by `Gate.open`. Everything happens between two turns of the loop: nothing waits."""

    def __init__(
        self,
        *,
        inside: Address,
        user: str,
        knows: Callable[[str], bool],
        on_invite: Callable[[Invite], None],
    ) -> None:
        self._inside = inside
        self._user = user
        self._knows = knows
        self._on_invite = on_invite
        self._transport: asyncio.DatagramTransport | None = None
        self._calls: dict[str, Invite] = {}
        self._own: dict[str, Invite] = {}
        self._registering = Registering()
        self._is_shut = False
        self.strangers = 0
        """How many requests came from where no trunk is."""

    @classmethod
    async def open(
        cls,
        *,
        host: str,
        port: int,
        inside: Address,
        user: str,
        knows: Callable[[str], bool],
        on_invite: Callable[[Invite], None],
    ) -> Gate:
        """Listen.

        Args:
            host: the local address; the one that the stack has.
            port: where trunks send calls.
            inside: where the stack listens.
            user: whom the stack takes calls for.
            knows: does a trunk call from this address?
            on_invite: given each call once; it is to be refused or admitted.

        Raises:
            OSError: the port cannot be had.
        """
        _, gate = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: cls(inside=inside, user=user, knows=knows, on_invite=on_invite),
            local_addr=(host, port),
        )
        return gate

    def shut(self) -> None:
        """Take no more calls: those that are undecided are refused. What was admitted goes on, and
        the port is free when the stack has had time to say the last of it."""
        self._is_shut = True
        for call in list(self._calls.values()):
            call.refuse(480)
        asyncio.get_running_loop().call_later(_T2, self.close)

    def close(self) -> None:
        """Let go of the port."""
        if self._transport is not None:
            self._transport.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._here[1]

    @property
    def _here(self) -> Address:
        assert self._transport is not None  # noqa: S101  open has set it
        here = self._transport.get_extra_info("sockname")
        return (str(here[0]), int(here[1]))

    async def register(self, token: str, *, to: Address) -> str:
        """Let the stack register us, under this name, at that trunk; the way it is to do so by.

        Raises:
            Unreachable: the trunk's name has no address.
        """
        await self._registering.begin(token, to=to)
        return f"sip:{token}@{self._here[0]}:{self._here[1]};transport=udp"

    def unregister(self, token: str) -> None:
        """Nothing more of it goes through."""
        self._registering.end(token)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not every event loop's transports are subclasses of it.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        message = Message.parse(data)
        if message is None:
            return
        peer = (addr[0], addr[1])
        if peer == self._inside and message.method == "REGISTER":
            if (on := self._registering.outwards(message, here=self._here)) is not None:
                self.send(*on)
        elif peer == self._inside:
            self._from_stack(message)
        elif message.method is None:
            if self._registering.inwards(message, peer):
                self.send(message, self._inside)
        else:
            self._from_outside(message, peer)

    def error_received(self, exc: Exception) -> None:
        log.debug("the gate was told: %s", exc)

    def send(self, message: Message | bytes, to: Address) -> None:
        """Put a datagram on the wire."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(bytes(message), to)

    def pass_on(self, call: Invite, message: Message) -> None:
        """To the stack, as it is but for whom it is for and the way back."""
        here = self._transport.get_extra_info("sockname") if self._transport else ("", 0)
        via = f"SIP/2.0/UDP {here[0]}:{here[1]};branch={call.branch};rport"
        first = f"{message.method} sip:{self._user}@{self._inside[0]}:{self._inside[1]} SIP/2.0"
        self.send(Message(first, [("Via", via), *message.headers], message.body), self._inside)

    def forget(self, call: Invite) -> None:
        """It is over for good."""
        self._calls.pop(call.key, None)
        self._own.pop(call.branch, None)

    def _from_stack(self, message: Message) -> None:
        call = self._own.get(message.branch)
        if message.method is None and call is not None:
            call.answered(message)

    def _from_outside(self, message: Message, peer: Address) -> None:
        if not message.branch:
            return
        if not self._knows(peer[0]):
            self.strangers += 1
            if message.method != "ACK":
                self.send(message.reply(403, REASONS[403]), peer)
            return
        message.set("via", _received(message.get("via"), peer))
        call = self._calls.get(_key(message))
        if call is not None:
            call.told(message)
            return
        match message.method:
            case "INVITE":
                self._new(message, peer)
            case "ACK":
                pass
            case "OPTIONS":
                self._reply(message, 200, peer)
            case "CANCEL" | "BYE":
                self._reply(message, 481, peer)
            case _:
                self._reply(message, 405, peer)

    def _new(self, message: Message, peer: Address) -> None:
        if "tag=" in message.get("to"):
            self._reply(message, 481, peer)
            return
        if self._is_shut or len(self._calls) >= MOST_CALLS:
            self._reply(message, 480 if self._is_shut else 503, peer)
            return
        call = Invite(self, message, peer)
        self._calls[call.key] = self._own[call.branch] = call
        self.send(message.reply(100, "Trying"), peer)
        self._on_invite(call)

    def _reply(self, message: Message, status: int, peer: Address) -> None:
        self.send(message.reply(status, REASONS[status]), peer)


class Invite:
    """A call at the gate."""

    def __init__(self, gate: Gate, request: Message, peer: Address) -> None:
        self._gate = gate
        self._request = request
        self._peer = peer
        self.key = _key(request)
        self.branch = f"z9hG4bK{secrets.token_hex(16)}"
        self.source = peer[0]
        self.call_id = request.get("call-id")
        self.caller = _caller(request)
        self.called = tuple(
            dict.fromkeys(
                user
                for each in (request.first.partition(" ")[2], request.get("to"))
                if (user := _number(each)) is not None
            )
        )
        loop = asyncio.get_running_loop()
        self.given_up: asyncio.Future[None] = loop.create_future()
        """Done when the caller has hung up before there was an answer."""
        self._refusal: bytes | None = None
        self._is_admitted = False
        self._is_acknowledged = False
        self._timer = loop.call_later(_PATIENCE_SECONDS, self._tire)

    def refuse(self, status: int) -> None:
        """End it with this final code. What has ended, or was admitted, stays as it is."""
        if self._refusal is None and not self._is_admitted:
            self._refusal = bytes(self._request.reply(status, REASONS[status]))
            self._end()
            self._repeat(_T1)

    def admit(self) -> bool:
        """Let it through to the stack; False when it is over."""
        if self._refusal is not None:
            return False
        self._is_admitted = True
        self._gate.pass_on(self, self._request)
        return True

    def told(self, message: Message) -> None:
        """The caller says something more of it."""
        match message.method:
            case "INVITE":
                self._repeated(message)
            case "ACK":
                self._acknowledged(message)
            case "CANCEL":
                self._cancelled(message)
            case _:
                pass

    def _repeated(self, message: Message) -> None:
        """They have not heard from us."""
        if self._is_admitted:
            self._gate.pass_on(self, message)
        else:
            trying = bytes(self._request.reply(100, "Trying"))
            self._gate.send(self._refusal or trying, self._peer)

    def _acknowledged(self, message: Message) -> None:
        """They have heard that it is refused, here or by the stack."""
        self._is_acknowledged = True
        if self._is_admitted:
            self._gate.pass_on(self, message)

    def _cancelled(self, message: Message) -> None:
        """They do not want to wait."""
        if self._is_admitted:
            self._gate.pass_on(self, message)
        else:
            self._gate.send(message.reply(200, REASONS[200]), self._peer)
            self.refuse(487)
        self._give_up()

    def answered(self, message: Message) -> None:
        """The stack says something to the caller, under our own Via."""
        status = message.first.split(" ")[1]
        if status == "100":
            return
        message.drop("via")
        self._gate.send(message, self._peer)
        if status >= "2" and "INVITE" in message.get("cseq"):
            self._end()

    def _tire(self) -> None:
        self.refuse(480)
        self._gate.forget(self)

    def _give_up(self) -> None:
        if not self.given_up.done():
            self.given_up.set_result(None)

    def _end(self) -> None:
        self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_KEPT_SECONDS, self._gate.forget, self)

    def _repeat(self, after: float) -> None:
        """Say it until it is acknowledged (timer G)."""
        if self._refusal is None or self._is_acknowledged:
            return
        self._gate.send(self._refusal, self._peer)
        loop = asyncio.get_running_loop()
        if loop.time() + after < self._timer.when():
            loop.call_later(after, self._repeat, min(2 * after, _T2))


def _key(message: Message) -> str:
    """The same in all requests of a transaction (RFC 3261 section 17.2.3)."""
    sent_by = message.get("via").partition(";")[0].split(" ")[-1]
    return f"{message.branch} {sent_by}"


def _received(via: str, peer: Address) -> str:
    """The top Via with where it really came from (RFC 3581)."""
    first, comma, rest = via.partition(",")
    first = re.sub(r";\s*rport(?=\s*(?:;|$))", f";rport={peer[1]}", first)
    if "received=" not in first:
        first = f"{first.rstrip()};received={peer[0]}"
    return f"{first}{comma}{rest}"


def _number(address: str) -> str | None:
    found = _USER.search(address)
    return found[1] if found is not None and found[1] else None


def _caller(request: Message) -> str | None:
    """Whom the trunk vouches for, else who they say they are (RFC 3325)."""
    for name in ("p-asserted-identity", "from"):
        number = _number(request.get(name))
        if number is not None and number.lower() not in _WITHHELD:
            return number
    return None
