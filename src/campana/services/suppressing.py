"""A suppression in its caller's transaction, whoever says so, and the event that tells of it."""

from __future__ import annotations

from datetime import datetime

from campana.domain.campaign import ChannelType
from campana.domain.event import EventName, NewEvent
from campana.services import events
from campana.services.context import Context
from campana.store import suppressions
from campana.store.db import Tx
from campana.store.suppressions import Scope, Suppression


async def suppress(
    tx: Tx,
    context: Context,
    *,
    workspace_id: int,
    address: str,
    reason: str,
    source: str,
    now: datetime,
    scope: Scope = Scope.WORKSPACE,
    campaign_id: str | None = None,
    channel_type: ChannelType | None = None,
    expires_at: datetime | None = None,
    stopped_by: str | None = None,
) -> tuple[Suppression | None, list[NewEvent]]:
    """Store it, or lengthen the one that says the same; from this commit on it holds.

    Args:
        tx: of the caller, who also adds the events.
        context: for the id.
        workspace_id: whose it is.
        address: in the form addresses are kept in.
        reason: for people, up to 500 characters.
        source: who says so.
        now: the caller's.
        scope: how far it reaches.
        campaign_id: the campaign, with that scope.
        channel_type: the kind of channel, with that scope.
        expires_at: None is for ever.
        stopped_by: the address whose STOP it is; START from there lifts it.

    Returns:
        What is stored (None: there is no such campaign), and what is to be told of it: nothing of
        one that was there before.
    """
    new_id = context.new_id("sup")
    stored = await suppressions.insert(
        tx,
        workspace_id=workspace_id,
        suppression=Suppression(
            id=new_id,
            address=address,
            scope=scope,
            campaign_id=campaign_id,
            channel_type=channel_type,
            reason=reason,
            source=source,
            created_at=now,
            expires_at=expires_at,
        ),
        stopped_by=stopped_by,
    )
    if stored is None or stored.id != new_id:
        return stored, []
    added = EventName.SUPPRESSION_ADDED
    return stored, [events.of_suppression(added, stored, workspace_id=workspace_id, at=now)]
