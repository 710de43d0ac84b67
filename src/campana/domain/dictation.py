"""What is done in a call that somebody else conducts step by step, and what came of each step.

An order is carried out whole before the next is asked for. Nothing here decides what comes next.
"""

from __future__ import annotations

from dataclasses import dataclass

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
class PutThrough:
    """Hand the call over; whoever has not answered in so many seconds does not."""

    step: str
    to: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Nothing is known yet: be silent for so long, and ask again."""

    seconds: float


Order = Speak | Collect | PutThrough | Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """It was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """These keys were pressed; none when only the key that finishes was."""

    keys: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """No key came in time."""


Came = Spoken | Pressed | Silence | Transferred
