"""What people wrote, in whole texts: parts wait for their fellows, unanswered, for some seconds.

Nothing is acknowledged before it is kept, so a part that waits here when the process dies is
delivered again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from campana.smpp.addressing import number_of
from campana.smpp.parts import Part, joined, read_part
from campana.smpp.session import Delivery

_PART_SECONDS = 5.0
"""After that a text goes on with a gap: providers wait longer than this for an answer."""
_REPEAT_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One text of a person; `text` is None for what is no text. `key` names this delivery."""

    key: str
    at: datetime
    sender: str
    to: str
    text: str | None
    deliveries: tuple[Delivery, ...]


@dataclass(slots=True)
class _Waiting:
    deliveries: dict[int, Delivery] = field(default_factory=dict[int, Delivery])
    parts: dict[int, Part] = field(default_factory=dict[int, Part])
    timer: asyncio.TimerHandle | None = None


class Inbox:
    """Of one account. `take` gets whole texts, and sees to it that their deliveries are
    answered."""

    def __init__(
        self, take: Callable[[Written], Awaitable[None]], *, now: Callable[[], datetime]
    ) -> None:
        self._take = take
        self._now = now
        self._waiting: dict[tuple[str, str, int, int], _Waiting] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._count = 0
        self._unanswered: dict[str, float] = {}
        """Kept, and their provider could not be told: when, by what they say."""

    def add(self, delivery: Delivery) -> None:
        """Take a delivery in."""
        part = read_part(delivery.message)
        source, destination = delivery.message.source, delivery.message.destination
        if part.total == 1:
            self._go(_Waiting(deliveries={1: delivery}, parts={1: part}))
            return
        name = (source.text, destination.text, part.reference, part.total)
        waiting = self._waiting.setdefault(name, _Waiting())
        if waiting.timer is None:
            loop = asyncio.get_running_loop()
            waiting.timer = loop.call_later(_PART_SECONDS, self._complete, name)
        if (repeated := waiting.deliveries.get(part.number)) is not None:
            # Its provider lost patience: the later one is the one it listens for.
            repeated.answer(is_taken=True)
        waiting.deliveries[part.number], waiting.parts[part.number] = delivery, part
        if len(waiting.parts) == part.total:
            self._complete(name)

    def kept(self, written: Written) -> None:
        """It is durable: tell the provider, or remember that it could not be told."""
        now = asyncio.get_running_loop().time()
        told = [delivery.answer(is_taken=True) for delivery in written.deliveries]
        if not all(told):
            self._unanswered[_content(written)] = now
        for content, at in list(self._unanswered.items()):
            if now - at > _REPEAT_SECONDS:
                del self._unanswered[content]

    def _complete(self, name: tuple[str, str, int, int]) -> None:
        waiting = self._waiting.pop(name)
        if waiting.timer is not None:
            waiting.timer.cancel()
        self._go(waiting)

    def _go(self, waiting: _Waiting) -> None:
        deliveries = tuple(waiting.deliveries.values())
        message, at = deliveries[0].message, self._now()
        self._count += 1
        written = Written(
            # Nothing in it is the same in each repetition and in no other text of theirs: so it is
            # the delivery that has a name, and repetitions are told by `_unanswered`.
            key=f"{at.timestamp():.6f}.{self._count}",
            at=at,
            sender=number_of(message.source),
            to=number_of(message.destination),
            text=joined(list(waiting.parts.values())),
            deliveries=deliveries,
        )
        if self._unanswered.pop(_content(written), None) is not None:
            self.kept(written)
            return
        task = asyncio.ensure_future(self._take(written))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _content(written: Written) -> str:
    said = repr((written.sender, written.to, written.text))
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()
