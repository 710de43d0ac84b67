"""A target goes on with the next number of its contact, in the zones that number lies in."""

from __future__ import annotations

from campana.domain.address import Address, parse_phone
from campana.store import targets
from campana.store.db import Tx


async def go_on(tx: Tx, *, target_id: int) -> bool:
    """Move the target to its contact's next phone; False when there is no more.

    The contact's own time zone, if it gave one, stays in force; else it is where the number lies.
    """
    while (following := await targets.following_address(tx, target_id=target_id)) is not None:
        zones = None if following.has_own_zone else _zones_of(following.address)
        if await targets.move_to_address(
            tx, target_id=target_id, address=following.address, zones=zones
        ):
            return True
    return False


def _zones_of(number: str) -> tuple[str, ...]:
    """None known: then nobody is called there (`zone_unknown`)."""
    match parse_phone(number, default_country=None):
        case Address(zones=zones):
            return zones
        case _:
            return ()
