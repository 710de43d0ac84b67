"""Keep the ledger true: take up what dead workers left, end campaigns that are over, open
windows."""

from __future__ import annotations

import logging

from campana.engine.duty import Duty
from campana.engine.runner import Loop
from campana.services import breaking, closing, outcomes, windows
from campana.services.context import Context
from campana.services.stale_promises import StalePromises

log = logging.getLogger(__name__)

_WINDOWS_SECONDS = 60.0


class Sweeper:
    """The steps any number of work processes may run side by side."""

    def __init__(self, context: Context, *, duty: Duty | None = None) -> None:
        self._context = context
        self._duty = duty
        self._windows_at = 0.0
        self._promises = StalePromises(monotonic=context.monotonic)

    def loops(self) -> list[Loop]:
        duty = self._duty
        return [
            Loop(name="sweep", step=self.sweep, rest=1.0, duty=duty),
            Loop(name="close", step=self.close, rest=0.5, longest=1.0, duty=duty),
            Loop(name="windows", step=self.refresh_windows, rest=1.0, duty=duty),
            Loop(name="breakers", step=self.watch, rest=1.0, duty=duty),
        ]

    async def sweep(self) -> bool:
        """Take up attempts whose worker is dead, and lines that were promised and left behind."""
        if revoked := await self._promises.revoke(self._context):
            log.warning("%d promises of lines were left behind by workers that live", revoked)
        swept = await outcomes.sweep(self._context)
        if swept:
            log.warning("took up %d attempts of dead workers", swept)
        return swept > 0

    async def close(self) -> bool:
        """Complete and expire campaigns."""
        over = await closing.close_expired(self._context)
        over += await closing.close_finished(self._context)
        for campaign_id in over:
            log.info("campaign %s is over", campaign_id)
        return False

    async def watch(self) -> bool:
        """Breakers: stop campaigns and leave channels alone, or let them go on."""
        for channel_id in await breaking.rest_channels(self._context):
            log.warning("channel %s lets nothing through and is left alone", channel_id)
        for campaign_id in await breaking.trip(self._context):
            log.warning("campaign %s passed a limit and was stopped", campaign_id)
        await breaking.judge(self._context)
        await breaking.resume(self._context)
        return False

    async def refresh_windows(self) -> bool:
        """Once a minute: which groups may be contacted now."""
        if self._context.monotonic() - self._windows_at >= _WINDOWS_SECONDS or not self._windows_at:
            await windows.refresh_all(self._context)
            self._windows_at = self._context.monotonic()
        return False
