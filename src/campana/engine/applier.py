"""Applies what carriers reported and the web processes kept (`services/reports.py`)."""

from __future__ import annotations

from campana.services import reports
from campana.services.context import Context


class Applier:
    """Any number of work processes may apply side by side: each takes reports of its own."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def step(self) -> bool:
        """Apply some; False when the inbox was empty."""
        return await reports.apply_kept(self._context) > 0
