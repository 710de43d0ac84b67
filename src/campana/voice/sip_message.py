"""SIP messages as far as they are read here: a first line, headers in order, a body."""

from __future__ import annotations

import re
from dataclasses import dataclass

_USER = re.compile(r"sips?:([^@;>]*)@")
_SHORT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "l": "content-length"}


@dataclass(slots=True)
class Message:
    """One request or response; header names are kept as they came."""

    first: str
    headers: list[tuple[str, str]]
    body: bytes

    @classmethod
    def parse(cls, datagram: bytes) -> Message | None:
        """The message in a datagram, or None when it is not SIP."""
        head, _, body = datagram.partition(b"\r\n\r\n")
        try:
            first, *lines = head.decode("utf-8").split("\r\n")
        except UnicodeDecodeError:
            return None
        if "SIP/2.0" not in first:
            return None
        headers = [line.partition(":")[::2] for line in lines]
        return cls(first, [(name.strip(), value.strip()) for name, value in headers], body)

    def __bytes__(self) -> bytes:
        lines = [self.first, *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body

    @property
    def method(self) -> str | None:
        """INVITE, ACK …; None for a response."""
        return None if self.first.startswith("SIP/2.0") else self.first.partition(" ")[0]

    def get(self, name: str) -> str:
        """The first header of this name, in its long form; empty when there is none."""
        for key, value in self.headers:
            if _SHORT.get(key.lower(), key.lower()) == name.lower():
                return value
        return ""

    def set(self, name: str, value: str) -> None:
        """Replace the first header of this name."""
        for index, (key, _) in enumerate(self.headers):
            if _SHORT.get(key.lower(), key.lower()) == name.lower():
                self.headers[index] = (key, value)
                return

    def drop(self, name: str) -> None:
        """Take out the first header of this name."""
        for index, (key, _) in enumerate(self.headers):
            if _SHORT.get(key.lower(), key.lower()) == name.lower():
                del self.headers[index]
                return

    @property
    def branch(self) -> str:
        """What tells this transaction from others."""
        return parameter(self.get("via"), "branch")

    @property
    def called(self) -> str:
        """The user part of the request's address: the number called."""
        return _user(self.first.split(" ")[1])

    @property
    def caller(self) -> str:
        """The number in the From header."""
        return _user(self.get("from"))

    def reply(self, status: int, reason: str) -> Message:
        """A response to this request, without a body."""
        keep = ("via", "from", "call-id", "cseq")
        headers = [(n, v) for n, v in self.headers if _SHORT.get(n.lower(), n.lower()) in keep]
        tag = "" if "tag=" in self.get("to") or status == 100 else f";tag={self.branch[-8:]}"
        headers += [("To", self.get("to") + tag), ("Content-Length", "0")]
        return Message(f"SIP/2.0 {status} {reason}", headers, b"")


def parameter(value: str, name: str) -> str:
    """The value of `;name=` in a header; empty when it has none."""
    found = re.search(rf";\s*{name}=([^;,\s]*)", value)
    return found[1] if found else ""


def _user(address: str) -> str:
    found = _USER.search(address)
    return found[1] if found else ""
