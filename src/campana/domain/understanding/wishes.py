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

_CONTACT = "(?:call|phone|ring|contact|text|message|email|write|bother|disturb|harass)"
_US = "(?:me|us|this number|this phone|my number|my phone|my house|here|my family|my home)"
_LIMITED = (
    r"(?! (?:(?:right|just|until|till|before|after|on|tomorrow|today|tonight|now|so|this|next|in"
    r"|during|while|when|as|if|unless|at (?!all))\b|at\b(?! all)))"
)
"""Not followed by what makes it a matter of time or of place."""
_LIST = r"(?:the|your|that|this|any|all)(?: \w+){0,3} (?:list|lists|database|system|records|file)"

_OPT_OUT = re.compile(
    "|".join(
        (
            rf"\b(?:stop|quit) (?:{_CONTACT}(?:ing|ting|ging)?|sending)\b"
            rf"(?: {_US})?(?! {_US}){_LIMITED}",
            r"\bstop (?:with )?(?:the|these|those|all|your) (?:calls|calling|messages|phone calls)",
            r"\b(?:dont|do not|never|no longer|not to|please not)(?: you)?(?: ever| dare)?"
            rf" {_CONTACT}"
            rf"(?: {_US})?(?: on {_US})?(?: back)?(?: ever)? (?:again|any ?more|ever)\b{_LIMITED}",
            rf"\b(?:dont|do not|never)(?: you)?(?: ever| dare| dare to)? {_CONTACT} {_US}"
            rf"(?: at all| please| thank you| thanks)*$",
            rf"\b(?:dont|do not) (?:ever )?{_CONTACT} (?:at all|anymore|any more)\b",
            rf"\b(?:take|remove|delete|get|erase|scratch|cross) (?:me|us|my|this|our)\b.{{0,30}}?"
            rf"\b(?:off|from|out of|on) {_LIST}",
            r"\b(?:take|remove|delete|erase) (?:me|us|my (?:phone )?(?:number|name|data|details)|"
            r"this number)(?: please)?$",
            r"\bdo not call (?:list|register|registry)|\bdont call list",
            r"\bunsubscribe\b|\bopt(?:ing)? (?:me |us )?out\b|\blose (?:my|this) number\b",
            r"\bno more (?:calls|phone calls|messages|contact)\b|\bleave me alone\b",
            r"\b(?:dont|do not|no longer) (?:want|wish|need|like)(?: you)?"
            r" (?:to (?:be|get|receive|have) )?"
            r"(?:any |any more |these |more |your |further |this |the )*"
            rf"(?:calls|phone calls|called|contacted|phoned|bothered|messages)\b{_LIMITED}",
            rf"\b(?:dont|do not) want you (?:to (?:{_CONTACT})|{_CONTACT}ing)(?: {_US})?"
            rf"(?: again| anymore| any more| ever)*$",
            r"\bwant you to stop (?:calling|contacting|phoning|texting)",
            r"\brevoke (?:my )?consent\b|\bwithdraw (?:my )?consent\b",
        )
    )
)
_NOT_MEANT = re.compile(
    r"\b(?:dont|do not|didnt|did not|never|not) (?:ever )?(?:stop|quit|take|remove|delete|opt|"
    r"unsubscribe|lose|asked to)\b|\b(?:why|when|how) (?:did|do|would) (?:you|i) (?:stop|take)\b"
    r"|\bdid you stop\b"
)

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
    said = spoken(text)
    return bool(_OPT_OUT.search(said)) and not _NOT_MEANT.search(said)


def wants_callback(text: str) -> bool:
    """Did they ask to be called at another time?"""
    said = spoken(text)
    if wants_no_more(text) or _CALLBACK_NOT_MEANT.search(said):
        return False
    return bool(_CALL_BACK.search(said))
