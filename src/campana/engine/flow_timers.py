"""Conversations go on by themselves: waits whose time is up, and answers to webhooks.

Any number of work processes side by side: who resumes a session is settled by its lock, and a
second one finds the wait over.
"""

from __future__ import annotations

import asyncio
import logging

from campana.domain.errors import Unavailable
from campana.engine.duty import Duty
from campana.engine.runner import Loop
from campana.services import flow_requests, sessions
from campana.services.context import Context
from campana.store.flow_requests import Request

log = logging.getLogger(__name__)

MOST_REQUESTS = 50
"""Of a process at once."""
_RETRY_SECONDS = 0.5


class FlowTimers:
    """The steps, and the requests this process is making."""

    def __init__(self, context: Context, *, duty: Duty | None = None) -> None:
        self._context = context
        self._duty = duty
        self._asking: set[asyncio.Task[None]] = set()

    def loops(self) -> list[Loop]:
        return [
            Loop(name="flow timers", step=self.step, rest=0.2, longest=0.5, duty=self._duty),
            Loop(name="flow requests", step=self.ask, rest=0.1, longest=0.3, duty=self._duty),
        ]

    async def step(self) -> bool:
        """Resume the sessions whose waits are over; False when there was none."""
        return await sessions.resume_due(self._context) > 0

    async def ask(self) -> bool:
        """Begin to make requests that sessions wait for."""
        taken = await flow_requests.take(self._context, room=MOST_REQUESTS - len(self._asking))
        for request in taken:
            task = asyncio.create_task(self._ask(request))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
        return bool(taken)

    async def drain(self) -> None:
        """Wait for the answers that are under way; a request that is cut off is made again."""
        if self._asking:
            await asyncio.wait(self._asking)

    async def _ask(self, request: Request) -> None:
        try:
            answered = await flow_requests.ask(self._context, request)
        except Unavailable:
            return  # nobody was asked: another look finds it
        while True:
            try:
                await flow_requests.settle(self._context, request, answered)
            except Unavailable:
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return
