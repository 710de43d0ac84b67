"""Phone numbers by the thousand: every region's examples, and those spoiled in every way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TypeVar

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

FORMATS = (
    PhoneNumberFormat.E164,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.NATIONAL,
    PhoneNumberFormat.RFC3966,
)
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
Chosen = TypeVar("Chosen")
_DIGITS = "0123456789"
_BETWEEN = (" ", "-", ".", "/", "(", ")", "  ", "\xa0")
_EXTENSIONS = (" ext 5", "x12", "#3", ";ext=7", " 12#", ",,9", "*")
_ODD = ("+", " +", "\u2011", "a", "\t", "\n", "٣", "²", "~", "[", "x", "/x", "\xad")


@cache
def examples() -> list[tuple[str, PhoneNumber]]:
    """A region and a number of it, for every type a region has; one that is not valid, too."""
    found = [
        (region, number)
        for region in REGIONS
        for kind in PhoneNumberType.values()
        if (number := phonenumbers.example_number_for_type(region, kind)) is not None
    ]
    spoiled = [(region, phonenumbers.invalid_example_number(region)) for region in REGIONS]
    return found + [(region, number) for region, number in spoiled if number is not None]


class Dice:
    """Throws that look like chance and are the same each time (Knuth's MMIX generator)."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def below(self, bound: int) -> int:
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self._state >> 33) % bound

    def one_of(self, choices: Sequence[Chosen]) -> Chosen:
        return choices[self.below(len(choices))]

    def hits(self, percent: int) -> bool:
        return self.below(100) < percent


def written(*, count: int, seed: int) -> Iterator[tuple[str, str | None]]:
    """Texts and the country each is read in: valid, nearly so, prefixed, punctuated, extended."""
    dice = Dice(seed)
    for _ in range(count):
        region, number = dice.one_of(examples())
        country = dice.one_of([region, region, region, dice.one_of(REGIONS), None, "XX"])
        digits = list(phonenumbers.national_significant_number(number))
        _spoil(dice, digits)
        text = _prefix(dice, number.country_code or 0) + "".join(digits)
        yield _punctuated(dice, text), country


def _spoil(dice: Dice, digits: list[str]) -> None:
    for _ in range(dice.one_of([0, 0, 1, 2, 4])):
        digits[dice.below(len(digits))] = dice.one_of(_DIGITS)
    if dice.hits(10):
        digits.insert(dice.below(len(digits)), dice.one_of(_DIGITS))
    if dice.hits(10):
        digits.pop(dice.below(len(digits)))


def _prefix(dice: Dice, code: int) -> str:
    chosen = dice.one_of(["", "+", "+", "00", "011", "0", "1", "8", "bare", "(0)", "zeros", "any"])
    if chosen in {"+", "00", "011"}:
        return f"{chosen}{code}{dice.one_of(['', '', '', '0', '(0)', '1'])}"
    if chosen == "bare":
        return str(code)
    if chosen == "zeros":
        return "0" * (1 + dice.below(4))
    if chosen == "any":
        return "".join(dice.one_of(_DIGITS) for _ in range(1 + dice.below(4)))
    return chosen


def _punctuated(dice: Dice, text: str) -> str:
    marks = dice.one_of([0, 0, 20, 50])
    spread = "".join(c + (dice.one_of(_BETWEEN) if dice.hits(marks) else "") for c in text)
    if dice.hits(5):
        spread += dice.one_of(_EXTENSIONS)
    if dice.hits(5):
        place = dice.below(len(spread) + 1)
        spread = spread[:place] + dice.one_of(_ODD) + spread[place:]
    return spread
