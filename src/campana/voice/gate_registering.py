"""Registrations that the stack makes by the gate, so that calls are sent there and not to it.

A small proxy for REGISTER alone: the contact becomes the gate's own under the name that the trunk
calls us by, and is the stack's again in the answer.
"""

from __future__ import annotations

import asyncio
import re
import socket
from dataclasses import dataclass

from campana.voice.driver import Unreachable
from campana.voice.sip_message import Message

_TOKEN = re.compile(r"sip:([^@;>]+)@")
_URI = re.compile(r"sips?:[^>;,\s]*")
_BRANCH = "z9hG4bKr"

Address = tuple[str, int]


@dataclass(slots=True)
class _Way:
    to: Address
    contact: str = ""
    """As the stack names itself."""
    ours: str = ""


class Registering:
    """Those that are on at one gate, by the names that trunks call us by."""

    def __init__(self) -> None:
        self._ways: dict[str, _Way] = {}

    async def begin(self, token: str, *, to: Address) -> None:
        """From now on the stack may register under this name.

        Raises:
            Unreachable: the trunk's name has no address.
        """
        try:
            rows = await asyncio.get_running_loop().getaddrinfo(
                *to, family=socket.AF_INET, type=socket.SOCK_DGRAM
            )
        except OSError as error:
            raise Unreachable(f"{to[0]} has no address: {error.strerror or error}") from error
        self._ways[token] = _Way(to=(str(rows[0][4][0]), int(rows[0][4][1])))

    def end(self, token: str) -> None:
        """No more of it."""
        self._ways.pop(token, None)

    def outwards(self, request: Message, *, here: Address) -> tuple[Message, Address] | None:
        """What goes to the trunk for a REGISTER of the stack's, and where; None when it is none of
        those that are on."""
        found = _TOKEN.search(request.get("route"))
        token = found[1] if found else ""
        way = self._ways.get(token)
        contact = _URI.search(request.get("contact"))
        if way is None or contact is None:
            return None
        way.contact, way.ours = contact[0], f"sip:{token}@{here[0]}:{here[1]}"
        request.set("contact", request.get("contact").replace(way.contact, way.ours, 1))
        request.drop("route")
        branch = f"{_BRANCH}{token}.{request.branch}"
        via = f"SIP/2.0/UDP {here[0]}:{here[1]};branch={branch};rport"
        return Message(request.first, [("Via", via), *request.headers], request.body), way.to

    def inwards(self, answer: Message, peer: Address) -> bool:
        """Make an answer of the trunk one to the stack; False when it is none to us."""
        token = answer.branch.removeprefix(_BRANCH).partition(".")[0]
        way = self._ways.get(token)
        if way is None or peer[0] != way.to[0] or not answer.branch.startswith(_BRANCH):
            return False
        answer.drop("via")
        answer.headers = [
            (name, value.replace(way.ours, way.contact))
            if name.lower() in {"contact", "m"}
            else (name, value)
            for name, value in answer.headers
        ]
        return True
