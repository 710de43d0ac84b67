"""Yes or no. Both at once, or "I don't know", is neither."""

from __future__ import annotations

import re

from campana.domain.understanding.words import spoken

_UNSURE = re.compile(
    r"\b(dont|do not|didnt|did not) (know|understand|remember|recall|hear)\b|\b(not sure|no idea)\b"
    r"|\bmaybe\b|\bperhaps\b|\bit depends\b|\bwhat (did|do) you\b|\bit might\b|\byes (or|and) no\b"
)
_YES_THOUGH = re.compile(r"\b(no problem|why not|no worries|not a problem|i dont mind|no doubt)\b")
_NO_THOUGH = re.compile(
    r"\b(yeah|yes|sure) no$|\bnot (really|now|ok|okay|fine|right|correct|sure i can|at all|true)\b"
)
_YES = re.compile(
    r"\b(yes|yeah|yep|yup|yea|sure|ok|okay|correct|absolutely|definitely|certainly|exactly|indeed"
    r"|affirmative|of course|right|alright|all right|fine|perfect|great|please do|go ahead|agreed"
    r"|sounds good|works for me|it is|that is|thats it|true|id (like|love) (to|that)"
    r"|i (can|do|will|am|would|did|have|agree|accept|confirm)|that works|you (may|can)|speaking)\b"
)
_NO = re.compile(
    r"\b(no|nope|nah|never|negative|not|cant|cannot|wont|dont|doesnt|didnt|isnt|wasnt|havent"
    r"|wouldnt|couldnt|shouldnt|im afraid|wrong|incorrect|false|neither|unfortunately|impossible)\b"
)


def yes_no_in(text: str) -> bool | None:
    """True for yes, False for no, None where it is neither or both."""
    said = spoken(text.lower().replace("uh-huh", "yes"))
    if _UNSURE.search(said):
        return None
    without = _YES_THOUGH.sub("yes", said)
    if _NO_THOUGH.search(without):
        return False
    # "I am not" holds "I am", and "that is not right" holds "right": the first word decides, and
    # a no behind a yes does not unless it takes it back.
    yes, no = _YES.search(without), _NO.search(without)
    if yes is None or no is None:
        return None if yes is no is None else yes is not None
    if re.match(r"(no|nope|nah)\b", without):
        return None if re.search(r"\b(yes|yeah|yep)\b", without) else False
    if re.match(r"(yes|yeah|yep|yup|sure|of course|absolutely|definitely)\b", without):
        return None if re.search(r"\b(no|nope|wait)\b", without) else True
    return False if no.start() - yes.end() <= 1 or no.start() < yes.start() else None
