"""A registrar: it checks the digest of each REGISTER, keeps who is bound, and calls them."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from campana.voice.sip_message import Message

_REALM = "registrar.example"
_URI = re.compile(r"<?(sips?:[^>;,\s]*)")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Registrar(asyncio.DatagramProtocol):
    """Made by `registrar`."""

    def __init__(self, *, users: dict[str, str], least_seconds: int = 0) -> None:
        """`users` are the passwords by name; shorter registrations than `least_seconds` are told
        423."""
        self._users = users
        self._least = least_seconds
        self._nonces: set[str] = set()
        self._transport: asyncio.DatagramTransport | None = None
        self.bindings: dict[str, dict[str, int]] = {}
        """By account the addresses that calls go to, with their seconds."""
        self.most_bindings = 0
        """The most that one account had at once."""
        self.statuses: list[int] = []
        """All that were answered, in order; each once, however often its answer was late."""
        self._answered: dict[str, bytes] = {}
        """By request, for when it comes again."""
        self.options = 0

    @property
    def port(self) -> int:
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def contacts(self, account: str) -> dict[str, int]:
        """Where calls of this account go."""
        return self.bindings.get(account, {})

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not every event loop's transports are subclasses of it.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        message = Message.parse(data)
        if message is None or message.method is None:
            return
        assert self._transport is not None
        if message.method == "REGISTER":
            self._transport.sendto(self._answer_once(message), addr)
        else:
            self.options += 1
            self._transport.sendto(bytes(message.reply(200, "OK")), addr)

    def _answer_once(self, message: Message) -> bytes:
        known = self._answered.get(message.branch)
        if known is None:
            answer = self._answer(message)
            self.statuses.append(int(answer.first.split(" ")[1]))
            known = self._answered[message.branch] = bytes(answer)
        return known

    def _answer(self, message: Message) -> Message:
        given = message.get("authorization")
        if not given:
            return self._challenge(message)
        account = self._account(message, given)
        if account is None:
            return message.reply(403, "Forbidden")
        contact = message.get("contact")
        seconds = self._seconds(message, contact)
        if 0 < seconds < self._least:
            answer = message.reply(423, "Interval Too Brief")
            answer.headers.append(("Min-Expires", str(self._least)))
            return answer
        uri = _URI.search(contact)
        assert uri is not None
        bound = self.bindings.setdefault(account, {})
        if seconds:
            bound[uri[1]] = seconds
        else:
            bound.pop(uri[1], None)
        self.most_bindings = max(self.most_bindings, len(bound))
        answer = message.reply(200, "OK")
        answer.headers += [("Contact", f"<{each}>;expires={left}") for each, left in bound.items()]
        return answer

    def _challenge(self, message: Message) -> Message:
        nonce = secrets.token_hex(8)
        self._nonces.add(nonce)
        answer = message.reply(401, "Unauthorized")
        challenge = f'Digest realm="{_REALM}", nonce="{nonce}", algorithm=MD5'
        answer.headers.append(("WWW-Authenticate", challenge))
        return answer

    def _account(self, message: Message, given: str) -> str | None:
        """Whose password it is (RFC 2617 without a quality of protection)."""
        said = dict(re.findall(r'(\w+)="?([^",]*)"?', given))
        password = self._users.get(said.get("username", ""))
        if password is None or said.get("nonce") not in self._nonces:
            return None
        who = _md5(f"{said['username']}:{_REALM}:{password}")
        what = _md5(f"REGISTER:{said['uri']}")
        if said["response"] != _md5(f"{who}:{said['nonce']}:{what}"):
            return None
        return message.get("to").partition("sip:")[2].partition("@")[0]

    def _seconds(self, message: Message, contact: str) -> int:
        found = re.search(r";\s*expires=(\d+)", contact)
        return int(found[1] if found else message.get("expires"))


@asynccontextmanager
async def registrar(**how: Any) -> AsyncIterator[Registrar]:
    """One that listens on loopback while the block lasts."""
    transport, made = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Registrar(**how), local_addr=("127.0.0.1", 0)
    )
    try:
        yield made
    finally:
        transport.close()
