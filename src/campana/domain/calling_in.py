"""Calls that come in on a trunk: from where, and which number a text in SIP may mean."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from campana.domain.address import Unusable, parse_phone


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsIn:
    """A trunk that people call us by."""

    trunk: str
    """What it is called in records."""
    host: str
    """The trunk's own name or address: its calls come from there."""
    sources: tuple[str, ...] = ()
    """Addresses and networks from which they come besides."""
    country: str
    """Of numbers that are written without one, ISO 3166."""
    authority: str
    """The host and port where numbers are called from within a call."""


def is_among(address: str, sources: Iterable[str]) -> bool:
    """Does this address lie in one of these addresses and networks?"""
    try:
        asked = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(asked in ipaddress.ip_network(each, strict=False) for each in sources)


def numbers(text: str, *, country: str) -> tuple[str, ...]:
    """What a trunk may mean by this, in E.164, likeliest first; nothing where it is no number.

    Some trunks write numbers as they are dialled in their country, and some as in E.164 but
    without the plus sign.
    """
    found: list[str] = []
    digits = text.strip()
    written = [digits] if digits.startswith("+") else [digits, f"+{digits}"]
    for each in written:
        read = parse_phone(each, default_country=country)
        if not isinstance(read, Unusable) and read.value not in found:
            found.append(read.value)
    return tuple(found)
