"""What a delivery receipt says, however its provider writes it.

SMPP leaves the text to the provider (appendix B shows a common form only): names come in any case
and order, some are missing, and the optional parameters, where there are any, are to be believed
before the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from campana.smpp.pdu import Message, Tag


class State(StrEnum):
    """What became of a message, as far as the provider knows."""

    ENROUTE = "enroute"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    DELETED = "deleted"
    UNDELIVERABLE = "undeliverable"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    REJECTED = "rejected"


class MessageIds(StrEnum):
    """How a provider writes its own id: some answer in hexadecimal and report in decimal."""

    SAME = "same"
    HEX_THEN_DECIMAL = "hexThenDecimal"
    DECIMAL_THEN_HEX = "decimalThenHex"

    def of_answer(self, text: str) -> str:
        """The one form of an id in a submit_sm_resp."""
        return self._read(text, base=16 if self is MessageIds.HEX_THEN_DECIMAL else 10)

    def of_receipt(self, text: str) -> str:
        """The one form of an id in a receipt."""
        return self._read(text, base=10 if self is MessageIds.HEX_THEN_DECIMAL else 16)

    def to_ask(self, ref: str) -> str:
        """An id in its one form, as the provider answered it."""
        is_number = self is MessageIds.HEX_THEN_DECIMAL and ref.isdecimal()
        return f"{int(ref):x}" if is_number else ref

    def _read(self, text: str, *, base: int) -> str:
        stripped = text.strip()
        if self is MessageIds.SAME:
            return stripped
        try:
            return str(int(stripped, base))
        except ValueError:
            return stripped


STATES: Mapping[int, State] = {
    0: State.ENROUTE,  # scheduled, of version 5
    1: State.ENROUTE,
    2: State.DELIVERED,
    3: State.EXPIRED,
    4: State.DELETED,
    5: State.UNDELIVERABLE,
    6: State.ACCEPTED,
    7: State.UNKNOWN,
    8: State.REJECTED,
    9: State.DELETED,  # skipped, of version 5
}
"""Of the parameter message_state (5.2.28)."""

WORDS: Mapping[str, State] = {
    "ENROUTE": State.ENROUTE,
    "BUFFERED": State.ENROUTE,
    "BUFFRED": State.ENROUTE,
    "SCHEDULED": State.ENROUTE,
    "DELIVRD": State.DELIVERED,
    "DELIVERED": State.DELIVERED,
    "EXPIRED": State.EXPIRED,
    "DELETED": State.DELETED,
    "SKIPPED": State.DELETED,
    "UNDELIV": State.UNDELIVERABLE,
    "UNDELIVERABLE": State.UNDELIVERABLE,
    "UNDELIVERED": State.UNDELIVERABLE,
    "FAILED": State.UNDELIVERABLE,
    "ACCEPTD": State.ACCEPTED,
    "ACCEPTED": State.ACCEPTED,
    "UNKNOWN": State.UNKNOWN,
    "UNKNOWD": State.UNKNOWN,
    "REJECTD": State.REJECTED,
    "REJECTED": State.REJECTED,
}
"""Of `stat:`. A word that is not here tells nothing."""

_GSM = 3
_UNKNOWN_SUBSCRIBER = 1
_RECEIPT = 0x04
_NOTIFICATION = 0x20
_KIND = 0x3C


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """`ref` is the provider's id as it wrote it; `error` its own code, empty where it gave none."""

    ref: str
    state: State
    error: str
    is_unknown_subscriber: bool
    """The network says, in a code that means the same everywhere, that nobody has this number."""


def is_receipt(message: Message) -> bool:
    """Is a deliver_sm about a message of ours, rather than one of a person's?"""
    return (
        message.esm_class & _KIND in (_RECEIPT, _NOTIFICATION)
        or Tag.RECEIPTED_MESSAGE_ID in message.options
    )


def read_receipt(message: Message) -> Receipt | None:
    """What it says; None where it does not name a message."""
    text = message.octets.decode("latin-1")
    # What a person wrote to them ends it, and may hold anything.
    told = re.split(r"\btext:", text, maxsplit=1, flags=re.IGNORECASE)[0]
    ref = _c_string(message.options.get(Tag.RECEIPTED_MESSAGE_ID, b"")) or _named("id", told)
    if not ref:
        return None
    error, is_unknown = _named(r"err(?:or)?", told), False
    network = message.options.get(Tag.NETWORK_ERROR_CODE, b"")
    if len(network) == 3:
        code = int.from_bytes(network[1:], "big")
        is_unknown = (network[0], code) == (_GSM, _UNKNOWN_SUBSCRIBER)
        error = error or str(code)
    return Receipt(
        ref=ref[:100],
        state=_state(message, told),
        error=error[:20],
        is_unknown_subscriber=is_unknown,
    )


def words_of(message: Message) -> str:
    """A receipt as people read it: its text, then each optional parameter by its number."""
    options = [f"0x{tag:04x}: {octets.hex()}" for tag, octets in message.options.items()]
    return "\n".join([message.octets.decode("latin-1"), *options])


def _state(message: Message, told: str) -> State:
    given = message.options.get(Tag.MESSAGE_STATE, b"")
    if len(given) == 1 and given[0] in STATES:
        return STATES[given[0]]
    return WORDS.get(_named(r"stat(?:us)?", told).upper(), State.UNKNOWN)


def _named(name: str, text: str) -> str:
    found = re.search(rf"\b{name}\s*:\s*(\S*)", text, flags=re.IGNORECASE)
    return found[1].strip("\0") if found else ""


def _c_string(octets: bytes) -> str:
    return octets.partition(b"\0")[0].decode("latin-1").strip()
