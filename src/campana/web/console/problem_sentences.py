"""Sentences with places, found again in a text whose places are filled.

What is wrong with an input is said in English where that is found out, far below the console, with
its values in it: `there is a template named 'Hello' already`. A catalog has the sentence that this
was made of, and so the sentence of another language, with what stood in its places.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

CONTEXT = "problem"
"""Of such messages in the catalogs."""
_LONGEST = 1000
"""Characters of a text that is looked at."""
_PLACE = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Sentence:
    """What stands around the places of a message, their names, and how a language says it."""

    around: tuple[str, ...]
    names: tuple[str, ...]
    said: str

    def values_in(self, text: str) -> dict[str, str] | None:
        """What stands in the places; None when the text was not made of this sentence."""
        first, *between, last = self.around
        if not text.startswith(first):
            return None
        at, found = len(first), list[str]()
        for each in between:
            end = text.find(each, at + 1)
            if end < 0:
                return None
            found.append(text[at:end])
            at = end + len(each)
        end = len(text) - len(last)
        if end <= at or not text.endswith(last):
            return None
        return dict(zip(self.names, [*found, text[at:end]], strict=True))


@dataclass(frozen=True, slots=True)
class Sentences:
    """Those of a language: some without places, by what they say in English; the others."""

    plain: Mapping[str, str]
    with_places: tuple[Sentence, ...]

    def said(self, text: str) -> str | None:
        """The text in the language; None when it was made of no sentence that is here."""
        if (plain := self.plain.get(text)) is not None or len(text) > _LONGEST:
            return plain
        for each in self.with_places:
            if (values := each.values_in(text)) is not None:
                # What stands in a place may be a sentence itself.
                known = {name: self.plain.get(value, value) for name, value in values.items()}
                return each.said % known
        return None


NONE = Sentences({}, ())


def sentences(pairs: Iterable[tuple[str, str]]) -> Sentences:
    """Of the English messages and what a language says; those that say most are tried first."""
    plain: dict[str, str] = {}
    others: list[Sentence] = []
    for english, said in pairs:
        parts = _PLACE.split(english)
        if len(parts) == 1:
            plain[english] = said
        else:
            around = tuple(each.replace("%%", "%") for each in parts[::2])
            others.append(Sentence(around, tuple(parts[1::2]), said))
    others.sort(key=lambda each: -len("".join(each.around)))
    return Sentences(plain, tuple(others))
