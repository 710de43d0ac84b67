"""Which rows of a file may meet somebody in an empty list: only whoever a row before has brought.

A bit for each external id and each address that came. One that is not set came never; one that is
set may be another's, which costs a look into the list and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable

from campana.domain.address import AddressKind
from campana.domain.contact import BareContact

_FEWEST_BITS, _MOST_BITS = 1 << 20, 1 << 30
"""At most 128 MB, which five million rows of fifty bytes get."""
_SALTS = {kind: 0x5A5A5 * (number + 1) for number, kind in enumerate(AddressKind)}
"""One text as an external id, as a phone and on WhatsApp is three things."""


class Seen:
    """What has come so far of a file of so many bytes."""

    def __init__(self, file_bytes: int) -> None:
        """Four to eight bits for each byte.

        Of rows of fifty bytes with two keys at most one in a hundred is taken for one that came
        before, among the last of them one in fifty.
        """
        bits = min(max(1 << (4 * file_bytes).bit_length(), _FEWEST_BITS), _MOST_BITS)
        self._last, self._bits = bits - 1, bytearray(bits >> 3)

    def meeting(self, people: Iterable[BareContact]) -> list[int]:
        """Places, in order, of those who may meet somebody: one who came before, or one another.

        Whoever is not among them shares nothing with anybody, here or before.
        """
        bits, last = self._bits, self._last
        first: dict[int, int] = {}
        found: set[int] = set()
        for place, person in enumerate(people):
            spots = [(hash(address[1]) ^ _SALTS[address[0]]) & last for address in person[-1]]
            if person[0] is not None:
                spots.append(hash(person[0]) & last)
            for spot in spots:
                byte, bit = spot >> 3, 1 << (spot & 7)
                if bits[byte] & bit:
                    found.add(place)
                    # who set it may be in this chunk, not yet in the list
                    found.add(first.get(spot, place))
                else:
                    bits[byte] |= bit
                    first[spot] = place
        return sorted(found)
