"""Numbers and names as SMPP writes them: type of number and numbering plan beside the text."""

from __future__ import annotations

from campana.smpp.pdu import Address

_UNKNOWN, _INTERNATIONAL, _NETWORK_SPECIFIC, _ALPHANUMERIC = 0, 1, 3, 5
_ISDN = 1
_SHORT_CODE = 8
"""Digits of the longest: what is longer without a plus is left for the provider to understand."""


def address_of(text: str) -> Address:
    """Of an E.164 number, a short code, or a name."""
    if text.startswith("+"):
        return Address(ton=_INTERNATIONAL, npi=_ISDN, text=text[1:])
    if not text.isdecimal():
        return Address(ton=_ALPHANUMERIC, npi=0, text=text)
    if len(text) <= _SHORT_CODE:
        return Address(ton=_NETWORK_SPECIFIC, npi=0, text=text)
    return Address(ton=_UNKNOWN, npi=_ISDN, text=text)


def number_of(address: Address) -> str:
    """E.164 where it is one: many providers leave the type of a whole number unsaid."""
    digits = address.text.removeprefix("+")
    is_whole = digits.isdecimal() and digits.isascii() and 8 <= len(digits) <= 15
    if is_whole and address.ton in (_UNKNOWN, _INTERNATIONAL) and digits[0] != "0":
        return f"+{digits}"
    return address.text
