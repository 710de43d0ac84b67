"""Made-up people: US numbers that are reserved for fiction, and where they live."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from functools import cache

from campana.domain.address import Address, parse_phone
from campana.simulation.chance import Chance

COUNTRY = "US"
MOST = 10_000
"""As many as there are numbers, near enough: 555-01xx in each area code from 201 to 399."""

_NAMES = ("Ana", "Bruno", "Carla", "Dana", "Emil", "Fatima", "Goran", "Hana")


def made_up(count: int, *, zones: Mapping[str, float], chance: Chance) -> bytes:
    """A CSV file of so many people; with `zones` each lives in one of them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["first_name", "phone", "time_zone"])
    for number in chance.shuffled(_numbers())[:count]:
        writer.writerow([chance.one_of(_NAMES), number, _zone(zones, chance)])
    return text.getvalue().encode()


def _zone(zones: Mapping[str, float], chance: Chance) -> str:
    rest = chance.share() * sum(zones.values())
    for zone, weight in zones.items():
        if rest < weight:
            return zone
        rest -= weight
    return ""


@cache
def _numbers() -> Sequence[str]:
    areas = [area for area in range(201, 400) if _is_ours(f"+1{area}5550100")]
    return [f"+1{area}55501{last:02d}" for area in areas for last in range(100)]


def _is_ours(number: str) -> bool:
    found = parse_phone(number, default_country=None)
    return isinstance(found, Address) and found.country == COUNTRY
