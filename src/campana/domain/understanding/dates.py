"""Days as people say them: "next Tuesday", "the third of June nineteen eighty five"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Literal

from campana.domain.understanding.numbers import TENS, UNITS, numbers
from campana.domain.understanding.words import words

Direction = Literal["future", "past"]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = {
    name: place + 1
    for place, names in enumerate(
        (
            ("january", "jan"), ("february", "feb"), ("march", "mar"), ("april", "apr"), ("may",),
            ("june", "jun"), ("july", "jul"), ("august", "aug"), ("september", "sep", "sept"),
            ("october", "oct"), ("november", "nov"), ("december", "dec"),
        )
    )
    for name in names
}  # fmt: skip
_ALSO_WORDS = frozenset({"may", "march", "mar"})
ORDINALS = {
    **{
        word: place + 1
        for place, word in enumerate(
            (
                *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"),
                *("ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth"),
                *("sixteenth", "seventeenth", "eighteenth", "nineteenth"),
            )
        )
    },
    "twentieth": 20,
    "thirtieth": 30,
}
_SPANS = {"day": 1, "days": 1, "week": 7, "weeks": 7}
_ORDINAL_FIGURES = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_SLASHES = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d{2})")
_LONGEST_DAYS = 3660


def date_in(text: str, *, today: date, direction: Direction = "future") -> date | None:
    """The one day that was said; None for none, for two, and for one that does not exist.

    Args:
        text: what was said.
        today: in the person's own zone.
        direction: where a day without a year lies; a birthday is past.
    """
    iso = re.findall(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b", text)
    if len(iso) == 1:
        return _day(*(int(part) for part in iso[0]))
    said = words(text)
    for reading in (_in_figures(said), _in_month(said, today, direction), _near(said, today)):
        found = list(dict.fromkeys(reading))
        if len(found) > 1:
            return None
        if found:
            return found[0]
    if any(word in MONTHS and word not in _ALSO_WORDS for word in said):
        return None  # The thirty-first of November.
    return _day_of_month(said, today, direction)


def _in_figures(said: Sequence[str]) -> Iterator[date]:
    """Month, day, year, as written in the United States; day first where it can only be that."""
    for word in said:
        if found := _SLASHES.fullmatch(word):
            first, second, year = (int(part) for part in found.groups())
            year += 2000 if year < 50 else 1900 if year < 100 else 0
            day = _day(year, first, second) or _day(year, second, first)
            if day is not None:
                yield day


def _in_month(said: Sequence[str], today: date, direction: Direction) -> Iterator[date]:
    for place, word in enumerate(said):
        month = MONTHS.get(word)
        if month is None or (word in _ALSO_WORDS and not _is_month(said, place)):
            continue
        # "The third of June nineteen eighty five" is not the nineteenth.
        day, end = _day_before(said, place), place + 1
        if day is None:
            day, end = _day_after(said, place + 1)
        if day is None:
            continue
        year = _year_at(said, end)
        found = _day(year, month, day) if year is not None else None
        if year is None:
            found = nearest(month, day, today, direction)
        if found is not None:
            yield found


def _is_month(said: Sequence[str], place: int) -> bool:
    """ "May" and "March" are words of their own: not without a day beside them."""
    return _day_after(said, place + 1)[0] is not None or _day_before(said, place) is not None


def _near(said: Sequence[str], today: date) -> Iterator[date]:
    """Seen from today."""
    for place, word in enumerate(said):
        before = list(said[max(0, place - 3) : place])
        if word == "tomorrow":
            is_after = before[-2:] == ["day", "after"] or before[-1:] == ["after"]
            yield today + timedelta(days=2 if is_after else 1)
        elif word in {"today", "tonight"}:
            yield today
        elif word == "yesterday":
            yield today - timedelta(days=1)
        elif word.removesuffix("s") in WEEKDAYS:
            yield _weekday(word.removesuffix("s"), before, said[place + 1 :], today)
        elif word in _SPANS and (count := _count_before(said, place)) is not None:
            days = count * _SPANS[word]
            is_past = said[place + 1 : place + 2] == ["ago"]
            if days <= _LONGEST_DAYS:
                yield today + timedelta(days=-days if is_past else days)
        elif word == "week" and before[-1:] == ["next"] and not _names_weekday(said):
            yield today + timedelta(days=7)


def _names_weekday(said: Sequence[str]) -> bool:
    return any(word.removesuffix("s") in WEEKDAYS for word in said)


def _weekday(word: str, before: Sequence[str], after: Sequence[str], today: date) -> date:
    """The one to come, never today; "next" and "a week on" are those of the week after this."""
    wanted = WEEKDAYS.index(word)
    ahead = (wanted - today.weekday() - 1) % 7 + 1
    is_next = before[-1:] == ["next"] or list(after[:2]) == ["next", "week"]
    if before[-1:] == ["last"]:
        return today - timedelta(days=(today.weekday() - wanted - 1) % 7 + 1)
    if is_next and ahead + today.weekday() < 7:
        ahead += 7
    return today + timedelta(days=ahead)


def _count_before(said: Sequence[str], place: int) -> int | None:
    """ "in two weeks", "three days from now", "a week"."""
    if said[place - 1 : place] in (["a"], ["one"]) and place >= 1:
        is_meant = said[place - 2 : place - 1] in (["in"], ["than"]) or said[
            place + 1 : place + 3
        ] in (["from", "now"], ["from", "today"])
        return 1 if is_meant or said[place + 1 : place + 2] == ["ago"] else None
    found = [each for each in numbers(said[:place]) if each.end == place]
    return int(found[0].value) if found and found[0].value >= 1 else None


def _day_of_month(said: Sequence[str], today: date, direction: Direction) -> date | None:
    """ "On the fifteenth": of this month or the nearest."""
    found = [
        day
        for place in range(len(said))
        if said[place - 1 : place] == ["the"] or len(said) == 1
        for day in [_ordinal(said, place)[0]]
        if day is not None
    ]
    if len(found) != 1:
        return None
    step = 1 if direction == "future" else -1
    for months in range(12):
        number = today.year * 12 + today.month - 1 + step * months
        day = _day(number // 12, number % 12 + 1, found[0])
        if day is not None and (day > today if step > 0 else day < today):
            return day
    return None


def _day_after(said: Sequence[str], place: int) -> tuple[int | None, int]:
    """ "June third", "June the 3rd", "June three"; and the word behind it."""
    place += said[place : place + 1] == ["the"]
    day, end = _ordinal(said, place)
    if day is not None:
        return day, end
    found = numbers(said[place : place + 2])
    if found and found[0].start == 0 and 1 <= found[0].value <= 31:
        return int(found[0].value), place + found[0].end
    return None, place


def _day_before(said: Sequence[str], place: int) -> int | None:
    """ "Third of June", "3 June", "the twenty first of June"."""
    end = place - (said[place - 1 : place] == ["of"])
    for start in (end - 2, end - 1):
        if start >= 0:
            day, behind = _ordinal(said, start)
            if day is not None and behind == end:
                return day
    found = [each for each in numbers(said[:end]) if each.end == end]
    if found and 1 <= found[0].value <= 31:
        return int(found[0].value)
    return None


def _ordinal(said: Sequence[str], place: int) -> tuple[int | None, int]:
    if place < 0 or place >= len(said):
        return None, place
    if found := _ORDINAL_FIGURES.fullmatch(said[place]):
        return int(found[1]), place + 1
    following = said[place + 1] if place + 1 < len(said) else ""
    if said[place] in {"twenty", "thirty"} and ORDINALS.get(following, 99) < 10:
        return TENS[said[place]] + ORDINALS[following], place + 2
    day = ORDINALS.get(said[place])
    return day, place + 1


def _year_at(said: Sequence[str], place: int) -> int | None:
    """ "2026", "twenty twenty six", "nineteen eighty five", "two thousand and five"."""
    place += said[place : place + 1] == ["in"]
    rest = said[place : place + 5]
    if not rest:
        return None
    if re.fullmatch(r"(19|20)\d\d", rest[0]):
        return int(rest[0])
    century = {"nineteen": 1900, "twenty": 2000}.get(rest[0])
    if century is not None and len(rest) > 1:
        if rest[1] in {"oh", "o"} and len(rest) > 2 and rest[2] in UNITS:
            return century + UNITS[rest[2]]
        found = numbers(rest[1:])
        if found and found[0].start == 0 and 10 <= found[0].value <= 99:
            return century + int(found[0].value)
    found = numbers(rest)
    if found and found[0].start == 0 and 1900 <= found[0].value <= 2099:
        return int(found[0].value)
    return None


def nearest(month: int, day: int, today: date, direction: Direction) -> date | None:
    """The day of that name to come, or the last one, today among them; None if there is none."""
    step = 1 if direction == "future" else -1
    for years in range(9):
        found = _day(today.year + step * years, month, day)
        if found is not None and (found >= today if step > 0 else found <= today):
            return found
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
