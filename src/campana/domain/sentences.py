"""Sentences out of a text that is still being written, so that the first can be spoken early."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST = 300
"""Characters that are spoken in one breath, if there is no end of a sentence before."""
LEAST = 2
_END = re.compile(r"[.!?…]+[\"')\]]*(?=\s)|\n")
_SHORT = re.compile(r"(?:^|\W)(?:mr|mrs|ms|dr|st|no|vs|e\.g|i\.e|[a-z])\.$", re.IGNORECASE)
_MARKS = re.compile(r"[*_`#>|~]+|<[^>\n]{0,80}>")


@dataclass(slots=True)
class Sentences:
    """What came and is not spoken yet."""

    rest: str = ""
    keeps_marks: bool = False
    """It was written to be spoken: "then #" is said as it stands."""

    def add(self, text: str) -> list[str]:
        """The sentences that are whole with this."""
        self.rest += text
        found: list[str] = []
        while (end := self._end()) is not None:
            if sentence := self._said(self.rest[:end]):
                found.append(sentence)
            self.rest = self.rest[end:].lstrip()
        return found

    def last(self) -> str:
        """What is left when nothing more comes."""
        left, self.rest = self._said(self.rest), ""
        return left

    def _said(self, text: str) -> str:
        return " ".join(text.split()) if self.keeps_marks else speakable(text)

    def _end(self) -> int | None:
        for found in _END.finditer(self.rest):
            before = self.rest[: found.end()]
            # "Dr. Costa" and "3. item" go on; the initial of a name is as short.
            if found[0] == "." and (_SHORT.search(before) or before.strip(" .").isdigit()):
                continue
            return found.end()
        if len(self.rest) <= MOST:
            return None
        cut = max(self.rest.rfind(mark, LEAST, MOST) for mark in (", ", "; ", " "))
        return cut + 1 if cut > 0 else MOST


def speakable(text: str) -> str:
    """Without what is written for the eye: marks of emphasis, lists and tags, line ends."""
    said = " ".join(_MARKS.sub(" ", text).split())
    return said if any(character.isalnum() for character in said) else ""


def heard_of(text: str, share: float) -> str:
    """The words of `text` that were spoken when it was cut after this share of its sound."""
    if share >= 1:
        return text
    words = text.split()
    return " ".join(words[: round(len(words) * max(0.0, share))])
