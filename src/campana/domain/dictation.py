"""What is done in a call that somebody else conducts step by step, and what came of each step.

An order is carried out whole before the next is asked for. Nothing here decides what comes next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from campana.domain.answers import Answer
from campana.domain.transfer import Transferred


@dataclass(frozen=True, slots=True, kw_only=True)
class Speak:
    """Say this to its end."""

    step: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Collect:
    """Say this, which the first key cuts short, and take keys: so many, or up to `finish_on`, or
    until none comes for so many seconds."""

    step: str
    text: str
    most: int
    finish_on: str | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Say this, which words and keys cut short, and take either as an answer, for so many seconds.

    Where nobody hears words `keypad` is said after it, if there are keys for it. One of `keys`
    answers at once.
    """

    step: str
    text: str
    answer: Answer
    keypad: str | None
    keys: frozenset[str] = frozenset()
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PutThrough:
    """Hand the call over; whoever has not answered in so many seconds does not."""

    step: str
    to: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Nothing is known yet: be silent for so long, and ask again."""

    seconds: float


Order = Speak | Collect | Question | PutThrough | Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """It was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """These keys were pressed; none when only the key that finishes was."""

    keys: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """This was said, and so well each phrase of the answer fits it."""

    text: str
    scores: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Nothing came in time."""


Came = Spoken | Pressed | Words | Silence | Transferred
