"""Wait for what must come, the test's own time-out being the limit; and tell what took long here
from what the machine held up."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any


async def eventually(true: Callable[[], Any]) -> Any:
    """What `true` (a function, or one that is awaited) returns once it is truthy."""
    while True:
        found = true()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        await asyncio.sleep(0.01)


@asynccontextmanager
async def standing_still() -> AsyncIterator[Callable[[], timedelta]]:
    """Tells the longest time in which nothing went on in this process though it should have."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            since = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - since)

    watching = asyncio.create_task(watch())
    try:
        yield lambda: timedelta(seconds=longest)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def usual(spans: Sequence[timedelta]) -> timedelta:
    """The longest of these but for one in ten: so many may fall into a moment in which the whole
    machine stood still, which says nothing of what was measured."""
    return sorted(spans)[len(spans) - 1 - -(-len(spans) // 10)]
