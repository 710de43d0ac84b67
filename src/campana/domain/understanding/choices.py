"""Which of some answers was meant: by its own words, or by its place ("the second one")."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from campana.domain.understanding.dates import ORDINALS
from campana.domain.understanding.numbers import UNITS
from campana.domain.understanding.words import spoken

_PLACES = {word: place for word, place in ORDINALS.items() if place < 10}
_FIGURES = {word: value for word, value in UNITS.items() if 0 < value < 10}
_PLACE = re.compile(rf"\b(?:the )?({'|'.join(_PLACES)})(?: (?:one|option|choice|answer))?$")
_NUMBER = re.compile(
    rf"^(?:(?:ill take|id like|i want|its|please|say|press) )*(?:number |option |choice )?"
    rf"({'|'.join(_FIGURES)}|[1-9])(?: please)?$"
)
_LAST = re.compile(r"\b(?:the )?last(?: (?:one|option|choice))?$")


def choice_in(text: str, options: Mapping[str, Sequence[str]]) -> str | None:
    """The one of `options` that was said; None when it is none of them, or more than one.

    Args:
        text: what was said.
        options: answer → the ways to say it.
    """
    said = spoken(text)
    named = [answer for answer, phrases in options.items() if _is_said(said, phrases)]
    if named:
        return named[0] if len(named) == 1 else _after_correction(said, options, named)
    place = _place(said, len(options))
    return list(options)[place - 1] if place is not None and place <= len(options) else None


def _is_said(said: str, phrases: Sequence[str]) -> bool:
    return any(_where(said, phrase) is not None for phrase in phrases)


def _where(said: str, phrase: str) -> int | None:
    """Where the phrase is said last without "not" before it; its end may take a plural's s.

    A recognizer writes "checkup" for "check up".
    """
    plain = spoken(phrase)
    if not plain:
        return None
    found = [
        match.start()
        for match in re.finditer(rf"\b{plain.replace(' ', ' ?')}(?:s|es)?\b", said)
        if not re.search(
            r"\b(?:not|except|but|than|instead of)(?: the| on| a)? $", said[: match.start()]
        )
    ]
    return found[-1] if found else None


def _after_correction(
    said: str, options: Mapping[str, Sequence[str]], named: Sequence[str]
) -> str | None:
    """Of several, the one after "no, I mean"; or the one whose words hold those of the others."""
    corrected = re.split(r"\b(?:no wait|no sorry|sorry|i mean|actually|rather)\b", said)
    if len(corrected) > 1:
        last = [answer for answer in named if _is_said(corrected[-1], options[answer])]
        return last[0] if len(last) == 1 else None
    longest = {
        answer: max(
            (spoken(phrase) for phrase in options[answer] if _where(said, phrase) is not None),
            key=len,
        )
        for answer in named
    }
    best = max(named, key=lambda answer: len(longest[answer]))
    others = (longest[answer] for answer in named if answer != best)
    return (
        best if all(other in longest[best] and other != longest[best] for other in others) else None
    )


def _place(said: str, count: int) -> int | None:
    if found := _PLACE.search(said):
        return _PLACES[found[1]]
    if _LAST.search(said):
        return count
    if found := _NUMBER.match(said):
        return _FIGURES.get(found[1]) or int(found[1])
    return None
