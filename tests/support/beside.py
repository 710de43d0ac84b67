"""A receiver on a loop of its own, for tests that wait for other processes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager

from tests.support.receiver import Receiver


@contextmanager
def beside(opening: AbstractAsyncContextManager[Receiver]) -> Iterator[Receiver]:
    """Listens in a thread until the block ends."""
    ready, over = Future[Receiver](), threading.Event()

    async def serve() -> None:
        async with opening as found:
            ready.set_result(found)
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        yield ready.result(30)
    finally:
        over.set()
        thread.join()
