"""A worker's identity: a number never used before, and a session-level advisory lock on it.

The lock lives on one connection outside every pool. While it is held nobody else may touch what
this worker left open; when the connection is gone the server frees it, however the worker died. A
worker that outlives its connection stops sending, takes a new number, and takes its open attempts
along.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from uuid import UUID

from campana.domain.errors import Unavailable
from campana.engine.duty import Duty
from campana.services import outcomes
from campana.services.context import Context
from campana.store import attempts, owners
from campana.store.db import Tx

log = logging.getLogger(__name__)

_PING_SECONDS = 1.0
_PING_TIMEOUT = 2.0


class Ownership:
    """`owner_id` may be used for new intents only while `is_held`."""

    def __init__(
        self,
        context: Context,
        *,
        in_hand: Callable[[], Iterable[UUID]],
        serves: Iterable[str] = (),
        duty: Duty | None = None,
    ) -> None:
        """`in_hand` names the attempts this worker is busy with, for adoption under a new number;
        `serves` the kinds of carrier it sends on, so that anybody can tell whether one is
        served; `duty` is kept by the same session."""
        self._context = context
        self._in_hand = in_hand
        self._serves = tuple(serves)
        self._duty = duty
        self._former: list[int] = []
        self.owner_id = 0
        self.is_held = False

    async def keep(self) -> None:
        """Hold an identity for ever; run as a task. Cancelling it gives the identity up."""
        while True:
            try:
                async with self._context.db.session() as session:
                    await self._hold(session)
            except (Unavailable, TimeoutError) as error:
                log.warning("owner %s lost its session: %s", self.owner_id, error)
            finally:
                self.is_held = False
                if self._duty is not None:
                    self._duty.lose()
            await asyncio.sleep(_PING_SECONDS)

    async def account(self) -> bool:
        """Take up what stands under this identity and nobody here knows of; a step of a loop."""
        if self.is_held:
            found = await outcomes.sweep_own(
                self._context, owner_id=self.owner_id, in_hand=self._in_hand
            )
            if found:
                log.warning("owner %s took up %d attempts it had lost", self.owner_id, found)
        return False

    async def _hold(self, session: Tx) -> None:
        if self.owner_id:
            self._former.append(self.owner_id)
        self.owner_id = await owners.take_identity(session)
        for kind in self._serves:
            await owners.serve(session, kind=kind)
        # An adoption that fails ends this session too: the next one adopts from every number since
        # the last that succeeded. A server that comes back often breaks the first few.
        if self._former:
            await self._adopt()
            self._former.clear()
        if self._duty is not None:
            await self._duty.ask(session)
        self.is_held = True
        while True:
            await self._context.doze(_PING_SECONDS)
            async with asyncio.timeout(_PING_TIMEOUT):
                await self._ping(session)

    async def _ping(self, session: Tx) -> None:
        if self._duty is None:
            await session.execute("select")
        else:
            await self._duty.ask(session)

    async def _adopt(self) -> None:
        mine = list(self._in_hand())
        async with self._context.db.transaction() as tx:
            kept = await attempts.adopt(
                tx, old_owner_ids=self._former, new_owner_id=self.owner_id, attempt_ids=mine
            )
        # Those the sweeper was quicker with are `unknown`; how they end here still corrects that.
        log.warning(
            "owner %s is %s now and keeps %d of %d attempts",
            self._former[-1],
            self.owner_id,
            len(kept),
            len(mine),
        )
