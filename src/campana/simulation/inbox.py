"""What a simulated carrier tells, kept as the web process keeps callbacks that are in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from campana.carriers.base import Heard, Inbound, Report
from campana.services import inbound, reports
from campana.services.context import Context
from campana.simulation.account import Keep
from campana.store import reports as store


class Inbox:
    """Of all channels. `context` is of whoever stores: what happens to them happens to it."""

    context: Context

    def __init__(self, *, tell: Callable[[], None]) -> None:
        """`tell` says that somebody has written."""
        self._tell = tell
        self._workspaces: dict[str, int] = {}
        """Of channels the carrier has told something about."""

    def of(self, channel_id: str) -> Keep:
        """Where one channel's callbacks go; raises Unavailable when they cannot be stored."""

        async def keep(told: Sequence[Heard]) -> None:
            workspace_id = await self._workspace(channel_id)
            if workspace_id is not None:
                await self._keep(told, channel_id=channel_id, workspace_id=workspace_id)

        return keep

    async def _workspace(self, channel_id: str) -> int | None:
        if channel_id not in self._workspaces:
            async with self.context.db.read() as tx:
                channel = await store.channel(tx, channel_id=channel_id)
            if channel is None:
                return None
            self._workspaces[channel_id] = channel.workspace_id
        return self._workspaces[channel_id]

    async def _keep(self, told: Sequence[Heard], *, channel_id: str, workspace_id: int) -> None:
        now = self.context.clock.now()
        said = [
            inbound.kept(each, channel_id=channel_id, workspace_id=workspace_id, received_at=now)
            for each in told
            if isinstance(each, Inbound)
        ]
        kept = [
            reports.kept(each, channel_id=channel_id, workspace_id=workspace_id, received_at=now)
            for each in told
            if isinstance(each, Report)
        ]
        if not said:
            await reports.keep(self.context, kept)
            return
        try:
            await inbound.keep(self.context, said, kept)
        finally:
            # Also where the answer was lost.
            self._tell()
