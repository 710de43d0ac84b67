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


def made_up(
    count: int,
    *,
    zones: Mapping[str, float],
    chance: Chance,
    fields: Mapping[str, Sequence[object]] | None = None,
    with_email: bool = False,
    numbers: int = 1,
) -> bytes:
    """A CSV file of so many people, each with so many numbers; with `zones` each lives in one of
    them, and of `fields` each has one of the values."""
    others = fields or {}
    text = io.StringIO()
    writer = csv.writer(text)
    named = [f"phone_{n + 1}" for n in range(1, numbers)] + (["email"] if with_email else [])
    writer.writerow(["first_name", "phone", "time_zone", *named, *others])
    shuffled = chance.shuffled(_numbers())
    for n, number in enumerate(shuffled[:count]):
        address = [f"{number.removeprefix('+')}@example.com"] if with_email else []
        own = [chance.one_of(_NAMES), number, _zone(zones, chance)]
        own += shuffled[count + n : numbers * count : count] + address
        writer.writerow([*own, *(_cell(chance.one_of(values)) for values in others.values())])
    return text.getvalue().encode()


def _cell(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


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
