"""The last commit before the network, for carriers that can never say they have not heard of us.

Most carriers are asked about what a dead worker left, so their attempts are written as sending with
the claim. One that knows messages only by names of its own cannot be: what campaigns send by it are
intents until the moment they leave, and an intent that its worker left behind is certainly not
sent. Whoever leaves at one time shares the commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from msgspec.structs import replace

from campana.domain.errors import Unavailable
from campana.services import sent_events
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.group_commit import GroupCommit
from campana.store import sending
from campana.store.sending import Departure


@dataclass(slots=True, kw_only=True)
class _Leaving:
    intent: Claimed
    owner_id: int
    ask_after: timedelta
    has_left: bool = False


class Departures:
    """Of one process."""

    def __init__(self, context: Context) -> None:
        """`context` of the engine role."""
        self._context = context
        self._leaving = GroupCommit[_Leaving](self._write)

    async def leave(self, intent: Claimed, *, owner_id: int, ask_after: timedelta) -> bool:
        """Commit that the network is about to be touched; False when it must not be.

        Where the database does not answer nobody knows whether it is committed, and nothing is
        sent: it is the caller's to say so.
        """
        each = _Leaving(intent=intent, owner_id=owner_id, ask_after=ask_after)
        try:
            await self._leaving.add([each])
        except Unavailable:
            return False
        return each.has_left

    async def settled(self) -> None:
        """Return when nothing is being written any more."""
        await self._leaving.settled()

    async def _write(self, leaving: Sequence[_Leaving]) -> None:
        now = self._context.clock.now()
        left = set[object]()
        async with self._context.db.transaction() as tx:
            for owner_id in sorted({each.owner_id for each in leaving}):
                left |= await sending.leave_all(
                    tx,
                    owner_id=owner_id,
                    departures=[
                        Departure(
                            attempt_id=each.intent.attempt_id,
                            ask_at=now + each.ask_after,
                            event=sent_events.started(replace(each.intent, claimed_at=now)),
                        )
                        for each in leaving
                        if each.owner_id == owner_id
                    ],
                    now=now,
                )
        for each in leaving:
            each.has_left = each.intent.attempt_id in left
