"""Who calls are made to: seven kinds of people, what each says, and what is right with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from campana.bottest.answering import DAY, WORDS, YES, RightAnswer
from campana.demo.plan import Behavior, Reply

HELLO = "Hello?"
WHAT = "Sorry, what did you say?"
STOP, LIST = "Please stop calling me.", "Take me off your list."
WRONG = "You have the wrong number."
GREETING = "Hi, you have reached Maria. Please leave a message after the tone."
WILLING = (YES, DAY, WORDS)
"""What is said in turn to a bot whose questions nobody knows before."""
INTO_QUESTION_SECONDS = 1.0
"""How far into the first question it is interrupted: they know what it will be."""


class Kind(StrEnum):
    """What a callee is like."""

    PATIENT = "patient"
    HURRIED = "hurried"
    """Answers the first question before it is over."""
    HARD_OF_HEARING = "hard_of_hearing"
    """Says nothing on answering, and asks what the first question was."""
    OPTING_OUT = "opting_out"
    WRONG_PERSON = "wrong_person"
    VOICEMAIL = "voicemail"
    NOISY = "noisy"
    """As the patient one, on a line that hisses while they speak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounds:
    """Where sentences lie as sound, each made with the voice that callees have."""

    clear: Callable[[str], Path]
    noisy: Callable[[str], Path]


def sentences(rights: Sequence[RightAnswer]) -> set[str]:
    """All that is ever said, but for the machine's greeting."""
    own = {HELLO, WHAT, STOP, LIST, WRONG, *WILLING}
    return own | {each.words for each in rights if each.words}


def behavior(
    kind: Kind,
    rights: Sequence[RightAnswer],
    sounds: Sounds,
    *,
    opening_seconds: float,
    is_free: bool = False,
) -> Behavior:
    """How a callee of this kind behaves.

    Args:
        kind: which.
        rights: the right answers, by which the willing go.
        sounds: where sentences lie.
        opening_seconds: how long the bot speaks before its first question.
        is_free: whether a model speaks, which asks what it will.
    """
    say = sounds.noisy if kind is Kind.NOISY else sounds.clear

    def willing(first: Sequence[str] = ()) -> tuple[Reply, ...]:
        """Replies to every question; to the first one with these before the answer."""
        if is_free:
            return (Reply(play=tuple(str(say(text)) for text in (*first, *WILLING))),)
        return tuple(
            Reply(
                to=each.asked,
                play=(
                    *(str(say(text)) for text in (first if place == 0 else ())),
                    str(say(each.words)) if each.words else "",
                ),
                press=each.keys,
            )
            for place, each in enumerate(rights)
        )

    hello = (str(say(HELLO)),)
    match kind:
        case Kind.PATIENT | Kind.NOISY:
            return Behavior(play=hello, speaks_first=True, replies=willing())
        case Kind.HURRIED if is_free or (rights and rights[0].words):
            return Behavior(
                play=(str(say(YES if is_free else rights[0].words)),),
                interrupts=True,
                interrupt_after=opening_seconds + INTO_QUESTION_SECONDS,
                replies=willing(),
            )
        case Kind.HURRIED:
            return Behavior(replies=willing())
        case Kind.HARD_OF_HEARING:
            asks = [WHAT] if is_free or (rights and rights[0].words) else []
            return Behavior(replies=willing(asks))
        case Kind.OPTING_OUT:
            refusing = Reply(play=(str(say(STOP)), str(say(LIST)), str(say(STOP))))
            return Behavior(play=hello, speaks_first=True, replies=(refusing,))
        case Kind.WRONG_PERSON:
            return Behavior(
                play=hello, speaks_first=True, replies=(Reply(play=(str(say(WRONG)),)),)
            )
        case Kind.VOICEMAIL:
            return Behavior(play=(str(sounds.clear(GREETING)),), speaks_first=True)
