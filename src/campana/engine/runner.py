"""Repeat steps until told to stop. A database that is away is waited for; a bug ends the process.

Crash-only on purpose: whatever a step was doing is found by the sweeper, and the parent starts a
new process. So no exception is caught here that the program does not understand.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from campana.domain.errors import Unavailable
from campana.engine.duty import Duty

log = logging.getLogger(__name__)

_PAUSE_WITHOUT_DATABASE = 1.0
_OFF_DUTY = 3.0
"""How long to rest (seconds) while another process is on duty."""
STAGGER_SECONDS = 0.1
"""Between the first looks of loops, so that not all of them look at once ever after."""
_LONGER = 1.5
"""How much longer each rest is than the one before, while there is nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A step and how long to rest (seconds) after one that found nothing to do.

    With `longest`, rests grow to that while steps go on finding nothing and `is_awake`, if there is
    one, says no. With `duty`, a process that is not on duty rests for `off_duty` each time.
    """

    name: str
    step: Callable[[], Awaitable[bool]]
    rest: float
    longest: float | None = None
    is_awake: Callable[[], bool] | None = None
    duty: Duty | None = None
    off_duty: float = _OFF_DUTY

    def rest_after(self, rest: float) -> float:
        """How long to rest after another step that found nothing; `rest` was the last one, or 0."""
        if self.is_awake and self.is_awake():
            return self.rest
        if self.duty is not None and not self.duty.is_on:
            return max(self.rest, self.off_duty)
        if self.longest is None or not rest:
            return self.rest
        return min(self.longest, rest * _LONGER)


async def wait(stop: asyncio.Event, seconds: float) -> None:
    """Sleep, but wake at once when `stop` is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass


async def repeat(
    loop: Loop,
    stop: asyncio.Event,
    *,
    after: float = 0.0,
    wait: Callable[[asyncio.Event, float], Awaitable[None]] = wait,
) -> None:
    """Run one loop until `stop` is set; a step in progress is finished first. The first step comes
    `after` so many seconds.

    `wait` is how it rests: a rehearsal in virtual time skips rests in which nothing happens.
    """
    if after:
        await wait(stop, after)
    rest = 0.0
    while not stop.is_set():
        try:
            rest = 0.0 if await loop.step() else loop.rest_after(rest)
        except Unavailable as error:
            log.warning("%s: %s", loop.name, error)
            await wait(stop, _PAUSE_WITHOUT_DATABASE)
            continue
        if rest:
            await wait(stop, rest)
        else:
            await asyncio.sleep(0)


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set: finish what is in hand, begin nothing."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
