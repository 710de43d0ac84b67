"""How often one person may be tried: n attempts in a number of days, over all campaigns.

Counted on attempts that may have touched the network, each from the moment its intent was written.
A day is 24 hours: a cap neither opens at midnight nor bends with DST.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CapPer(StrEnum):
    """Whose attempts are counted together."""

    NUMBER = "number"
    """All to one address, whichever lists it is in."""
    CONTACT = "contact"
    """All to one contact of a list, whichever of its addresses they went to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """At most `attempts` within any `days` times 24 hours."""

    per: CapPer
    attempts: int
    days: int
