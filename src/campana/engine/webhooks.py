"""Deliver webhooks: any number of work processes side by side, each message its own task.

A receiver that hangs holds one task, not the loop; the next step claims for the others meanwhile.
"""

from __future__ import annotations

import asyncio
import logging

from campana.engine.duty import Duty
from campana.engine.runner import Loop, repeat
from campana.services import deliveries
from campana.services.context import Context
from campana.services.deliveries import Tried
from campana.services.event_feed import Horizon

log = logging.getLogger(__name__)

MOST_IN_FLIGHT = 1000
_REST = 0.1
_TOGETHER = 0.01
"""Seconds: what comes back within this is stored in one transaction."""


class Deliverer:
    """The steps, and the messages this process has under way."""

    def __init__(self, context: Context, *, duty: Duty | None = None) -> None:
        self._context = context
        self._duty = duty
        self._horizon = Horizon(context.db)
        self._sending: set[asyncio.Task[Tried]] = set()
        self._tried: list[Tried] = []

    @property
    def in_flight(self) -> int:
        """Messages under way, or come back and not yet stored."""
        return len(self._sending) + len(self._tried)

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop`, then finish what is under way: it takes seconds at most."""
        loops = [
            Loop(
                name="webhooks",
                step=self.deliver,
                rest=_REST,
                longest=0.4,
                duty=self._duty,
            ),
            Loop(name="spreading", step=self.spread, rest=0.2, longest=0.5, duty=self._duty),
        ]
        async with asyncio.TaskGroup() as group:
            for loop in loops:
                group.create_task(repeat(loop, stop))
        await self.drain()

    async def spread(self) -> bool:
        """Make deliveries of what has happened."""
        if not await deliveries.are_wanted(self._context):
            # Finding out how far events may be read is dear while many are being written.
            return False
        return await deliveries.spread(self._context, horizon=await self._horizon.reach())

    async def deliver(self) -> bool:
        """Store what has come of messages, and send others."""
        settled = await self._settle()
        claimed = await deliveries.claim(self._context, room=MOST_IN_FLIGHT - len(self._sending))
        self._sending |= {
            asyncio.create_task(deliveries.send(self._context, each)) for each in claimed
        }
        if settled or claimed:
            return True
        return await self._something_came_back()

    async def _something_came_back(self) -> bool:
        """Wait for a message under way, and for those that come back with it, but not for long;
        False when there is none.

        A receiver that answers at once is sent its next messages at once: resting would be most of
        the time it takes.
        """
        if not self._sending:
            return False
        done, _ = await asyncio.wait(
            self._sending, timeout=_REST, return_when=asyncio.FIRST_COMPLETED
        )
        if done:
            await asyncio.sleep(_TOGETHER)
        return True

    async def drain(self) -> None:
        """Wait for what is under way, and store what came of it."""
        if self._sending:
            await asyncio.wait(self._sending)
        await self._settle()

    async def _settle(self) -> bool:
        done = {task for task in self._sending if task.done()}
        self._sending -= done
        # In the order they ended, because the last one says how the receiver is doing. A bug in one
        # ends the process here; its claims run out.
        self._tried += sorted((task.result() for task in done), key=lambda each: each.ended)
        # What cannot be stored now is kept, and stored by a later step.
        for webhook_id in await deliveries.settle(self._context, self._tried):
            log.warning("webhook %s is switched off", webhook_id)
        settled, self._tried = bool(self._tried), []
        return settled
