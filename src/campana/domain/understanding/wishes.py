"""Wishes that count at any moment of a call: never again, and not now.

Who says "stop calling me" is not called again, whatever was asked. Who says "don't call me before
nine", or "don't stop", has not said that.
"""

from __future__ import annotations

import re

from campana.domain.understanding.words import spoken

OPT_OUT_PHRASES = (
    "Stop calling me",
    "Please stop calling me",
    "Do not call me again",
    "Take me off your list",
)
"""The commonest ways to say it, for a recognizer that scores phrases."""

_CONTACT = "(?:call|phone|ring|dial|contact|text|message|email|write|bother|disturb|harass|spam)"
_CONTACTING = (
    "(?:calling|phoning|ringing|dialing|dialling|contacting|texting|messaging|emailing|writing"
    "|bothering|disturbing|harassing|spamming|sending)"
)
_WHOSE = "(?:my|our|this)"
_US = (
    rf"(?:me|us|here|{_WHOSE} (?:\w+ )?(?:number|phone|cell|mobile|line|landline|house|home|family"
    r"|wife|husband|partner|mother|mom|father|dad|parents|son|daughter))"
)
_OURS = rf"{_WHOSE} (?:\w+ )?(?:number|name|data|details|information)"
_LIMITED = (
    r"(?! (?:(?:right|just|until|till|before|after|on|tomorrow|today|tonight|now|so|this|next"
    r"|during|while|when|as|if|unless|at (?!all)|in (?!future|the future|my life))\b|at\b(?! all)))"
)
"""Not followed by what makes it a matter of time or of place."""
_LIST = (
    r"(?:the|your|that|this|any|all)(?: (?!waiting|wait|guest|\w+day )\w+){0,3}"
    r" (?:list|lists|database|system|records|file)"
)
"""Theirs; who wants to be taken off a waiting list wants something else."""
_OFF = r"(?:off(?: of)?|from|out of)"
_GONE = "(?:taken|removed|deleted|erased|struck|crossed|scratched|dropped|unsubscribed)"
_NEVER_AGAIN = r"(?:again|any ?more|ever)"
_NO_NOT = "(?!(?:not|never|dont|didnt|wont|was|is|has|had|were|been|already) )"
_POLITE = r"(?: at all| please| thank you| thanks| ever| again| in (?:the )?future)*"

_IMPERATIVE = re.compile(
    "|".join(
        (
            r"\b(?:dont|do not|never|no longer|not to|please not)(?: you)?(?: ever| dare| bother)?"
            rf" (?:{_CONTACT}|{_CONTACTING})(?: {_US})?(?: (?:on|at) {_US})?(?: back)?(?: ever)?"
            rf" {_NEVER_AGAIN}\b{_LIMITED}",
            rf"\b(?:dont|do not|never)(?: you)?(?: ever| dare| dare to)? {_CONTACT} {_US}"
            rf"(?: (?:on|at) {_US})?{_POLITE}$",
            rf"\b(?:dont|do not|never)(?: you)?(?: ever| bother)? (?:call|phone|ring|calling)"
            rf"(?: {_US})? back\b{_LIMITED}",
            rf"(?:^|\b(?:please|just|and|so|no) )(?:dont|do not) (?:ever )?call{_POLITE}$",
            rf"\b(?:dont|do not) (?:ever )?{_CONTACT} (?:at all|anymore|any more)\b",
        )
    )
)
"""What they tell us not to do; others do not do it either."""
_OPT_OUT = re.compile(
    "|".join(
        (
            rf"\b(?:stop|quit|cease) (?:{_CONTACTING}|{_CONTACT})\b"
            rf"(?: {_US})?(?! (?:{_US}|you)\b){_LIMITED}",
            r"\bstop (?:with )?(?:the|these|those|all|your) (?:\w+ )?(?:calls|calling|messages)",
            r"\bcease and desist\b",
            rf"\b(?:asked|told|begged|warned)(?: (?:you|them)(?: \w+)?)? not to {_CONTACT}"
            rf"(?: {_US})?(?! {_US}){_LIMITED}",
            r"\b(?:dont|do not|never)(?: ever)? want to(?: ever)? hear from you\b"
            rf"(?: people| guys)?{_LIMITED}",
            rf"\b(?:take|remove|delete|get|erase|scratch|cross|strike|drop|wipe) (?:me|us|{_WHOSE})"
            rf"\b(?: \w+){{0,5}}? {_OFF} {_LIST}",
            rf"\b(?:remove|delete|erase) (?:me|us|{_OURS})(?: please)?$",
            rf"\b(?:take|get) (?:me|us|{_OURS}) off(?: please)?$|\btake off {_OURS}\b",
            # "Like" is no word of a wish: `spoken` leaves it out.
            rf"\b(?:(?:i|we|ive)(?: {_NO_NOT}\w+){{0,3}} (?:want|wish|need|ask|asked|demand|insist"
            r"|prefer|rather|love|would|must|should)|id|wed)"
            rf"(?: \w+){{0,2}}? (?:be|get|being) {_GONE}(?: {_OFF}(?: {_LIST})?)?(?: please)?$",
            rf"\b{_OURS}(?: {_NO_NOT}\w+){{0,4}} (?:{_GONE}(?: {_OFF} {_LIST})?|off {_LIST})"
            r"(?: please)?$",
            r"\bdo not call (?:list|register|registry)|\bdont call list",
            r"\bunsubscribe\b|\bopt(?:ing)? (?:me |us )?out\b|\blose (?:my|this) number\b",
            r"\bno more (?:calls|phone calls|messages|contact)\b(?! to\b)|\bleave me alone\b",
            r"\b(?:dont|do not|no longer) (?:want|wish|need|like)(?: you)?"
            r" (?:to (?:be|get|receive|have) )?"
            r"(?:any |any more |these |more |your |further |this |the )*"
            rf"(?:calls|phone calls|called|contacted|phoned|bothered|messages)\b{_LIMITED}",
            rf"\b(?:dont|do not) want you (?:to {_CONTACT}|{_CONTACTING})(?: {_US})?"
            rf"(?: {_NEVER_AGAIN})*$",
            r"\bwant you to stop (?:calling|contacting|phoning|texting)",
            r"\brevoke (?:my )?consent\b|\bwithdraw (?:my )?consent\b",
        )
    )
)
_DENIED = re.compile(
    r"\b(?:dont|do not|didnt|did not|never|not)"
    r"(?: (?:ever|please|want|wish|need|have|mean|ask|asked|tell|told|say|said|you|to|be|get))*$"
    r"|\b(?:why|when|how) (?:did|do|would) (?:you|i)$|\bdid you$|\b(?:im|i am|i was|nobody)$"
)
"""What stands before something that is not asked for, or only asked about."""
_NOT_US = re.compile(r"\b(?:i|we|he|she|it|they|who|why|(?:if|when) (?:i|you|we))$")
"""Who does not call, when it is not we who are told not to."""
_TO_US = re.compile(r"(?:^|\b(?:please|just|and|so|no|you|to))$")
_SENTENCE = re.compile(r"[.!?;]+(?:\s+|$)")

_CALL_BACK = re.compile(
    r"\b(?:call|phone|ring|try|reach|contact) (?:me |us |back |again |later )"
    r"|\bcall(?:ing)? (?:me )?(?:back|again|later|tomorrow|another|next|in|at|after|on)\b"
    r"|\b(?:call|phone|ring|try)(?: me)?(?: back| again| later)$"
    r"|\b(?:can|could|may) (?:we|you) (?:please )?(?:talk|speak|do this|call)\b.*\b(?:later"
    r"|tomorrow|another|again|next|back)\b"
    r"|\b(?:not|isnt) (?:really )?a (?:good|great) (?:time|moment)\b|\bbad time\b"
    r"|\b(?:im|i am) (?:really |very |quite )?(?:busy|driving|in a meeting|at work|in the middle)\b"
    r"|\b(?:cant|cannot|can not) (?:talk|speak)(?: (?:right )?now| at the moment)?\b"
    r"|\b(?:another|some other) time\b|\bnot (?:right )?now\b"
)
_CALLBACK_NOT_MEANT = re.compile(
    r"\b(?:ill|i will|let me|ill have to|i can|can i|could i|may i|i am going to|im going to) "
    r"(?:\w+ )?(?:call|phone|ring|try|contact)\b|\bwho (?:is|are|was)\b.*\bcall"
    r"|\bwhy (?:are|did|do)"
    r"|\bcall(?:ing)? me about\b|\bdid you call\b|\byou called me\b"
)


def wants_no_more(text: str) -> bool:
    """Did they ask never to be contacted again?"""
    return any(map(_is_opt_out, map(spoken, _SENTENCE.split(text))))


def _is_opt_out(said: str) -> bool:
    for found in _OPT_OUT.finditer(said):
        if not _DENIED.search(said[: found.start()].rstrip()):
            return True
    for found in _IMPERATIVE.finditer(said):
        before = said[: found.start()].rstrip()
        # Pains and noises bother people, too.
        is_ours = _TO_US.search(before) or not re.search(r"\b(?:bother|disturb) ", found[0])
        if is_ours and not _NOT_US.search(before) and not _DENIED.search(before):
            return True
    return False


def wants_callback(text: str) -> bool:
    """Did they ask to be called at another time?"""
    said = spoken(text)
    if wants_no_more(text) or _CALLBACK_NOT_MEANT.search(said):
        return False
    return bool(_CALL_BACK.search(said))
