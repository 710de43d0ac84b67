"""The kinds of answers a question takes: how each is understood, from words and from keys.

Of words a closed answer (yes or no, one of some) is first looked for among the phrases a recognizer
has scored, then in the text; where the two tell different answers, neither counts. Everything else
is read from the text. What is not sure is None: the question is asked again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from campana.domain.understanding.asserted import asserted
from campana.domain.understanding.choices import choice_in
from campana.domain.understanding.dates import Direction, date_in, nearest
from campana.domain.understanding.numbers import digits_in, number_in
from campana.domain.understanding.yes_no import yes_no_in

GOOD_SCORE = -2.5
"""A phrase that fits better was said. In trials over the telephone 119, 99 and 89 of 125 right
answers were above it, with more and more noise, and no wrong answer and no other words."""
CLEAR_BY = 0.25
"""How much better than the best of another answer it must fit."""
MOST_PHRASES = 12
"""Scored for one question: each takes time while somebody waits."""
SEVERAL_KEYS_END = "#"
_AROUND = re.compile(r"\b(?:(?:more|less|fewer) than|at (?:least|most)|between)\b", re.IGNORECASE)
"""Before a number that is only near the one that is meant."""

YES_PHRASES = ("Yes", "Yes, I can", "Yeah", "Sure", "Yes, that's right")
NO_PHRASES = ("No", "No, I can't", "No, thank you", "Nope", "No, that's wrong")


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What an answer comes to: the value kept, where it leads, what it counts."""

    value: str
    to: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class YesNo:
    """Yes or no; 1 or 2 on the keys."""

    yes: str | None = None
    no: str | None = None
    yes_score: float | None = None
    no_score: float | None = None
    kind: Literal["yes_no"] = "yes_no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of some answers: the value kept, the ways to say it, its key."""

    value: str
    phrases: tuple[str, ...]
    key: str
    to: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of some answers."""

    options: tuple[Option, ...]
    kind: Literal["choice"] = "choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number, or with `digits` that many digits of which the first may be zero."""

    least: Decimal | None = None
    most: Decimal | None = None
    is_whole: bool = True
    digits: int | None = None
    counts: bool = False
    """The number is its own score."""
    kind: Literal["number"] = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A date; on the keys month and day, two digits each."""

    direction: Direction = "future"
    kind: Literal["date"] = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeText:
    """Whatever they say. There are no keys for it."""

    most: int = 500
    kind: Literal["text"] = "text"


Answer = YesNo | Choice | Number | Day | FreeText


def phrases(answer: Answer) -> dict[str, str]:
    """What a recognizer is to score: phrase → the value it stands for."""
    match answer:
        case YesNo():
            return {**dict.fromkeys(YES_PHRASES, "yes"), **dict.fromkeys(NO_PHRASES, "no")}
        case Choice(options=options):
            # A turn each, so that every option has its first phrase among those that are scored.
            longest = max((len(each.phrases) for each in options), default=0)
            told = [
                (each.phrases[place], each.value)
                for place in range(longest)
                for each in options
                if place < len(each.phrases)
            ]
            return dict(told[: max(MOST_PHRASES, len(options))])
        case _:
            return {}


def from_words(
    answer: Answer, *, text: str, scores: Mapping[str, float], today: date | None
) -> Meant | None:
    """What was meant by these words; None when that is not sure.

    Args:
        answer: what is asked for.
        text: what was said.
        scores: phrase → how well it fits, 0 at best.
        today: in the person's own zone; without it no day is understood.
    """
    match answer:
        case YesNo():
            said = yes_no_in(text)
            value = _closed(answer, scores, None if said is None else "yes" if said else "no")
            return _yes_no(answer, value)
        case Choice(options=options):
            told = [phrase for each in options for phrase in each.phrases]
            if (left := asserted(text, phrases=told)) is None and text:
                return None
            named = choice_in(left or "", {each.value: each.phrases for each in options})
            value = _closed(answer, scores, named)
            return next((_option(each) for each in options if each.value == value), None)
        case Number(digits=int(count)):
            digits = digits_in(text)
            return Meant(value=digits) if digits is not None and len(digits) == count else None
        case Number():
            if (left := asserted(text)) is None or _AROUND.search(left):
                return None
            return _number(answer, number_in(left))
        case Day():
            if today is None or (left := asserted(text)) is None:
                return None
            day = date_in(left, today=today, direction=answer.direction)
            return Meant(value=day.isoformat()) if day is not None else None
        case FreeText():
            kept = " ".join(text.split())[: answer.most]
            return Meant(value=kept) if kept else None


def from_key(answer: Answer, key: str) -> Meant | None:
    """What one key means, where one key is an answer."""
    match answer:
        case YesNo():
            return _yes_no(answer, {"1": "yes", "2": "no"}.get(key))
        case Choice(options=options):
            return next((_option(each) for each in options if each.key == key), None)
        case _:
            return None


def from_keys(answer: Answer, keys: str, *, today: date | None) -> Meant | None:
    """What several keys mean, without the # that may end them."""
    match answer:
        case Number(digits=int(count)):
            return Meant(value=keys) if len(keys) == count and keys.isdecimal() else None
        case Number():
            plain = keys.replace("*", ".", 1)
            return _number(answer, Decimal(plain) if _is_number(plain) else None)
        case Day() if today is not None and len(keys) == 4 and keys.isdecimal():
            day = nearest(int(keys[:2]), int(keys[2:]), today, answer.direction)
            return Meant(value=day.isoformat()) if day is not None else None
        case _:
            return None


def takes_several_keys(answer: Answer) -> bool:
    """Is one key only the beginning of it?"""
    return isinstance(answer, Number | Day)


def is_whole(answer: Answer, keys: str) -> bool:
    """Can no further key belong to these?"""
    match answer:
        case Number(digits=int(count)):
            return len(keys) >= count
        case Day():
            return len(keys) >= 4
        case _:
            return False


def keys_of(answer: Answer) -> frozenset[str]:
    """The keys that begin an answer."""
    match answer:
        case YesNo():
            return frozenset("12")
        case Choice(options=options):
            return frozenset(each.key for each in options)
        case Number() | Day():
            return frozenset("0123456789*#")
        case FreeText():
            return frozenset()


def keypad_text(answer: Answer) -> str | None:
    """What asks for keys instead of words; None where there are no keys for it."""
    match answer:
        case YesNo():
            return "Please press 1 for yes, or 2 for no."
        case Choice(options=options):
            told = [f"{each.key} for {each.phrases[0]}" for each in options]
            return f"Please press {', '.join(told[:-1])}, or {told[-1]}." if told[1:] else None
        case Number(digits=int(count)):
            return f"Please enter the {count} digits on your keypad."
        case Number():
            return "Please enter the number on your keypad, then press the pound key."
        case Day():
            return "Please enter the month and the day on your keypad, two digits each."
        case FreeText():
            return None


def _closed(answer: Answer, scores: Mapping[str, float], named: str | None) -> str | None:
    """The answer that the recognizer's scores and the words agree upon, or only one of them
    tells."""
    values = phrases(answer)
    best: dict[str, float] = {}
    for phrase, score in scores.items():
        value = values.get(phrase)
        if value is not None:
            best[value] = max(score, best.get(value, score))
    ranked = sorted(best, key=lambda value: best[value], reverse=True)
    scored = None
    if ranked and best[ranked[0]] >= GOOD_SCORE:
        is_clear = len(ranked) < 2 or best[ranked[0]] - best[ranked[1]] >= CLEAR_BY
        scored = ranked[0] if is_clear else None
    if scored is None or named is None:
        return scored or named
    return scored if scored == named else None


def _yes_no(answer: YesNo, value: str | None) -> Meant | None:
    match value:
        case "yes":
            return Meant(value="yes", to=answer.yes, score=answer.yes_score)
        case "no":
            return Meant(value="no", to=answer.no, score=answer.no_score)
        case _:
            return None


def _option(option: Option) -> Meant:
    return Meant(value=option.value, to=option.to, score=option.score)


def _number(answer: Number, value: Decimal | None) -> Meant | None:
    if value is None or (answer.is_whole and value != value.to_integral_value()):
        return None
    if answer.least is not None and value < answer.least:
        return None
    if answer.most is not None and value > answer.most:
        return None
    text = f"{value.normalize():f}"
    return Meant(value=text, score=float(value) if answer.counts else None)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()


def moment_text(moment: datetime, *, now: datetime) -> str:
    """A moment as it is said back: "tomorrow at 5 PM", "on Friday, November 27 at 9:30 AM"."""
    days = (moment.date() - now.date()).days
    minutes = f":{moment.minute:02}" if moment.minute else ""
    clock = f"{(moment.hour - 1) % 12 + 1}{minutes} {'AM' if moment.hour < 12 else 'PM'}"
    if days in (0, 1):
        return f"{('today', 'tomorrow')[days]} at {clock}"
    return f"on {moment:%A, %B} {moment.day} at {clock}"
