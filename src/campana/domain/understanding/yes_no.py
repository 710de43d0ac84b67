"""Yes or no. Both at once, "I don't know", and what answers something else, is neither.

Much that begins as a yes is none: "I have another appointment", "that is too early", "I would
prefer Wednesday", "okay, who is this?". So "I can", "it is" and the like count where they stand
alone or go on as a yes does, and "okay", "right" and "fine" do not count in a question.
"""

from __future__ import annotations

import re

from campana.domain.understanding.words import spoken

_UNSURE = re.compile(
    r"\b(dont|do not|didnt|did not) (know|understand|remember|recall|hear)\b|\b(not sure|no idea)\b"
    r"|\bmaybe\b|\bperhaps\b|\bit depends\b|\bwhat (did|do) you\b|\bit might\b|\byes (or|and) no\b"
    r"|\bcorrect me\b|\bnever ?mind\b"
)
_WAITING = re.compile(
    r"\b(hold|hang) on\b|\b(one|just a) (moment|second|minute|sec)\b|\bsay (that|it) again\b"
    r"|\blet (me (check|see|think|look|ask)|you know)\b|\b(think about|have to check|need to check)"
)
"""Something else first."""
_ASKS = re.compile(
    r"\b(who|what|why|where|when|how|which)s? (is|are|was|were|do|does|did|can|could|would)\b"
    r"|\b(who|what|hows|whos|whats|wheres)\b|\b(can|could|may|shall) (we|you|i) \w+"
    r"|^(okay |ok |fine |right )*(is|are|am|was|do|does|did|can|could|would|will|shall|have"
    r"|dont|cant|isnt|wont|couldnt|wouldnt|didnt|arent) (you|i|we|it|that|this|there|they|\w+day)\b"
)
_REPLACED = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (
            r"\b(no problem|why not|no worries|not a problem|i (dont|do not) mind|no doubt"
            r"|(cant|can not|cannot) wait|(wouldnt|would not) miss it|not bad)\b",
            "yes",
        ),
        (r"\b(dont|do not|not to) worry( about (it|that))?\b", ""),
        # "I'm fine, thanks" is how they are, or "no, thank you".
        (r"\b(im|i am) (fine|good|ok|okay|great|all right|alright)\b(?! (with|to|for))", ""),
        (
            r"\b(absolutely|definitely|certainly|of course|surely|sure|probably|rather|preferably"
            r"|i guess|i think|i hope|im afraid|i am afraid) not\b",
            "no",
        ),
        (
            r"\b((yeah|yes|sure|okay|ok) )?i (dont|do not) (think|believe|guess) (so|that)\b",
            "no",
        ),
        (
            r"\bi (really |must |have to |will |would )*(decline|refuse|doubt (it|that))\b"
            r"|\b(i will|ill) pass\b|\bcount me out\b",
            "no",
        ),
    )
)
_NO_THOUGH = re.compile(
    r"\b(yeah|yes|sure) no$|\bnot (really|now|ok|okay|fine|right|correct|sure i can|at all|true)\b"
)
_POLITE = r"(?: (?:indeed|thanks|thank you|please|yes|still|too|sir|maam|very much|actually))*$"
_DOES = (
    r"(?:come|go|make (?:it|that)|be (?:there|here|able to|happy to|glad to|delighted)"
    r"|do (?:it|that|this|so)|take (?:it|that)|attend|manage|confirm|join|accept|agree|hear you"
    r"|love (?:to|that|it))"
)
_STRONG = (
    r"yes|yeah|yep|yup|yea|absolutely|definitely|certainly|exactly|indeed|affirmative|of course"
    r"|agreed|sounds good|works for me|please do|go ahead|that works|thats it|thats me|you bet"
    r"|count me in|ill take it|i (?:do )?(?:agree|accept|confirm)"
    r"|i (?:think|guess|believe|suppose) so|this is (?:he|she)"
)
_WEAK = (
    r"(?<!make )sure|ok|okay|correct|all right|alright|fine|perfect|great|true|speaking"
    r"|(?<!my )(?<!the )right(?! (?:now|away|after|before|there|here|next|hand|side|arm|leg|eye"
    r"|knee|foot|ear|shoulder|hip))"
)
"""Also said where nothing is agreed to."""
_ALONE = (
    # "Like" is no word: `spoken` leaves it out.
    rf"(?:i (?:can|could|will|shall|would)|ill|id)(?: (?:gladly|still|just|also|really))*"
    rf"(?: to)? {_DOES}"
    rf"|i can (?:talk|speak)|i (?:can|do|will|am|would|did|have){_POLITE}"
    rf"|(?:i would|id) (?:to|that){_POLITE}"
    r"|(?:i am|im) (?:still )?(?:sure|coming|here|interested|available|free|able to|happy to"
    rf"|glad to|ready|in$|(?:fine|good|ok|okay) with)"
    rf"|(?:it|that) is{_POLITE}"
    rf"|you (?:may|can)(?: (?:do (?:it|that)|go ahead|proceed|continue))?{_POLITE}"
)
_SURE_YES = re.compile(rf"\b(?:{_STRONG})\b|\b(?:{_ALONE})")
_YES = re.compile(rf"\b(?:{_STRONG}|{_WEAK})\b|\b(?:{_ALONE})")
_NO = re.compile(
    r"\b(no|nope|nah|never|negative|not|cant|cannot|wont|dont|doesnt|didnt|isnt|wasnt|havent"
    r"|wouldnt|couldnt|shouldnt|im afraid|wrong|incorrect|false|neither|unfortunately|impossible)\b"
)
_BEGINS_NO = re.compile(r"(no|nope|nah)\b")
_BEGINS_YES = re.compile(
    r"(yes|yeah|yep|yup|sure|ok|okay|of course|absolutely|definitely|certainly|fine|great)\b"
)
_TAKEN_BACK = re.compile(
    r"\b(no|nope|wait)\b|\bi (cant|cannot|can not|wont|dont|do not|am not|will not|wouldnt)\b"
    r"|\bbut\b.*\b(not|cant|rather|better|prefer|instead|another|different|only|first)\b"
)


def yes_no_in(text: str) -> bool | None:
    """True for yes, False for no, None where it is neither or both."""
    said = spoken(text.lower().replace("uh-huh", "yes"))
    if _UNSURE.search(said):
        return None
    for pattern, by in _REPLACED:
        said = " ".join(pattern.sub(by, said).split())
    if _NO_THOUGH.search(said):
        return False
    if _BEGINS_NO.match(said):
        return None if re.search(r"\b(yes|yeah|yep)\b", said) else False
    asks = _ASKS.search(said) is not None
    if (waiting := _WAITING.search(said)) and not _BEGINS_YES.match(said):
        after = said[waiting.end() :]
        if not _SURE_YES.search(after) and not re.search(r"\b(no|nope|nah|cant|wont)\b", after):
            return None
    # "I am not" holds "I am", and "that is not right" holds "right": the first word decides, and
    # a no behind a yes does not unless it takes it back.
    yes, no = (_SURE_YES if asks else _YES).search(said), _NO.search(said)
    if asks and yes is None:
        return None
    if _BEGINS_YES.match(said) and yes is not None:
        return None if _TAKEN_BACK.search(said) else True
    if yes is None or no is None:
        return None if yes is no is None else yes is not None
    return False if no.start() - yes.end() <= 1 or no.start() < yes.start() else None
