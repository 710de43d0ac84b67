"""Writing down what was done in the world, however long the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from campana.domain.errors import Unavailable

RETRY_SECONDS = 0.5


async def until_stored(store: Callable[[], Awaitable[None]]) -> None:
    """Store, however long the database is away: until then the attempt is open, never lost."""
    while True:
        try:
            await store()
        except Unavailable:
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return
