"""The calls a voice worker has in hand, whoever called: for orders to hang up, and for its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from campana.services.context import Context
from campana.store import attempts

Holding = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
"""A call, given what ends it early when it is set."""


@dataclass(frozen=True, slots=True)
class _Line:
    task: asyncio.Task[None]
    stop: asyncio.Event


class Lines:
    """Calls by their attempts, from the commit to the settled end."""

    def __init__(self, *, most: int) -> None:
        """`most` is how many there may be at once."""
        self._most = most
        self._lines: dict[UUID, _Line] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[UUID]:
        return iter(self._lines)

    @property
    def has_room(self) -> bool:
        """May another begin?"""
        return len(self._lines) < self._most

    def begin(self, attempt_id: UUID, holding: Holding) -> None:
        """Hold a call in a task of its own."""
        stop = asyncio.Event()
        task = asyncio.create_task(holding(stop))
        self._lines[attempt_id] = _Line(task=task, stop=stop)
        task.add_done_callback(lambda _: self._lines.pop(attempt_id, None))

    async def obey(self, context: Context, *, owner_id: int) -> None:
        """Hang up those that somebody asked to end."""
        if self._lines:
            async with context.db.read() as tx:
                ordered = await attempts.hang_up_orders(tx, owner_id=owner_id)
            for attempt_id in ordered & self._lines.keys():
                self._lines[attempt_id].stop.set()

    async def drain(self, *, seconds: float) -> None:
        """Let them end by themselves for a while, then hang up the rest."""
        lines = list(self._lines.values())
        if lines:
            await asyncio.wait([line.task for line in lines], timeout=seconds)
            for line in lines:
                line.stop.set()
            await asyncio.gather(*(line.task for line in lines), return_exceptions=True)
