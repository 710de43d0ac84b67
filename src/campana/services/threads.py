"""Threads as the engine and flows keep them: what is about to be sent, and whose turn it is.

What people do with a conversation is `services/conversations.py`; what contacts write,
`services/inbound.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from campana.domain.event import EventName
from campana.services import talk_events
from campana.services.context import Context
from campana.store import conversations
from campana.store import events as store_events
from campana.store.conversations import Outgoing
from campana.store.db import Tx


async def note_outbound(
    tx: Tx,
    context: Context,
    *,
    workspace_id: int,
    channel_id: str,
    campaign_id: str | None,
    outgoing: Sequence[Outgoing],
    now: datetime,
    origin: str = "flow",
) -> None:
    """Keep what these attempts are about to say, each in its person's thread.

    For texts that are each contact's own. What a campaign tells everybody is read from its attempts
    and needs no row.
    """
    if outgoing:
        await conversations.note_outbound(
            tx,
            workspace_id=workspace_id,
            channel_id=channel_id,
            campaign_id=campaign_id,
            origin=origin,
            outgoing=outgoing,
            new_ids=[context.new_id("conv") for _ in outgoing],
            now=now,
        )


async def hand_off(
    tx: Tx,
    context: Context,
    *,
    workspace_id: int,
    channel_id: str,
    address: str,
    contact_id: int | None,
    campaign_id: str | None,
    queue: str | None,
    note: str | None,
    now: datetime,
) -> None:
    """A flow gives the conversation to a person, and is silent until it is handed back."""
    waiting = await conversations.hand_off(
        tx,
        new_id=context.new_id("conv"),
        workspace_id=workspace_id,
        channel_id=channel_id,
        address=address,
        contact_id=contact_id,
        campaign_id=campaign_id,
        queue=queue,
        note=note,
        now=now,
    )
    told = talk_events.of_conversation(EventName.CONVERSATION_HANDED_OFF, waiting, at=now)
    await store_events.add(tx, told)


async def hand_off_session(
    tx: Tx,
    context: Context,
    *,
    session_id: int,
    workspace_id: int,
    campaign_id: str,
    contact_id: int,
    queue: str | None,
    note: str | None,
    now: datetime,
) -> None:
    """The same for a flow's session: the thread it spoke in last, or would speak in first."""
    place = await conversations.place_of_session(tx, session_id=session_id)
    if place is not None:
        channel_id, address = place
        await hand_off(
            tx,
            context,
            workspace_id=workspace_id,
            channel_id=channel_id,
            address=address,
            contact_id=contact_id,
            campaign_id=campaign_id,
            queue=queue,
            note=note,
            now=now,
        )
