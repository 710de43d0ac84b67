"""Numbers as people say them: "a hundred and twenty five", "two and a half", "4, 7, 2, 9"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from campana.domain.understanding.words import words

UNITS = {
    word: value
    for value, word in enumerate(
        (
            *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
            *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"),
            *("seventeen", "eighteen", "nineteen"),
        )
    )
}
TENS = {
    word: 10 * (place + 2)
    for place, word in enumerate(
        ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
    )
}
_SCALES = {"thousand": 1_000, "million": 1_000_000}
DIGITS = {**{word: value for word, value in UNITS.items() if value < 10}, "oh": 0, "o": 0}
TIMES = {"double": 2, "triple": 3}
_FIGURES = re.compile(r"\d+(?:\.\d+)?")
_CORRECTIONS = frozenset({"no", "sorry", "mean", "actually", "rather", "wait"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A number, and the words it took: `start` to before `end`."""

    value: Decimal
    start: int
    end: int


def number_in(text: str) -> Decimal | None:
    """The one number that was said; of several, the last if the others were taken back.

    A row of single digits is one number: "four two" is 42.
    """
    said = words(text)
    found = numbers(said)
    if not found:
        return None
    row = _row(found)
    if row is not None:
        return row
    if len(found) > 1:
        between = said[found[-2].end : found[-1].start]
        if not _CORRECTIONS.intersection(between):
            return None
    return found[-1].value


def digits_in(text: str) -> str | None:
    """The digits that were said one by one or in groups: "oh four double seven" is "0477"."""
    said = words(text)
    digits, place = "", 0
    while place < len(said):
        times = TIMES.get(said[place], 1)
        place += said[place] in TIMES
        if place >= len(said):
            break
        word = said[place]
        if word in DIGITS:
            digits += str(DIGITS[word]) * times
            place += 1
        elif word.isdecimal():
            digits += word * times
            place += 1
        elif (number := _number_at(said, place)) is not None:
            digits += str(number.value)
            place = number.end
        else:
            place += 1
    return digits or None


def numbers(said: Sequence[str]) -> list[Said]:
    """Every number among the words, in order."""
    found: list[Said] = []
    place = 0
    while place < len(said):
        number = _number_at(said, place)
        if number is None:
            place += 1
        else:
            found.append(number)
            place = number.end
    return found


def _row(found: Sequence[Said]) -> Decimal | None:
    """Single digits with nothing in between, as one number."""
    if len(found) < 2 or any(a.end != b.start for a, b in pairwise(found)):
        return None
    if any(number.value > 9 or number.end - number.start > 1 for number in found):
        return None
    return Decimal("".join(str(number.value) for number in found))


def _number_at(said: Sequence[str], start: int) -> Said | None:
    """The longest number that begins at a word."""
    is_negative = said[start] in {"minus", "negative"}
    place = start + is_negative
    whole, place, is_any = _whole(said, place)
    if not is_any:
        return None
    value = whole
    if said[place : place + 1] == ["point"]:
        tail = ""
        end = place + 1
        while end < len(said) and (said[end] in DIGITS or said[end].isdecimal()):
            tail += str(DIGITS.get(said[end], said[end]))
            end += 1
        if tail:
            value, place = value + Decimal(f"0.{tail}"), end
    elif said[place : place + 3] == ["and", "a", "half"]:
        value, place = value + Decimal("0.5"), place + 3
    return Said(value=-value if is_negative else value, start=start, end=place)


def _whole(said: Sequence[str], place: int) -> tuple[Decimal, int, bool]:
    """Its value, the word after it, and whether there was one."""
    total, part = Decimal(0), Decimal(0)
    is_any = False
    last = Decimal(10) ** 12
    while place < len(said):
        word = said[place]
        following = said[place + 1 : place + 2]
        if word == "a" and following and following[0] in {"hundred", "thousand", "million"}:
            part, is_any, place = part + 1, True, place + 1
            continue
        if word == "hundred" and is_any and 0 < part < 100:
            part, last, place = part * 100, Decimal(100), place + 1
            continue
        if word in _SCALES and is_any and part:
            total, part, place = total + part * _SCALES[word], Decimal(0), place + 1
            last = Decimal(_SCALES[word])
            continue
        if word == "and" and is_any and last >= 100 and _small(said, place + 1) is not None:
            place += 1
            continue
        small = _small(said, place)
        # "twenty five" is one number, "five twenty" and "seven two" are two.
        if small is None or small >= last or (is_any and last <= 10) or (small >= 10 > last):
            break
        if is_any and last < 100 and not (last >= 20 and 0 < small < 10):
            break
        part, is_any, place = part + small, True, place + 1
        last = small if small >= 20 and small % 10 == 0 else min(small, Decimal(10))
    return total + part, place, is_any


def _small(said: Sequence[str], place: int) -> Decimal | None:
    """The number that one word is."""
    if place >= len(said):
        return None
    word = said[place]
    if _FIGURES.fullmatch(word):
        return Decimal(word)
    value = UNITS.get(word, TENS.get(word))
    return None if value is None else Decimal(value)
