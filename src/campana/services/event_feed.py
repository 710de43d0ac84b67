"""How far events may be read, and reading them.

It is harder than it looks. A reader that remembers the last number it saw must never pass one that
becomes visible later, and numbers are drawn long before their transactions commit: 7 may be there
while 5 is still on its way. So everybody reads up to a horizon: a number below which nothing can
appear any more.

The horizon asks one thing of the server: which transactions hold the table for writing. Unlike a
snapshot's oldest transaction it is not held up by strangers that write for minutes in other tables
or databases, and its numbers survive a dump and restore. Unlike a publisher that numbers rows again
after their commit it costs the writers nothing and needs no process to be alive. Its price: a
transaction that wrote an event and hangs holds up those after it until it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from campana.domain.errors import Unavailable
from campana.domain.event import Event
from campana.services.context import Context
from campana.store import events
from campana.store.db import Database

_PATIENCE = 50
_PAUSE_SECONDS = 0.005


class Horizon:
    """How far one process may read. Shared by all its readers; it keeps no promise alone.

    A number drawn before `newest` was read belongs to a transaction that is over or among the
    writers read after it. When the last of those writers is gone, everything up to that number is
    there to be seen, or never will be.
    """

    def __init__(self, db: Database) -> None:
        """Of what is read through `db`."""
        self._db = db
        self._decided = 0
        self._waiting: tuple[int, frozenset[str]] | None = None

    async def reach(self) -> int:
        """A number up to which events may be read from now on.

        It covers all that was committed before the call, unless a writer from then is still open
        after a quarter of a second: then it is the last that is certain.

        Raises:
            Unavailable: the database does not answer.
        """
        wanted = None
        for _ in range(_PATIENCE):
            newest = await self._look()
            wanted = newest if wanted is None else wanted
            if self._decided >= wanted:
                break
            await asyncio.sleep(_PAUSE_SECONDS)
        return self._decided

    async def _look(self) -> int:
        try:
            async with self._db.glance() as tx:
                # In this order: who draws a number after the first is not missed by the second.
                newest = await events.newest(tx)
                if newest == self._decided:
                    return newest
                writers = await events.writers(tx)
        except Unavailable:
            # A server that crashed may draw numbers again that it had not yet written down.
            self._decided, self._waiting = 0, None
            raise
        number, before = self._waiting or (newest, writers)
        still = before & writers
        self._waiting = (number, still) if still else None
        if not still:
            self._decided = max(self._decided, number)
        return newest


async def newest(context: Context) -> int:
    """A number no event is above: those that are on their way are below it, too.

    Raises:
        Unavailable: the database does not answer.
    """
    async with context.db.glance() as tx:
        return await events.newest(tx)


async def page(
    context: Context,
    *,
    workspace_id: int,
    horizon: int,
    after: int,
    limit: int,
    campaign_ids: Sequence[str] | None = None,
) -> list[Event]:
    """Events of a workspace, or of some campaigns, above number `after` in order.

    Args:
        context: the web role will do.
        workspace_id: whose events.
        horizon: from `Horizon.reach`, before this call.
        after: the last number the reader has seen; 0 is none.
        limit: the most to return.
        campaign_ids: narrows to these.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await events.page(
            tx,
            workspace_id=workspace_id,
            after=after,
            horizon=horizon,
            limit=limit,
            campaign_ids=campaign_ids,
        )
