"""Wait for what must come; the test's own time-out is the limit."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
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
