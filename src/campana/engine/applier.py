"""Applies what carriers reported and people wrote, which the web processes kept."""

from __future__ import annotations

import asyncio

from campana.engine.duty import Duty
from campana.engine.runner import Loop
from campana.services import conversations, inbound, named_reports, reports
from campana.services.context import Context

_PAUSE_SECONDS = 0.05
"""From the beginning of a step to that of the next, unless more waits than one takes: a transaction
for a few reports costs nearly as much as for many."""


class Applier:
    """Any number of work processes may apply side by side: each takes reports of its own."""

    def __init__(self, context: Context, *, duty: Duty | None = None) -> None:
        self._context = context
        self._duty = duty

    def loops(self) -> list[Loop]:
        duty = self._duty
        return [
            Loop(name="apply", step=self.step, rest=0.05, longest=0.25, duty=duty),
            Loop(name="match", step=self.match, rest=0.2, longest=1.0, duty=duty),
            Loop(name="hear", step=self.hear, rest=0.1, longest=0.3, duty=duty),
            Loop(name="return", step=self.give_back, rest=0.5, longest=1.0, duty=duty),
        ]

    async def hear(self) -> bool:
        """Apply what people wrote, the oldest of each part; False when there was nothing."""
        return await inbound.apply_kept(self._context) > 0

    async def give_back(self) -> bool:
        """Tell flows of conversations they have again; False when there were none."""
        return await conversations.return_to_flows(self._context) > 0

    async def step(self) -> bool:
        """Apply some; False when the inbox was empty."""
        now = asyncio.get_running_loop().time
        began = now()
        applied = await reports.apply_kept(self._context)
        if 0 < applied < reports.AT_ONCE:
            await asyncio.sleep(began + _PAUSE_SECONDS - now())
        return applied > 0

    async def match(self) -> bool:
        """Find out whom reports by a provider's own names mean, and apply them; False when there
        was none to look at."""
        return await named_reports.match(self._context) > 0
