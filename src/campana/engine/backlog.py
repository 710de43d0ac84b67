"""What was done in the world and is not written down yet: many at once, however long that takes.

Unlike in a `GroupCommit` nobody waits for it: whoever did it goes on, and keeps what has to be
known of it until `done` is told. A future and a wake-up each would be the dearest part of a send.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from campana.domain.errors import Unavailable
from campana.engine.enduring import RETRY_SECONDS

T = TypeVar("T")

log = logging.getLogger(__name__)

_MANY = 8
"""After a write of so many values more are about to come."""


class Backlog(Generic[T]):
    """Of one event loop. `write` stores what it is given as a whole or raises."""

    def __init__(
        self,
        write: Callable[[Sequence[T]], Awaitable[None]],
        *,
        done: Callable[[Sequence[T]], None],
        largest: int = 2_000,
        pause: float = 0.0,
    ) -> None:
        """Set it up, empty.

        Args:
            write: stores values, all or none; tried again as long as the database is away.
            done: told of values that are stored, or that nobody here can store.
            largest: values in one write.
            pause: seconds from the beginning of a write of many to that of the next. Where a write
                costs as much for one value as for fifty it saves most of it, and what is in the
                backlog stays there so much longer.
        """
        self._write = write
        self._done = done
        self._largest = largest
        self._pause = pause
        self._not_before = 0.0
        self._values: list[T] = []
        self._writer: asyncio.Task[None] | None = None
        self._is_given_up = False

    def add(self, value: T) -> None:
        """Have this written down; returns at once."""
        self._values.append(value)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all())

    async def settled(self) -> None:
        """Return when nothing is left to be written."""
        while self._writer is not None:
            await asyncio.wait([self._writer])

    def give_up(self) -> None:
        """From now on each write is tried once: what a database that is away does not take is left
        to whoever comes next."""
        self._is_given_up = True

    async def _write_all(self) -> None:
        now = asyncio.get_running_loop().time
        try:
            while self._values:
                if (early := self._not_before - now()) > 0:
                    await asyncio.sleep(early)
                values, self._values = self._values[: self._largest], self._values[self._largest :]
                if len(values) >= _MANY:
                    self._not_before = now() + self._pause
                await self._store(values)
                self._done(values)
        finally:
            # In the same breath as the last look: whatever comes next starts a writer.
            self._writer = None

    async def _store(self, values: Sequence[T]) -> None:
        while True:
            try:
                return await self._write(values)
            except Unavailable:
                if self._is_given_up:
                    return None
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                # A bug: whoever takes up attempts that nobody has in hand will find these.
                log.exception("%d of what was done cannot be written down", len(values))
                return None
