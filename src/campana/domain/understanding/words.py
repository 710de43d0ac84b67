"""A sentence as words: lower case, without signs, "don't" as "dont", "5:30 p.m." as "5:30" "pm"."""

from __future__ import annotations

import re

_AM_PM = re.compile(r"\b([ap])\.?\s?m\b\.?")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_WORD = re.compile(r"\d+(?:[:/.]\d+)*(?:st|nd|rd|th)?|[a-z]+")
_FILLERS = frozenset({"uh", "um", "er", "erm", "hmm", "mm", "ah", "eh", "well", "like"})


def words(text: str) -> list[str]:
    """The words of `text`, in order. Numbers stay as they are written."""
    plain = text.lower().replace("\u2019", "'").replace("'", "").replace("$", " ")
    plain = _THOUSANDS.sub("", _AM_PM.sub(r"\1m ", plain)).replace("%", " percent")
    return _WORD.findall(plain)


def spoken(text: str) -> str:
    """The words of `text` with one space between them and no fillers, for patterns to look at."""
    return " ".join(word for word in words(text) if word not in _FILLERS)
