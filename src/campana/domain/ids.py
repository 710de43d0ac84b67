"""Names of things. Public ids are opaque text with a prefix; rows that exist by the million use
numbers.

`camp_7k3f…` is 80 random bits in Crockford's base 32: short enough for an index, long enough never
to meet itself. Contacts and targets are numbered by the database and shown as `ctc_41`, `tgt_97`;
an attempt carries a UUID because its id travels to carriers and must be unique in the world.
"""

from __future__ import annotations

from typing import NewType
from uuid import UUID

WorkspaceId = NewType("WorkspaceId", int)
CampaignId = NewType("CampaignId", str)
ListId = NewType("ListId", str)
ImportId = NewType("ImportId", str)
ChannelId = NewType("ChannelId", str)
ContactId = NewType("ContactId", int)
TargetId = NewType("TargetId", int)
AttemptId = NewType("AttemptId", UUID)
OwnerId = NewType("OwnerId", int)

_VERSION_7 = 7 << 76 | 2 << 62
_RANDOM_OR_TIME = (1 << 128) - 1 & ~(0xF << 76 | 3 << 62)
"""The bits of such a UUID that say neither version nor variant."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def public_id(prefix: str, entropy: bytes) -> str:
    """`prefix_` + base 32 of ten random bytes.

    Raises:
        ValueError: `entropy` is not ten bytes.
    """
    if len(entropy) != 10:
        raise ValueError("a public id takes ten random bytes")
    number = int.from_bytes(entropy, "big")
    return prefix + "_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))


def numbered(prefix: str, number: int) -> str:
    """`ctc_41`: how a numbered row is shown."""
    return f"{prefix}_{number}"


def number_of(prefix: str, shown: str) -> int | None:
    """The row number in `ctc_41`, or None when `shown` is not one of ours."""
    head, _, tail = shown.partition("_")
    if head != prefix or not tail.isascii() or not tail.isdecimal() or len(tail) > 18:
        return None
    return int(tail)


def attempt_text(attempt_id: UUID) -> str:
    """`att_…`: how an attempt is shown, and how a carrier sees it."""
    return "att_" + attempt_id.hex


def attempt_of(shown: str) -> AttemptId | None:
    """The UUID in `att_…`, or None when `shown` is not one of ours."""
    try:
        found = UUID(hex=shown.removeprefix("att_"))
    except ValueError:
        return None
    # The reader of UUIDs takes braces, dashes and underscores too; one attempt has one name.
    return AttemptId(found) if attempt_text(found) == shown else None


def uuid7(unix_ms: int, entropy: bytes) -> UUID:
    """RFC 9562 version 7: 48 bits of Unix milliseconds, then ten random bytes; sorts by time."""
    number = unix_ms << 80 | int.from_bytes(entropy, "big")
    return UUID(int=number & _RANDOM_OR_TIME | _VERSION_7)
