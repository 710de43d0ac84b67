"""How a text travels as SMS: its alphabet, how many segments that makes, and what they cost.

The default alphabet and its extension are those of 3GPP TS 23.038 (6.2.1 and 6.2.1.1); national
shift tables are not used, since few networks pass them on. A text with one character outside is
UCS-2 as a whole, at less than half as many characters a segment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Alphabet(StrEnum):
    """`gsm7` counts septets, `ucs2` counts 16-bit units: a character beyond U+FFFF is two."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


ALONE: dict[Alphabet, int] = {Alphabet.GSM7: 160, Alphabet.UCS2: 70}
"""Units of a message that is one segment: 140 octets."""
JOINED: dict[Alphabet, int] = {Alphabet.GSM7: 153, Alphabet.UCS2: 67}
"""Units of each segment of a longer one: six octets tell which part it is (TS 23.040, 9.2.3.24.1,
with a reference of one octet)."""

_ESCAPE = 0x1B
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_CODES: dict[str, bytes] = {
    **{character: bytes([code]) for code, character in enumerate(_BASIC) if code != _ESCAPE},
    **{character: bytes([_ESCAPE, code]) for character, code in _EXTENSION.items()},
}
_CHARACTERS: dict[bytes, str] = {code: character for character, code in _CODES.items()}
_LONGEST_UNUSUAL = 20

_PLAINER = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201a": "'",
        "\u201b": "'",
        "\u2032": "'",
        "\u00b4": "'",
        "`": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u2033": '"',
        "\u00ab": '"',
        "\u00bb": '"',
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
        "\u2026": "...",
        "\u2022": "-",
        "\u00a0": " ",
        "\u2007": " ",
        "\u2009": " ",
        "\u202f": " ",
        "\u200b": "",
        "\ufeff": "",
        "\t": " ",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsSize:
    """What a text comes to. An empty text is one segment: a network sends and charges it."""

    alphabet: Alphabet
    units: int
    """Of the alphabet, all segments together; headers not counted."""
    segments: int
    left: int
    """Units that still fit into its last segment, for a text that stays in this alphabet."""
    unusual: tuple[str, ...]
    """The characters because of which it is UCS-2, each once, at most twenty."""


def size(text: str) -> SmsSize:
    """Measure a text as it would be sent."""
    alphabet = alphabet_of(text)
    found = segments(text, alphabet)
    room = (ALONE if len(found) == 1 else JOINED)[alphabet]
    unusual = dict.fromkeys(each for each in text if each not in _CODES)
    return SmsSize(
        alphabet=alphabet,
        units=sum(_width(each, alphabet) for each in text),
        segments=len(found),
        left=room - sum(_width(each, alphabet) for each in found[-1]),
        unusual=tuple(unusual)[:_LONGEST_UNUSUAL],
    )


def cost(text: str, *, segment_price: Decimal) -> Decimal:
    """What its segments cost together, each at the price of one."""
    return segment_price * size(text).segments


def alphabet_of(text: str) -> Alphabet:
    """The default alphabet where it holds every character, else UCS-2."""
    return Alphabet.GSM7 if all(each in _CODES for each in text) else Alphabet.UCS2


def plainer(text: str) -> str:
    """Typographic quotes, dashes and spaces as their plain fellows, where that alone brings the
    text into the default alphabet; any other text unchanged."""
    plain = text.translate(_PLAINER)
    return plain if alphabet_of(plain) is Alphabet.GSM7 else text


def segments(text: str, alphabet: Alphabet) -> list[str]:
    """The text of each segment; together they are the text. No character is torn in two: neither
    an escape from what it escapes, nor the halves of a surrogate pair."""
    if sum(_width(each, alphabet) for each in text) <= ALONE[alphabet]:
        return [text]
    return list(_filled(text, alphabet))


def _filled(text: str, alphabet: Alphabet) -> Iterator[str]:
    room, begin, used = JOINED[alphabet], 0, 0
    for at, character in enumerate(text):
        width = _width(character, alphabet)
        if used + width > room:
            yield text[begin:at]
            begin, used = at, 0
        used += width
    yield text[begin:]


def encode(text: str, alphabet: Alphabet) -> bytes:
    """As SMPP carries it: a septet in each octet, or UTF-16 with the high octet first. What the
    alphabet does not hold becomes a question mark."""
    if alphabet is Alphabet.UCS2:
        return text.encode("utf-16-be", errors="replace")
    return b"".join(_CODES.get(each, b"?") for each in text)


def decode(octets: bytes, alphabet: Alphabet) -> str:
    """The reverse of `encode`, forgiving: what is no code becomes U+FFFD."""
    if alphabet is Alphabet.UCS2:
        return octets.decode("utf-16-be", errors="replace")
    text: list[str] = []
    codes = iter(octets)
    for code in codes:
        if code != _ESCAPE:
            text.append(_CHARACTERS.get(bytes([code]), "\ufffd"))
            continue
        escaped = next(codes, None)
        if escaped is None:
            break
        # An unknown escape stands for the character of the default alphabet (TS 23.038, 6.2.1.1).
        found = _CHARACTERS.get(bytes([_ESCAPE, escaped])) or _CHARACTERS.get(bytes([escaped]))
        text.append(found or "\ufffd")
    return "".join(text)


def _width(character: str, alphabet: Alphabet) -> int:
    if alphabet is Alphabet.UCS2:
        return 2 if ord(character) > 0xFFFF else 1
    return len(_CODES.get(character, b"?"))
