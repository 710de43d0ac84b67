"""The conversation's side of flows: what a person writes, an opt-out, a conversation given back."""

from __future__ import annotations

from datetime import datetime

from campana.domain.campaign import ChannelType
from campana.services import sessions
from campana.services.context import Context
from campana.store.db import Tx


async def resume(
    tx: Tx,
    context: Context,
    *,
    workspace_id: int,
    channel_id: str,
    channel_type: ChannelType,
    address: str,
    key: str,
    text: str,
    choice: str | None,
    at: datetime,
) -> bool:
    """Tell the flow that talks with this person; False when none does."""
    taken = await sessions.resume_by_reply(
        tx,
        context,
        workspace_id=workspace_id,
        channel_id=channel_id,
        channel_type=channel_type,
        address=address,
        key=key,
        text=text,
        choice=choice,
        at=at,
    )
    return taken is not None


async def end(tx: Tx, context: Context, *, workspace_id: int, address: str) -> None:
    """The person wants no more: no flow talks with them any longer."""
    await sessions.end_by_opt_out(tx, context, workspace_id=workspace_id, address=address)


async def hand_back(
    tx: Tx, context: Context, *, workspace_id: int, address: str, channel_id: str
) -> bool:
    """A person gives the conversation back to the flow; False when none waits for it."""
    return await sessions.hand_back(
        tx, context, workspace_id=workspace_id, address=address, channel_id=channel_id
    )
