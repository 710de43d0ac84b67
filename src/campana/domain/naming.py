"""What a name may be: of a campaign, a channel, a list, a template, a bot, a key, a person.

Names are shown in lists and sentences, typed to confirm, and searched for. One that shows nothing,
breaks a line or turns the text around it is taken for another, or for none.
"""

from __future__ import annotations

import unicodedata

FORMAT = "name"
AS_NAME = {"format": FORMAT}
"""What the shape of a document says of a text that names something."""
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""The marks of UAX 9 that set the direction of what follows."""
_UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Mn", "Me", "Cn", "Cs"})
_BREAKING = frozenset({"Cc", "Zl", "Zp"})
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that are drawn as nothing."""


def problem_of(name: str) -> str | None:
    """What is wrong with a name, whatever its length; None when nothing is."""
    if _TURNING & set(name):
        return "must have no marks that turn the direction of a text"
    if any(unicodedata.category(each) in _BREAKING for each in name):
        return "must have no line breaks and no control characters"
    if all(each in _BLANKS or unicodedata.category(each) in _UNSEEN for each in name):
        return "must have at least one character that is seen"
    return None
