"""Holds the connections of carriers that have one of their own (`carriers.base.Listener`).

Where a provider allows only so many, each is an advisory lock on a session of this process: a
process that dies, or loses its session, leaves its place to another. One without a place sends
nothing on that channel.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from campana.carriers.base import Inbound, Listener, NamedReport, Report
from campana.domain.errors import Unavailable
from campana.engine.accounts import Account, Accounts
from campana.services import inbound, named_reports, reports
from campana.services.context import Context
from campana.services.group_commit import GroupCommit
from campana.store import named_reports as store
from campana.store.db import Tx
from campana.store.inbound import KeptInbound
from campana.store.named_reports import Named
from campana.store.reports import Kept

log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_STORE_SECONDS = 10.0
"""Beyond this a provider is told to come again; shorter than any waits for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listening:
    listener: Listener
    task: asyncio.Task[None]
    slot: int | None


class Listening:
    """Of one work process."""

    def __init__(self, context: Context, *, accounts: Accounts) -> None:
        self._context = context
        self._accounts = accounts
        self._running: dict[str, _Listening] = {}
        self._named = GroupCommit[Named](partial(named_reports.keep, context))
        self._kept = GroupCommit[Kept](partial(reports.keep, context))
        self._written = GroupCommit[KeptInbound](partial(inbound.keep, context))

    async def run(self) -> None:
        """Listen wherever it is possible, for ever; run as a task. Cancelling it hangs up."""
        try:
            while True:
                try:
                    async with self._context.db.session() as session:
                        while True:
                            await self.look(session)
                            await asyncio.sleep(_LOOK_SECONDS)
                except (Unavailable, TimeoutError) as error:
                    log.warning("not listening: %s", error)
                    # Its places may be another's by now.
                    await self._stop(list(self._running))
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            await self._stop(list(self._running))

    async def look(self, session: Tx) -> None:
        """Begin on channels that are new, end on those that are gone or changed."""
        accounts = await self._accounts.known()
        over = [
            channel_id
            for channel_id, running in self._running.items()
            if running.task.done()
            or channel_id not in accounts
            or id(accounts[channel_id].carrier) != id(running.listener)
        ]
        slots = {each: self._running[each].slot for each in over}
        await self._stop(over)
        for channel_id, slot in slots.items():
            if slot is not None:
                await store.free_slot(session, channel_id=channel_id, slot=slot)
        for channel_id, account in accounts.items():
            if isinstance(account.carrier, Listener) and channel_id not in self._running:
                await self._begin(session, account, account.carrier)
        # Also where there is nothing to do: a session that is gone has to be noticed.
        await session.execute("select")

    async def _begin(self, session: Tx, account: Account, listener: Listener) -> None:
        slot, most = None, listener.most_connections
        channel_id = account.channel.id
        if most is not None:
            slot = await store.take_slot(session, channel_id=channel_id, most=most)
            if slot is None:
                return
        keep = partial(self._keep, account)
        task = asyncio.create_task(listener.listen(keep, now=self._context.clock.now))
        task.add_done_callback(partial(_said, channel_id))
        self._running[channel_id] = _Listening(listener=listener, task=task, slot=slot)

    async def _stop(self, channel_ids: Sequence[str]) -> None:
        tasks = [self._running.pop(each).task for each in channel_ids]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(
        self, account: Account, heard: Sequence[NamedReport | Report | Inbound]
    ) -> None:
        """Store what came in over a channel.

        Raises:
            Unavailable, TimeoutError: it may not be stored.
        """
        channel_id, now = account.channel.id, self._context.clock.now()
        workspace_id = account.channel.workspace_id
        named = [
            Named(
                workspace_id=workspace_id,
                channel_id=channel_id,
                ref=each.ref,
                address=each.address,
                key=each.key,
                event=each.event,
                received_at=now,
            )
            for each in heard
            if isinstance(each, NamedReport)
        ]
        kept = [
            reports.kept(each, channel_id=channel_id, workspace_id=workspace_id, received_at=now)
            for each in heard
            if isinstance(each, Report)
        ]
        written = [
            inbound.kept(each, channel_id=channel_id, workspace_id=workspace_id, received_at=now)
            for each in heard
            if isinstance(each, Inbound)
        ]
        async with asyncio.timeout(_STORE_SECONDS):
            if named:
                await self._named.add(named)
            if kept:
                await self._kept.add(kept)
            if written:
                await self._written.add(written)


def _said(channel_id: str, task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("channel %s is not listened to any more", channel_id, exc_info=error)
