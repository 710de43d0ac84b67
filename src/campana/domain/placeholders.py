"""`{{ name }}` in the texts of bots: filled with the values that are known of a person."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Protocol

_BRACES = re.compile(r"\{\{.*?(?:\}\}|$)|\{%.*?(?:%\}|$)", re.DOTALL)
_LOOSE = re.compile(r" ([,.!?;:])")
"""Punctuation that a missing name left on its own, between single spaces."""
_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")


class Fields(Protocol):
    """What texts are filled from: a mapping, or whatever looks a name up like one."""

    def get(self, name: str, default: str, /) -> str: ...


def render(text: str, fields: Fields) -> str:
    """`text` with each `{{ name }}` replaced by the field of that name, or by nothing.

    Values are data: what they contain is never taken for a placeholder.
    """
    parts = list(_parts(text))
    parts[1::2] = [fields.get(name, "") for name in parts[1::2]]
    return _LOOSE.sub(r"\1", " ".join("".join(parts).split()))


@lru_cache(maxsize=256)
def _parts(text: str) -> tuple[str, ...]:
    """What stands between placeholders and their names, in turns: a text is said to many."""
    return tuple(_PLACEHOLDER.split(text))


def placeholders(text: str) -> frozenset[str]:
    """The names of the fields that `text` uses."""
    return frozenset(_PLACEHOLDER.findall(text))


def left_over(text: str) -> str | None:
    """What looks like a placeholder in `text` and is none, so that it would be read out."""
    found = _BRACES.search(_PLACEHOLDER.sub("", text))
    return found[0][:40] if found is not None else None
