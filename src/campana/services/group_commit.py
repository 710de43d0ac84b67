"""Many waiters, one write: whatever comes in while a write is under way goes into the next one.

The cost of a commit is shared by all who wait for it; nobody is told "done" before it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from campana.domain.errors import Unavailable

T = TypeVar("T")


class GroupCommit(Generic[T]):
    """Of one event loop. `write` stores a batch as a whole or raises."""

    def __init__(
        self,
        write: Callable[[Sequence[T]], Awaitable[None]],
        *,
        writers: int = 1,
        pause: float = 0.0,
        enough: int = 25,
        within: float | None = None,
        largest: int = 2_000,
        most_waiting: int = 20_000,
    ) -> None:
        """Set the sizes.

        Args:
            write: stores the values it is given, all or none.
            writers: how many writes may be under way at once.
            pause: seconds from the beginning of one write to that of the next, unless `enough`
                values wait. The first of a time is not kept waiting; where one follows another it
                saves most of what they cost.
            enough: values that a write is worth its cost for.
            within: seconds after which an addition is given up, though it may be stored later.
            largest: values in one write, but for one addition that is larger by itself.
            most_waiting: beyond so many, additions are refused.
        """
        self._write = write
        self._largest = largest
        self._most_waiting = most_waiting
        self._pause = pause
        self._enough = enough
        self._within = within
        self._not_before = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: list[tuple[Sequence[T], asyncio.Future[None]]] = []
        self._count = 0
        self._most_writers = writers
        self._writing = 0
        self._writers: set[asyncio.Task[None]] = set()

    async def add(self, values: Sequence[T]) -> None:
        """Return once these are stored. A caller that is cancelled may find them stored too.

        Raises:
            Unavailable: too many wait already, or it took too long.
            Exception: whatever `write` raised for the batch they were in.
        """
        if self._count >= self._most_waiting:
            raise Unavailable("too much is waiting to be written")
        loop = asyncio.get_running_loop()
        stored = loop.create_future()
        self._waiting.append((values, stored))
        self._count += len(values)
        self._go_on()
        if self._within is None:
            await stored
            return
        # A timer and no more: callbacks come in thousands a second.
        timer = loop.call_later(self._within, _give_up, stored)
        try:
            await stored
        finally:
            timer.cancel()

    async def settled(self) -> None:
        """Have all that waits written at once, and return when it is."""
        while self._writers or self._waiting:
            if not self._writers:
                self._not_before = 0.0
                self._go_on()
            await asyncio.wait(self._writers)
            # Writers leave the set in a callback of theirs.
            await asyncio.sleep(0)

    def _go_on(self) -> None:
        """Have what waits written: by one more writer, or later."""
        if self._writing >= self._most_writers or not self._waiting:
            return
        if self._is_time():
            self._forget_timer()
            self._writing += 1
            writer = asyncio.create_task(self._write_all())
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(self._not_before, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        # Not by the clock again: a timer may be a hair early.
        self._not_before = 0.0
        self._go_on()

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _is_time(self) -> bool:
        return self._count >= self._enough or asyncio.get_running_loop().time() >= self._not_before

    async def _write_all(self) -> None:
        while self._waiting and self._is_time():
            self._not_before = asyncio.get_running_loop().time() + self._pause
            values, futures = self._next()
            failure: Exception | None = None
            try:
                await self._write(values)
            except Exception as error:  # noqa: BLE001 - it belongs to those who wait, who all get it
                failure = error
            for future in futures:
                if future.done():
                    continue
                if failure is None:
                    future.set_result(None)
                else:
                    future.set_exception(failure)
        # In the same breath as the last look at what waits: whoever comes next starts a writer.
        self._writing -= 1
        self._go_on()

    def _next(self) -> tuple[list[T], list[asyncio.Future[None]]]:
        values: list[T] = []
        taken = 0
        for added, _ in self._waiting:
            if values and len(values) + len(added) > self._largest:
                break
            values.extend(added)
            taken += 1
        futures = [future for _, future in self._waiting[:taken]]
        del self._waiting[:taken]
        self._count -= len(values)
        return values, futures


def _give_up(stored: asyncio.Future[None]) -> None:
    if not stored.done():
        stored.set_exception(Unavailable("it could not be stored in time"))
