"""What an ear tells of a call, and what a conversation needs of one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from campana.domain.answered_by import SILENCE_SECONDS, AnsweredBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """Somebody began to speak, `at` seconds after the answer."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When what was said was over, when that was sure, and when the words were there, in seconds
    since the answer."""

    ended: float
    sure: float
    read: float

    @property
    def moments(self) -> tuple[float, float, float]:
        """All three, in order."""
        return self.ended, self.sure, self.read


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What they said; `at` is when they began, in seconds since the answer."""

    text: str
    scores: Mapping[str, float]
    at: float
    timing: Timing | None = None


class Ear(Protocol):
    """What a conversation needs to hear words: `listener.Listener`."""

    events: asyncio.Queue[Began | Said]
    beeped: asyncio.Event

    @property
    def is_busy(self) -> bool: ...

    def expect(self, phrases: Sequence[str], is_enough: Callable[[Said], bool]) -> None: ...

    async def who_answered(self, *, patience: float = SILENCE_SECONDS) -> AnsweredBy: ...
