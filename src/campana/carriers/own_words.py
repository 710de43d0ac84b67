"""What a provider said, as it is kept beside what an adapter made of it.

Adapters give what is about one attempt alone, and bodies only: headers hold signatures and tokens.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.clock import in_utc, parse_moment
from campana.domain.disposition import Disposition

LONGEST = 16_384
"""Octets that are kept of one."""


def plain(text: str) -> str:
    """The text without NUL and lone surrogates, which neither JSON nor PostgreSQL keeps."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def storable(event: AttemptEvent) -> AttemptEvent:
    """What an adapter made of a provider's words, so that it can be stored beside others'.

    Raises:
        ValueError: an end without a disposition that exists, or a time that is none.
    """
    detail = {
        name: plain(value) if isinstance(value, str) else value
        for name, value in event.detail.items()
    }
    if event.type is EventType.ENDED:
        Disposition(str(detail.get("disposition")))
        if answered_at := detail.get("answered_at"):
            parse_moment(str(answered_at))
    at = in_utc(event.at)
    is_so = event.at.tzinfo is UTC and detail == event.detail
    return event if is_so else replace(event, at=at, detail=detail)


def own_words(body: bytes | str) -> str:
    """Of a body what is kept: its first 16 kB, with a line that says how much is missing.

    Octets that are no UTF-8 are replaced, and a NUL is left out: PostgreSQL keeps neither.
    """
    octets = body.encode("utf-8", "replace") if isinstance(body, str) else body
    text = octets[:LONGEST].decode("utf-8", "replace").replace("\0", "")
    if len(octets) <= LONGEST:
        return text
    return f"{text}\n[the first {LONGEST:,} of {len(octets):,} bytes]"
