"""Erasing a person: what they are found by, and what is left in its place.

Pure. A person is found by their addresses and by what else tells them from others; what is found is
not rewritten around them but emptied, so that nothing of a sentence about them stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import phonenumbers

from campana.domain.contact import NewContact

ERASED = "erased"
"""Stands where the address of an attempt was."""

_SHORTEST_TERM = 6
"""Characters of a text that is telling wherever it stands: `Al` is in half of all words."""
_SHORTEST_ATTRIBUTE = 10
_FEWEST_DIGITS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """What a person is found by.

    `addresses` as they are stored; `terms` are lower-case texts that tell of the person wherever
    they stand, `digits` those of them that are numbers; `words` are lower-case texts of which two
    in one row do.
    """

    addresses: tuple[str, ...]
    terms: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def digits(self) -> tuple[str, ...]:
        return tuple(term for term in self.terms if term.isdecimal())


def dossier_of(contacts: Iterable[NewContact]) -> Dossier:
    """What these contacts, who are one person, are found by."""
    people = list(contacts)
    addresses = {each.value for person in people for each in person.addresses}
    named = {text for person in people for text in _named(person)}
    words = {word.lower() for word in chain(named, *map(_attributes, people)) if word.strip()}
    telling = {word.lower() for word in named if len(word) >= _SHORTEST_TERM and _is_whole(word)}
    terms = {form.lower() for address in addresses for form in _forms(address)} | telling
    return Dossier(
        addresses=tuple(sorted(addresses)), terms=tuple(sorted(terms)), words=tuple(sorted(words))
    )


def without(text: str, dossier: Dossier) -> str:
    """A text somebody wrote about the erasing, without the person in it."""
    found = [*dossier.terms, *(word for word in dossier.words if len(word) > 2)]
    for term in sorted(found, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(term)}(?!\w)", "…", text, flags=re.IGNORECASE)
    return text


def _named(person: NewContact) -> Iterator[str]:
    first, last = person.first_name, person.last_name
    yield from (text for text in (person.external_id, first, last) if text)
    if first and last:
        yield f"{first} {last}"
        yield f"{last}, {first}"


def _is_whole(text: str) -> bool:
    """A name of one word is many people's; one of several, or with a digit in it, is not."""
    return " " in text or any(char.isdigit() for char in text)


def _attributes(person: NewContact) -> Iterator[str]:
    for value in person.attributes.values():
        if isinstance(value, str) and len(value) >= _SHORTEST_ATTRIBUTE:
            yield value


def _forms(address: str) -> Iterator[str]:
    """An address, and a number in digits alone, with and without its country's code."""
    yield address
    if address.startswith("+"):
        try:
            number = phonenumbers.parse(address)
        except phonenumbers.NumberParseException:
            return
        national = phonenumbers.national_significant_number(number)
        yield from (d for d in (address[1:], national) if len(d) >= _FEWEST_DIGITS)
