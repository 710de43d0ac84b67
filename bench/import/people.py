"""A file of made-up people of six countries, and the rows that should come of it.

The same each time. Numbers are written as people write them; two in a hundred are there twice, in
another way of writing; eight in a hundred are no numbers. They are numbers that could exist, unlike
those of the tests: nothing here calls anybody, and the reserved ones are too few.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from campana.domain.address import Address, parse_phone

HEADER = ("id", "first_name", "last_name", "phone", "city", "balance")
COUNTRY = "US"
"""Of numbers without a country code."""

DUPLICATE_PERCENT, INVALID_PERCENT = 2, 8

_FIRST = ("Ana", "Bruno", "Carla", "Dieter", "Emma", "Farid", "Grace", "Hugo", "Indira", "João")
_LAST = ("Adams", "Brandt", "Costa", "Díaz", "Evans", "Fernández", "Gupta", "Hernández", "Ito")
_CITIES = ("Newark", "London", "Berlin", "Delhi", "São Paulo", "Puebla", "Austin", "Leeds")
_WRONG = ("n/a", "12345", "+1 111 555 0101", "call after 5", "000-000-0000", "+44 99", "55501")


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """How many of a hundred people live here, and how a number of six to eight digits is made."""

    share: int
    code: str
    number: Callable[[int], str]
    trunk: str


def _american(n: int) -> str:
    areas = ("212", "310", "312", "404", "512", "602", "617", "702", "713", "813", "907", "808")
    return f"{areas[n % 12]}{200 + n // 12 % 799}{n // 9588 % 10000:04d}"


COUNTRIES = (
    Country(share=40, code="1", number=_american, trunk=""),
    Country(share=15, code="44", number=lambda n: f"7400{n % 1000000:06d}", trunk="0"),
    Country(share=15, code="49", number=lambda n: f"1512{n % 10000000:07d}", trunk="0"),
    Country(share=10, code="91", number=lambda n: f"98{n % 100000000:08d}", trunk="0"),
    Country(share=10, code="55", number=lambda n: f"119{60000000 + n % 39999999:08d}", trunk=""),
    Country(share=10, code="52", number=lambda n: f"55{12000000 + n % 79999999:08d}", trunk=""),
)


class Dice:
    """Throws that look like chance and are the same each time (Knuth's MMIX generator)."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def below(self, bound: int) -> int:
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self._state >> 33) % bound


def people(count: int) -> Iterator[tuple[str, ...]]:
    """Rows of the file, without the header."""
    dice = Dice(2026)
    by_share = [country for country in COUNTRIES for _ in range(country.share)]
    made = dict.fromkeys(COUNTRIES, 0)
    earlier: list[tuple[Country, str]] = []
    for row in range(count):
        throw = dice.below(100)
        if throw < INVALID_PERCENT:
            phone = _WRONG[dice.below(len(_WRONG))]
        else:
            if throw < INVALID_PERCENT + DUPLICATE_PERCENT and earlier:
                country, national = earlier[dice.below(len(earlier))]
            else:
                country = by_share[dice.below(100)]
                national = country.number(made[country])
                made[country] += 1
                # Some are enough to come twice, and the list stays small.
                if row % 16 == 0:
                    earlier.append((country, national))
            phone = _written(dice, country, national)
        yield (
            f"c{row}",
            _FIRST[dice.below(len(_FIRST))],
            _LAST[dice.below(len(_LAST))],
            phone,
            _CITIES[dice.below(len(_CITIES))],
            str(dice.below(100_000)),
        )


def _written(dice: Dice, country: Country, national: str) -> str:
    """One of the ways people write a number."""
    a, b, c = national[:3], national[3:6], national[6:]
    if country.code == "1":
        ways = (f"({a}) {b}-{c}", f"{a}-{b}-{c}", national, f"+1{national}", f"1 {a}.{b}.{c}")
    else:
        code, trunk = country.code, country.trunk
        optional = f"({trunk})" if trunk else ""
        ways = (
            f"+{code}{national}",
            f"+{code} {a} {b} {c}",
            f"011 {code} {a} {b}{c}",
            f"+{code} {optional}{a}-{b}-{c}",
            f"+{code} ({a}) {b} {c}",
        )
    return ways[dice.below(len(ways))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What was made: the file as a person has it, and its good rows ready to be copied in."""

    csv: Path
    ready: Path
    rows: int
    accepted: int
    duplicate: int
    rejected: int


def write(folder: Path, *, count: int) -> Files:
    """Make both files; the rows are judged here once, outside of all that is timed."""
    people_csv, ready = folder / "people.csv", folder / "ready.csv"
    seen: set[str] = set()
    duplicate = rejected = 0
    with people_csv.open("w", newline="") as raw, ready.open("w", newline="") as good:
        into_raw, into_good = csv.writer(raw), csv.writer(good)
        into_raw.writerow(HEADER)
        for row in people(count):
            into_raw.writerow(row)
            number = parse_phone(row[3], default_country=COUNTRY)
            if not isinstance(number, Address):
                rejected += 1
            elif number.value in seen:
                duplicate += 1
            else:
                seen.add(number.value)
                attributes = json.dumps({"city": row[4], "balance": row[5]})
                zones = "{" + ",".join(number.zones) + "}"
                into_good.writerow((*row[:3], number.value, zones, attributes))
    return Files(
        csv=people_csv,
        ready=ready,
        rows=count,
        accepted=len(seen),
        duplicate=duplicate,
        rejected=rejected,
    )
