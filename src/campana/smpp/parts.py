"""Long texts: cut into parts that a phone joins, and a person's parts joined again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from campana.domain import sms_text
from campana.domain.sms_text import Alphabet
from campana.smpp.pdu import Message, Tag


class LongMessages(StrEnum):
    """How a provider wants a text of several segments."""

    UDH = "udh"
    """Each part with a user data header: understood nearly everywhere."""
    SAR = "sar"
    """Each part with sar_* parameters; the provider makes the headers."""
    PAYLOAD = "payload"
    """Whole, as message_payload; the provider cuts it."""


_UDH_INDICATOR = 0x40
_CONCATENATED, _CONCATENATED_16 = 0x00, 0x08


def split(
    message: Message, text: str, alphabet: Alphabet, *, how: LongMessages, reference: int
) -> list[Message]:
    """`message` with the text, once a part; `reference` (0 to 255) is the same in all of them."""
    parts = [sms_text.encode(each, alphabet) for each in sms_text.segments(text, alphabet)]
    if len(parts) == 1:
        return [replace(message, octets=parts[0])]
    match how:
        case LongMessages.PAYLOAD:
            whole = sms_text.encode(text, alphabet)
            return [replace(message, options={**message.options, Tag.MESSAGE_PAYLOAD: whole})]
        case LongMessages.SAR:
            return [
                replace(
                    message,
                    octets=octets,
                    options={
                        **message.options,
                        Tag.SAR_REFERENCE: reference.to_bytes(2, "big"),
                        Tag.SAR_TOTAL: bytes((len(parts),)),
                        Tag.SAR_NUMBER: bytes((number,)),
                    },
                )
                for number, octets in enumerate(parts, 1)
            ]
        case LongMessages.UDH:
            return [
                replace(
                    message,
                    octets=bytes((5, _CONCATENATED, 3, reference, len(parts), number)) + octets,
                    esm_class=message.esm_class | _UDH_INDICATOR,
                )
                for number, octets in enumerate(parts, 1)
            ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A text, or a piece of one: `number` of `total` that share a `reference`. `text` is None for
    what is no text."""

    text: str | None
    reference: int
    total: int
    number: int


def read_part(message: Message) -> Part:
    """What a person's message says, and which part of it this is."""
    octets, elements = message.octets, dict[int, bytes]()
    if message.esm_class & _UDH_INDICATOR and octets:
        length = octets[0] + 1
        elements, octets = _elements(octets[1:length]), octets[length:]
    text = _decode(octets, message.data_coding)
    if len(short := elements.get(_CONCATENATED, b"")) == 3:
        reference, total, number = short
    elif len(long := elements.get(_CONCATENATED_16, b"")) == 4:
        reference, total, number = int.from_bytes(long[:2], "big"), long[2], long[3]
    else:
        reference, total, number = (
            int.from_bytes(message.options.get(tag, b""), "big")
            for tag in (Tag.SAR_REFERENCE, Tag.SAR_TOTAL, Tag.SAR_NUMBER)
        )
    if not 1 <= number <= total:
        reference, total, number = 0, 1, 1
    return Part(text=text, reference=reference, total=total, number=number)


def joined(parts: Sequence[Part]) -> str | None:
    """The text of these, in order; a gap shows as an ellipsis. None where none of it is text."""
    known = {part.number: part.text for part in parts}
    if all(text is None for text in known.values()):
        return None
    return "".join(known.get(number) or "…" for number in range(1, parts[0].total + 1))


def _elements(octets: bytes) -> Mapping[int, bytes]:
    found: dict[int, bytes] = {}
    while len(octets) >= 2:
        length = octets[1]
        found[octets[0]] = octets[2 : 2 + length]
        octets = octets[2 + length :]
    return found


def _decode(octets: bytes, data_coding: int) -> str | None:
    """By data_coding (5.2.19); what names no alphabet is in the default one."""
    match data_coding:
        case 2 | 4:
            return None
        case 1 | 3:
            return octets.decode("latin-1")
        case 8:
            return sms_text.decode(octets, Alphabet.UCS2)
        case _:
            return sms_text.decode(octets, Alphabet.GSM7)
