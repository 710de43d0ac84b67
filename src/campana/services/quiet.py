"""After the answer nobody begins: waiting until what was decided before can no longer be sent.

A claim reads its facts, commits its intents, and may send them for SEND_DEADLINE from the moment it
began. A suppression or a revoked consent is committed first; then its answer waits here until every
claim that may not have seen it has ended and what those wrote about the address is too old to send.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from campana.services.context import Context
from campana.services.dispatch import SEND_DEADLINE
from campana.store import attempts, claims

_POLL_SECONDS = 0.02
_MARGIN = timedelta(milliseconds=100)
"""From a worker's last look at its deadline to the packet leaving it."""


async def until_unsendable(context: Context, *, workspace_id: int, address: str) -> None:
    """Return when no attempt to `address` decided before now can begin: 0.6 s at the most.

    Whoever calls has committed what forbids the attempt. A worker that stands still in the middle
    of its claim is not waited for longer: when it goes on, its deadline has passed.
    """
    await until_none_sendable(context, workspace_id=workspace_id, addresses=[address])


async def until_none_sendable(
    context: Context, *, workspace_id: int, addresses: Sequence[str]
) -> None:
    """The same of many addresses: no longer than of one."""
    longest = SEND_DEADLINE + _MARGIN
    given_up = context.monotonic() + longest.total_seconds()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        ended = await claims.wait_for_all(tx, workspace_id=workspace_id, at_most=longest)
    left = list(addresses) if ended else []
    while left and context.monotonic() < given_up:
        async with context.db.read(workspace_id=workspace_id) as tx:
            latest = await attempts.newest_unsent_to(
                tx, workspace_id=workspace_id, address=left[-1]
            )
        if latest is None or latest + longest < context.clock.now():
            left.pop()
        else:
            await asyncio.sleep(_POLL_SECONDS)
