"""What a provider said, as it is kept beside what an adapter made of it.

Adapters give what is about one attempt alone, and bodies only: headers hold signatures and tokens.
"""

from __future__ import annotations

LONGEST = 16_384
"""Octets that are kept of one."""


def own_words(body: bytes | str) -> str:
    """Of a body what is kept: its first 16 kB, with a line that says how much is missing.

    Octets that are no UTF-8 are replaced, and a NUL is left out: PostgreSQL keeps neither.
    """
    octets = body.encode("utf-8", "replace") if isinstance(body, str) else body
    text = octets[:LONGEST].decode("utf-8", "replace").replace("\0", "")
    if len(octets) <= LONGEST:
        return text
    return f"{text}\n[the first {LONGEST:,} of {len(octets):,} bytes]"
