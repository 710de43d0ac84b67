"""How two texts differ, line by line; what the pages of versions show of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from campana.store.versioned import Version

_CONTEXT = 3
"""Lines shown around what differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a difference; `kind` is `same`, `old`, `new` or `gap`."""

    kind: str
    text: str


def difference(before: str, after: str) -> list[Line]:
    """What changed, with a few lines around it; empty when nothing did."""
    return list(_lines(before.splitlines(), after.splitlines()))


def pairs(versions: Sequence[Version]) -> dict[int, int]:
    """A version and the one before it, of those latest first."""
    return dict(pairwise(each.number for each in versions))


def _lines(before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    kinds = {"-": "old", "+": "new", " ": "same", "@": "gap"}
    for n, each in enumerate(difflib.unified_diff(before, after, lineterm="", n=_CONTEXT)):
        if n > 1:  # the first two name the texts
            kind = kinds[each[0]]
            yield Line(kind=kind, text=each if kind == "gap" else each[1:])
