"""E-mail addresses as people write them, to one form; by their grammar alone, no name is looked up.

Letters become small ones on both sides of the @: no large provider tells them apart, and one
person written in two ways would else be two people.
"""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

from campana.domain.address import Unusable

MAX_EMAIL = 254

# What is certainly an address and in its one form already, once its letters are small: most of a
# list, at a fiftieth of the library's price. A test holds the two against each other.
_PLAIN = re.compile(
    r"(?=[^@]{1,64}@)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@"
    r"(?:[a-z0-9](?:[a-z0-9]{0,30}[a-z0-9])?\.)+(?:com|org|net|edu|gov|de|fr|es|it|uk|br|mx|ar|in)"
)


def parse_email(text: str) -> str | Unusable:
    """Read one address: its canonical form, or why it is none. Never raises."""
    stripped = text.strip()
    if not stripped:
        return Unusable(reason="the e-mail address is empty")
    plain = stripped.lower()
    if len(plain) <= MAX_EMAIL and plain.isascii() and _PLAIN.fullmatch(plain):
        return plain
    try:
        found = validate_email(stripped, check_deliverability=False)
    except EmailNotValidError as error:
        return Unusable(reason=f"this is no e-mail address: {_sentence(str(error))}")
    return found.normalized.lower()


def _sentence(text: str) -> str:
    first = text.partition(". ")[0].rstrip(".")
    return first[:1].lower() + first[1:]
