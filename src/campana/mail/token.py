"""The name of an attempt on a letter: in its Message-ID and in the address that errors go to.

It is signed, so that what comes back about a letter is about one that we sent: whoever makes one
up is not believed. Small letters and digits alone, since some servers change the case.
"""

from __future__ import annotations

import base64
import hmac
import re
from uuid import UUID

_MAC = 8
_TOKEN = re.compile(r"[a-v0-9]{39}")
_ANY_CASE = re.compile(_TOKEN.pattern, re.IGNORECASE)


def token_of(attempt_id: UUID, *, key: bytes) -> str:
    """39 characters, of which the attempt and a MAC can be read again."""
    octets = attempt_id.bytes + _mac(attempt_id.bytes, key)
    return base64.b32hexencode(octets).decode().rstrip("=").lower()


def attempt_in(text: str, *, key: bytes) -> UUID | None:
    """The attempt that the first right token in a text names; None where there is none."""
    for found in _TOKEN.finditer(text.lower()):
        octets = base64.b32hexdecode(found[0].upper() + "=")
        if hmac.compare_digest(octets[16:], _mac(octets[:16], key)):
            return UUID(bytes=octets[:16])
    return None


def without_tokens(text: str, *, key: bytes) -> str:
    """The text with every right token in it made unreadable."""
    return _ANY_CASE.sub(
        lambda found: found[0] if attempt_in(found[0], key=key) is None else "***", text
    )


def _mac(octets: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"attempt of a letter" + octets, "sha256")[:_MAC]
