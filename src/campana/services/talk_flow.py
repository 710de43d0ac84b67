"""The conversation's side of flows: what a person writes, an opt-out, a conversation given back."""

from __future__ import annotations

from datetime import datetime

from campana.domain.campaign import ChannelType
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
    del tx, context, workspace_id, channel_id, channel_type, address, key, text, choice, at
    return False


async def end(tx: Tx, context: Context, *, workspace_id: int, address: str) -> None:
    """The person wants no more: no flow talks with them any longer."""
    del tx, context, workspace_id, address


async def hand_back(
    tx: Tx, context: Context, *, workspace_id: int, address: str, channel_id: str
) -> bool:
    """A person gives the conversation back to the flow; False when none waits for it."""
    del tx, context, workspace_id, address, channel_id
    return False
