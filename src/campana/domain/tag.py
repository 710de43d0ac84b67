"""Words a person is marked with."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_TAGS = 50
"""Of one person."""
LONGEST = 60
"""Characters of one."""

PATTERN = rf"^[^\s,;\x00-\x1f](?:[^,;\x00-\x1f]{{0,{LONGEST - 2}}}[^\s,;\x00-\x1f])?$"
"""A comma or semicolon parts tags in a cell, so none is in one; nor is a space at its ends."""

_PARTS = re.compile(r"[,;]")


def in_order(tags: Iterable[str]) -> tuple[str, ...]:
    """Each once, by code point: how they are kept and shown."""
    return tuple(sorted(set(tags)))


def tags_of(cell: str) -> tuple[str, ...] | str:
    """The tags in a cell of a file; or, as a text, what is wrong with them."""
    found = in_order(filter(None, (part.strip() for part in _PARTS.split(cell))))
    if len(found) > MAX_TAGS:
        return f"a person may have {MAX_TAGS} tags"
    if any(not re.fullmatch(PATTERN, each) for each in found):
        return f"a tag has at most {LONGEST} characters, and no line breaks"
    return found
