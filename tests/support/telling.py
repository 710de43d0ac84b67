"""Events and webhooks of tests, and a deliverer that works until there is nothing left to do."""

from __future__ import annotations

import asyncio
from typing import Any

from campana.domain.event import EventName, NewEvent
from campana.engine.webhooks import Deliverer
from campana.services import webhooks
from campana.services.context import Context
from campana.services.webhooks import WithSecret
from campana.store import events


async def tell(
    context: Context,
    *subjects: str,
    workspace_id: int,
    name: EventName = EventName.TARGET_FINISHED,
    campaign_id: str | None = None,
) -> list[str]:
    """Something happens to each of these, one after the other; returns the events' ids."""
    numbers: list[int] = []
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        for subject in subjects:
            numbers += await events.add(
                tx,
                NewEvent(
                    type=name,
                    workspace_id=workspace_id,
                    subject=subject,
                    campaign_id=campaign_id,
                    at=context.clock.now(),
                    data={"id": subject},
                ),
            )
    return [f"evt_{number}" for number in numbers]


async def add_webhook(
    context: Context, url: str, *, workspace_id: int, **document: Any
) -> WithSecret:
    return await webhooks.create(context, workspace_id=workspace_id, raw={"url": url, **document})


async def work(deliverer: Deliverer) -> None:
    """Everything that can be delivered now, and until what is under way has come back."""
    while await deliverer.spread():
        pass
    while await deliverer.deliver() or deliverer.in_flight:  # noqa: ASYNC110 - asked, it goes on
        await asyncio.sleep(0.002)


async def rows(context: Context, query: str, *values: object) -> list[Any]:
    """A look at the database, seeing everything (engine role)."""
    async with context.db.read() as tx:
        return await (await tx.execute(query, values)).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]


async def states(context: Context) -> dict[str, int]:
    """How many deliveries are in which state."""
    found = await rows(
        context, "select state, count(*) from webhook_deliveries group by state order by state"
    )
    return dict(found)
