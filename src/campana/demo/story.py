"""Who does what in the demo: fifty called parties, most of them pleasant.

A number's first call meets the first behavior, its second call the second; see `plan`.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from importlib import resources

from campana.demo.plan import Behavior, Plan
from campana.domain.address import Address, parse_phone

_CONFIRMS = (Behavior(press=("1",)),)
_MOVES = (Behavior(press=("2",), ring_seconds=1.2),)
_HANGS_UP = (Behavior(do="hang_up", hang_up_after=2.5),)
_BUSY_AT_FIRST = (Behavior(do="busy"), Behavior(press=("1",)))
_ALWAYS_BUSY = (Behavior(do="busy"),)
_NEVER_ANSWERS = (Behavior(do="ring"),)
_DECLINES = (Behavior(do="decline", ring_seconds=1.0),)
_WRONG_NUMBER = (Behavior(do="wrong_number"),)
_CONGESTED_AT_FIRST = (Behavior(do="congestion"), Behavior(press=("1",)))

CAST: Sequence[tuple[int, tuple[Behavior, ...]]] = (
    (26, _CONFIRMS),
    (7, _MOVES),
    (3, _HANGS_UP),
    (3, _BUSY_AT_FIRST),
    (1, _ALWAYS_BUSY),
    (3, _NEVER_ANSWERS),
    (3, _DECLINES),
    (2, _WRONG_NUMBER),
    (2, _CONGESTED_AT_FIRST),
)
"""How many people behave in which way; together as many as `people.csv` has."""


def numbers() -> list[str]:
    """The people's numbers in E.164, in the file's order."""
    text = (resources.files("campana.demo") / "people.csv").read_text("utf-8")
    parsed = [
        parse_phone(row["phone"], default_country="US") for row in csv.DictReader(text.splitlines())
    ]
    return [address.value for address in parsed if isinstance(address, Address)]


def plan() -> Plan:
    """The exchange's plan: the cast dealt over the file, so that every kind shows up early."""
    called = numbers()
    step = 7  # has no factor in common with fifty: each person is dealt one part
    dealt = [called[index * step % len(called)] for index in range(len(called))]
    parts = [part for count, part in CAST for _ in range(count)]
    return Plan(numbers=dict(zip(dealt, parts, strict=True)))
