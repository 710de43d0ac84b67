"""Of many work processes one is on duty: it looks often for whatever waits, the others seldom.

A look that finds nothing costs as much as one that finds something, and sixteen processes that look
everywhere several times a second fill two processors with nothing. So whoever holds a lock on its
own session looks as often as if it were alone. The others look every few seconds, so that a process
that stands still with the lock stops nothing, and go on without a rest for as long as they find
anything, so that many share what is too much for one.
"""

from __future__ import annotations

from campana.store import owners
from campana.store.db import Tx

OFF_DUTY_AT_CHANNELS = 0.5
"""How often who is not on duty looks for channels to send on (seconds): so long may one have to
wait whose process ended."""


class Duty:
    """Of one process."""

    def __init__(self) -> None:
        """Off duty, until its session asks."""
        self.is_on = False

    async def ask(self, session: Tx) -> None:
        """Be on duty from now on if nobody is; a round trip in any case, for whoever wants to know
        whether the session lives."""
        if self.is_on:
            await session.execute("select")
        else:
            self.is_on = await owners.take_duty(session)

    def lose(self) -> None:
        """The session is gone, and the lock with it."""
        self.is_on = False
