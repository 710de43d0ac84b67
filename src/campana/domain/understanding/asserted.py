"""What is left of a sentence without what it denies: "not Tuesday, but Thursday" is Thursday.

"I can't come in the morning" names the morning and means anything else; "I am not sure, maybe five"
and "is Tuesday still free?" mean nothing yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from campana.domain.understanding.words import spoken

_CLAUSE = re.compile(r"[,.;!?]+(?:\s+|$)|\bbut\b|\binstead\b(?! of)", re.IGNORECASE)
_SAYS_NOTHING = re.compile(
    r"\bgood (?:morning|afternoon|evening|day)\b|\b(?:one|a) (?:moment|second|minute|sec)\b"
    r"|\bno one\b|\bwhy not\b",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"\b(?:why dont (?:we|you|i)|(?:dont|do not|wouldnt) mind|not a problem|not bad"
    r"|(?:dont|do not) worry|cant wait)\b"
)
_DENIES = re.compile(
    r"\b(?:not|dont|cant|cannot|wont|doesnt|didnt|isnt|arent|wasnt|couldnt|wouldnt|never|neither"
    r"|nor|none|except|instead of|unfortunately|impossible|busy|booked|bad)\b"
)
_UNSURE = re.compile(
    r"\b(?:dont|do not) (?:know|remember|understand)\b|\bnot (?:really |so |quite )?sure\b"
    r"|\bno idea\b|\b(?:any|every|all)\w*(?: \w+)? (?:but|except)\b|\bother than\b|\bapart from\b"
    r"|\b(?:can|could) you (?:say|repeat|tell)\b"
    r"|^(?:what|which|who|when|where|why|how|is|are|do|does|did|was)"
    r" (?:was|is|are|the|that|it|you)\b"
)


def asserted(text: str, *, phrases: Iterable[str] = ()) -> str | None:
    """`text` without the clauses that deny something; None when all of it does, or is unsure.

    Args:
        text: what was said.
        phrases: what answers may say, denials among them ("not interested").
    """
    if _UNSURE.search(_without(spoken(text), phrases)):
        return None
    plain = _SAYS_NOTHING.sub(" ", text)
    clauses = [clause for clause in _CLAUSE.split(plain) if clause.strip()]
    left = [clause for clause in clauses if not _denies(clause, phrases)]
    if len(left) == len(clauses):
        return plain if left else None
    return ", ".join(left) or None


def _denies(clause: str, phrases: Iterable[str]) -> bool:
    return _DENIES.search(_HARMLESS.sub("", _without(spoken(clause), phrases))) is not None


def _without(said: str, phrases: Iterable[str]) -> str:
    for phrase in phrases:
        if _DENIES.search(plain := spoken(phrase)):
            said = said.replace(plain, "")
    return said
