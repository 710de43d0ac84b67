"""What the words of a greeting give away: a recording, an assistant that screens calls, a person.

Some words are said by machines alone. Others a person who answers for somebody else says as well
("she is not available, can I take a message?"); they decide only when all has been said, together
with what a person would add.
"""

from __future__ import annotations

import re

from campana.domain.understanding.words import words

_MACHINE = re.compile(
    r"\b(leave|record) (me |us |your |a |an |the )*(brief |short |detailed )?(message|number|voice)"
    r"|\bleave (me |us )?(your )?name|\bmessage after"
    r"|\bafter the (tone|beep|signal)|\bat the (tone|beep|sound of)"
    r"|\byouve reached the (voice|mailbox)|\b(voice ?mail|mail) ?box|\bmailbox"
    r"|\bnot in service|\b(been|being) forwarded|\breturn your call"
    r"|\bpress (zero|one|two|three|0|1|2|3|nine|9|pound|star|the pound)\b"
    r"|\bautomat(ed|ic) (voice|mes|attend)|\bhang up or|\bnot accepting (any )?calls"
    r"|\bnumber you (have |just )?(dialed|called|reached)"
)
_HINTS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\bnot available|\bunavailable",
        r"\b(cant|cannot|can not|unable to|couldnt|could not) (come|take|get to|answer)",
        r"\bmissed your call|\bnot been set up",
        r"\b(is|are) (currently |now )?closed\b",
        r"\byouve reached|\byou have reached",
        r"\bthis is an emergency",
        r"\bnot home|\bnobody is home|\baway from (my|the)",
        r"\bas soon as (i|we|possible)|\bget back to you",
        r"\bthe (wireless )?(person|party|number|customer|subscriber) you (are|have|were|called)",
        r"(?<!\bmy )\bvoice ?mail|\banswering machine|\brecord your name",
        r"\b(please )?(try|call) (again|back) (later|during)",
    )
)
_SCREENER = re.compile(
    r"\b(screening|screened|screens)\b.*\b(service|assistant|calls?)\b|\bcalls? (is being )?screen"
    r"|\byour name and (the |your )?(reason|purpose|why|what)"
    r"|\b(record|state|say) your name after|\bbefore i (try to )?connect"
    r"|\bif (this|the) person is available"
)
_PERSON = re.compile(
    r"\b(can|may|could|shall|should) i (take|have|give|help|ask|tell|direct|know)"
    r"|\b(would|do) you (like|want|wish|care|mind)\b"
    r"|\bwho (is|s) (this|it|calling|there|speaking)|\bwhos (this|it|calling|there|speaking)"
    r"|\b(he|she|hes|shes) (cant|cannot|can not|isnt|is not|is|not|just|went|will|wont)\b"
    r"|\bthis is (his|her|their)\b|\bthis is (he|she)\b"
    r"|\bdid you (call|want)|\bstop calling|\bwrong number|\bdont call"
)
_QUESTION = re.compile(r"\?\s*$")


def sounds_like_a_machine(text: str) -> bool:
    """Are these words that only a recording says, or two that it likes to say?"""
    said = " ".join(words(text))
    if _PERSON.search(said):
        return False
    return _MACHINE.search(said) is not None or _hints(said) >= 2


def may_be_a_machine(text: str) -> bool:
    """Now that it is all: is it what a recording says, and no question to whoever calls?"""
    said = " ".join(words(text))
    if _PERSON.search(said) or _QUESTION.search(text):
        return False
    return _MACHINE.search(said) is not None or _hints(said) > 0


def sounds_like_a_screener(text: str) -> bool:
    """Does an assistant ask who calls, before the person is rung or answers?"""
    said = " ".join(words(text))
    return _SCREENER.search(said) is not None and _PERSON.search(said) is None


def _hints(said: str) -> int:
    return sum(pattern.search(said) is not None for pattern in _HINTS)
