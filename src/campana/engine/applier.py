"""Applies what carriers reported and the web processes kept (`services/reports.py`)."""

from __future__ import annotations

from campana.services import named_reports, reports
from campana.services.context import Context


class Applier:
    """Any number of work processes may apply side by side: each takes reports of its own."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def step(self) -> bool:
        """Apply some; False when the inbox was empty."""
        return await reports.apply_kept(self._context) > 0

    async def match(self) -> bool:
        """Find out whom reports by a provider's own names mean, and apply them; False when there
        was none to look at."""
        return await named_reports.match(self._context) > 0
