"""An event loop whose clock jumps: when nothing is left to do now, it is the next timer's time.

Answers from outside (sockets, threads) are waited for in real time, during which the clock stands.
They are taken only when nothing else is ready to run, so that how fast they come changes nothing:
what runs after what depends on the program alone. Timers of one moment run in the order they were
set in: asyncio's own heap runs them as its shape happens to be, and every wait for an answer that
has not come yet puts a timer into it.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import select
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")

START = 1_000.0
"""Where the monotonic clock stands first: not at 0, which some take for never."""

_LONGEST_REAL_WAIT = 120.0
_LONGEST_MOMENT = 5_000_000
"""Rounds of the loop at one and the same moment: more than any setting up takes."""


class _Jumping(selectors.DefaultSelector):
    """Instead of waiting for a timer, it is that time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.threads = 0
        self.rounds = 0
        """At this moment."""
        self.asked: dict[int, asyncio.Future[int]] = {}
        """Who waits for an answer on a socket that is not registered: `VirtualTimeLoop.ready`."""
        self.poll = select.poll()
        self.poll.register(self.fileno(), select.POLLIN)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.rounds += 1
        if self.rounds > _LONGEST_MOMENT:
            # What is told of it now has its rounds to end in.
            self.rounds = 0
            raise RuntimeError(f"something goes on and on, and it stays {self.now - START:.3f} s")
        if timeout is not None and timeout <= 0:
            return []
        # The loop's own pipe, by which threads wake it, is always registered.
        if self.asked or self.threads or len(self.get_map()) > 1:
            answers = self.poll.poll(_LONGEST_REAL_WAIT * 1000)
            if not answers:
                raise TimeoutError(f"nothing has answered for {_LONGEST_REAL_WAIT:.0f} s")
            for fileno, what in answers:
                asked = self.asked.get(fileno)
                if asked is not None and not asked.done():
                    asked.set_result(what)
            return super().select(0)
        if timeout is None:
            raise RuntimeError("everything waits, and nothing is left that could happen")
        self.now += timeout
        self.rounds = 0
        return []


class _InOrder(asyncio.TimerHandle):
    """A timer with a number, which decides between those of one moment."""

    order: tuple[float, int]

    def __lt__(self, other: asyncio.TimerHandle) -> bool:
        if not isinstance(other, _InOrder):
            return super().__lt__(other)
        return self.order < other.order


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Runs on the clock of its selector."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        self._numbers = itertools.count()
        self._scheduled: list[_InOrder]
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds."""
        return self._jumping.now

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: object,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """As of any loop, and behind what was set for that moment before."""
        timer = _InOrder(when, callback, args, self, context)
        timer.order = when, next(self._numbers)
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True  # pyright: ignore[reportAttributeAccessIssue]
        return timer

    async def ready(self, fileno: int, wanted: int) -> int:
        """Return as soon as a socket may be read (1) or written to (2), and which of them.

        It is what `add_reader` and `add_writer` come to, at a third of the price.
        """
        asked = self.create_future()
        self._jumping.asked[fileno] = asked
        self._jumping.poll.register(
            fileno, (select.POLLIN if wanted & 1 else 0) | (select.POLLOUT if wanted & 2 else 0)
        )
        try:
            what = await asked
        finally:
            del self._jumping.asked[fileno]
            self._jumping.poll.unregister(fileno)
        return (1 if what & ~select.POLLOUT else 0) | (2 if what & select.POLLOUT else 0)

    def run_in_executor(  # pyright: ignore[reportIncompatibleMethodOverride] - typeshed's is generic
        self, executor: Executor | None, func: Callable[..., Any], *args: object
    ) -> asyncio.Future[Any]:
        """While a thread works the clock stands."""
        running = super().run_in_executor(executor, func, *args)
        self._jumping.threads += 1
        running.add_done_callback(self._thread_done)
        return running

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncio's own
        """Without the time limit that newer Pythons set: it would be over before a thread ends."""
        del timeout
        self._jumping.threads += 1
        await super().shutdown_default_executor()
        self._jumping.threads -= 1

    def _thread_done(self, _: asyncio.Future[Any]) -> None:
        self._jumping.threads -= 1


def run(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns, in no time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(work)
