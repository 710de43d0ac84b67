"""Texts without what says who somebody is: for eyes that need the conversation and not the person.

Masked are phone numbers, e-mail addresses, card numbers (by their check digit, ISO/IEC 7812), seven
or more digits spoken in English, one by one or in pairs, and the names it is given; of sentences
that follow one another also a number that is spread over them. In doubt more is masked than need
be, except dates.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from campana.domain.understanding.numbers import DIGITS, TENS, TIMES, UNITS

PHONE, EMAIL, CARD, NAME, NUMBER = "[phone]", "[email]", "[card]", "[name]", "[number]"

_APOSTROPHES = frozenset("\u2019\u2018\u02bc\u00b4`")
"""What phones and people write for it."""
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
# Digits and what people put between them.
_RUN = re.compile(r"\+?\(?\d(?:[\s\u00a0.\-\u2013/()]{0,3}\d)+")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})")
_FEWEST = 7
"""Digits a phone number has at least, when it is written without its country."""
_SPELLED = re.compile(
    r"[\w+-]+(?:\s+dot\s+[\w-]+)*\s+at\s+[\w-]+(?:\s+dot\s+[\w-]+)+", re.IGNORECASE
)
"""An e-mail address read aloud."""
_ONE = rf"(?:{'|'.join(DIGITS)}|\d)"
_PAIR = (
    rf"(?:(?:{'|'.join(TENS)})(?:[\s-]+{_ONE})?"
    rf"|{'|'.join(word for word, value in UNITS.items() if value > 9)}|hundred|\d\d)"
)
_DIGIT = rf"(?:(?:{'|'.join(TIMES)})\s+)?(?:{_PAIR}|{_ONE})"
_SPOKEN = re.compile(rf"\b{_DIGIT}(?:[\s,.\-]+{_DIGIT})+\b", re.IGNORECASE)
_TOKEN = re.compile(rf"\b(?:({'|'.join(TIMES)})\s+)?(?:({_PAIR})|{_ONE})\b", re.IGNORECASE)
_PART = 3
"""Digits of a sentence that may be part of a number which others go on with."""
_PART_OF_ONE = re.compile(
    rf"{_DATE.pattern}|\b(?:\d{{{_PART},}}|{_DIGIT}(?:[\s,.\-]+{_DIGIT})+)\b", re.IGNORECASE
)


def masked(text: str, *, names: Sequence[str | None] = ()) -> str:
    """`text` with its numbers, addresses and these names replaced by words in brackets."""
    plain = unicodedata.normalize("NFC", text)
    plain = _EMAIL.sub(EMAIL, plain)
    plain = _RUN.sub(lambda found: _number(found[0]), plain)
    plain = _SPELLED.sub(EMAIL, plain)
    plain = _SPOKEN.sub(lambda found: NUMBER if _count(found[0]) >= _FEWEST else found[0], plain)
    return _without_names(plain, names)


def masked_together(texts: Sequence[str], *, names: Sequence[str | None] = ()) -> list[str]:
    """Each of `texts`, which one person said one after another, as `masked` does.

    "Four one one one." and "Two two two two." are eight digits of one number.
    """
    found = [masked(text, names=names) for text in texts]
    first = 0
    for place in range(len(found) + 1):
        if place < len(found) and (_is_begun(found[place]) or _parts(found[place])):
            continue
        run = range(first, place)
        is_begun = any(_is_begun(found[each]) for each in run)
        if len(run) > 1 and (is_begun or sum(_parts(found[each]) for each in run) >= _FEWEST):
            for each in run:
                found[each] = _PART_OF_ONE.sub(_without_part, found[each])
        first = place + 1
    return found


def masked_address(address: str) -> str:
    """Of an address only what kind it is."""
    return EMAIL if "@" in address else PHONE


def _number(run: str) -> str:
    """A run of digits: what in it is a card, a phone number, or neither."""
    groups = [(found.start(), found.end()) for found in re.finditer(r"\d+", run)]
    sizes = [end - start for start, end in groups]
    for first in range(len(groups)):
        for last in range(len(groups), first, -1):
            if 13 <= sum(sizes[first:last]) <= 19:
                begin, end = groups[first][0], groups[last - 1][1]
                if _is_card(run[begin:end]):
                    before, after = run[:begin], run[end:]
                    return _plain(before) + CARD + _plain(after)
    return _plain(run)


def _plain(run: str) -> str:
    """A run without a card."""
    if not any(letter.isdigit() for letter in run):
        return run
    if _DATE.fullmatch(run.strip()):
        return run
    count = sum(letter.isdigit() for letter in run)
    if count < _FEWEST:
        return run
    lead = re.match(r"[^\d+(]*", run)
    trail = re.search(r"[^\d)]*$", run)
    what = PHONE if count <= 15 else NUMBER
    return (lead[0] if lead else "") + what + (trail[0] if trail else "")


def _count(spoken: str) -> int:
    """How many digits these words are."""
    return sum(
        (2 if pair else 1) * TIMES.get((times or "").lower(), 1)
        for times, pair in _TOKEN.findall(spoken)
    )


def _is_begun(text: str) -> bool:
    return any(mark in text for mark in (NUMBER, PHONE, CARD))


def _parts(text: str) -> int:
    """Digits in `text` that may be part of a number."""
    counts = (_digits(found[0]) for found in _PART_OF_ONE.finditer(text))
    return sum(count for count in counts if count >= _PART)


def _without_part(found: re.Match[str]) -> str:
    return NUMBER if _digits(found[0]) >= _PART else found[0]


def _digits(run: str) -> int:
    if _DATE.fullmatch(run):
        return 0
    return len(run) if run.isdecimal() else _count(run)


def _is_card(text: str) -> bool:
    """Luhn's check: every second digit from the right doubled, the sum divisible by ten."""
    digits = [int(letter) for letter in text if letter.isdigit()]
    if len(set(digits)) == 1:
        return False
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return total % 10 == 0


def _without_names(text: str, names: Iterable[str | None]) -> str:
    wanted = {_fold(part) for name in names if name for part in (name.strip(), *name.split())}
    wanted = {each for each in wanted if sum(letter.isalpha() for letter in each) >= 2}
    if not wanted:
        return text
    # Longest first, so that "Ana Maria" is one name and not two.
    pattern = "|".join(
        re.escape(each) for each in sorted(wanted, key=lambda each: (-len(each), each))
    )
    found = re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", _fold(text))
    parts: list[str] = []
    end = 0
    for match in found:
        parts += [text[end : match.start()], NAME]
        end = match.end()
    return "".join(parts) + text[end:]


def _fold(text: str) -> str:
    """Small letters without accents, one kind of apostrophe; as many as there were."""
    return "".join(map(_letter, unicodedata.normalize("NFC", text)))


def _letter(letter: str) -> str:
    if letter in _APOSTROPHES:
        return "'"
    plain = unicodedata.normalize("NFKD", letter)[:1].lower()
    return plain if len(plain) == 1 else letter
