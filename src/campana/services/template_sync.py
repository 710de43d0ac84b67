"""What the provider of a channel says of its templates: fetched, and kept beside ours.

Providers approve templates in their own time and take an approval back; a template of ours is known
to them by name and language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from campana.carriers.account import ProviderTemplate
from campana.carriers.base import CarrierError
from campana.domain.errors import Conflict, NotFound, Unavailable
from campana.services.channel_secrets import config_of
from campana.services.context import Context
from campana.store import channels, templates
from campana.store.templates import ProviderStatus

_STATUSES: Mapping[str, ProviderStatus] = {
    "approved": "approved",
    "pending": "pending",
    "in_appeal": "pending",
    "paused": "paused",
    "rejected": "rejected",
    "disabled": "rejected",
    "pending_deletion": "rejected",
    "deleted": "rejected",
    "limit_exceeded": "rejected",
}
"""What can be sent, in our words. A status that is not here is not approved: pending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """One template of the provider's, and the ids of ours that are it."""

    theirs: ProviderTemplate
    status: ProviderStatus
    reason: str | None
    ours: Sequence[str]


async def sync(context: Context, *, workspace_id: int, channel_id: str) -> list[Synced]:
    """Fetch them all and keep what is said of ours.

    Raises:
        NotFound: there is no such channel.
        Conflict: its provider knows no templates.
        Unavailable: the provider could not be asked, and why; nothing is changed.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        channel = await channels.find(tx, workspace_id=workspace_id, wanted=channel_id)
    if channel is None or channel.id != channel_id:
        raise NotFound
    kind = context.carriers[channel.kind]
    if kind.templates is None:
        raise Conflict(f"channels of kind {kind.kind} have no templates at their provider")
    # What it says is true of the moment before it was asked, at the least.
    now = context.clock.now()
    try:
        found = await kind.templates(config_of(context, kind=kind, stored=channel.config))
    except CarrierError as error:
        raise Unavailable(f"the provider could not be asked: {error.detail}") from error
    synced: list[Synced] = []
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        # In one order: two that ask at once do not wait in a circle.
        for theirs in sorted(found, key=lambda each: (each.name, each.language)):
            status = _STATUSES.get(theirs.status, "pending")
            reason = theirs.rejected_because
            if reason is None and theirs.status != status:
                reason = theirs.status
            ours = await templates.set_provider(
                tx,
                workspace_id=workspace_id,
                provider_name=theirs.name,
                language=theirs.language,
                status=status,
                reason=reason,
                ref=theirs.ref,
                now=now,
            )
            synced.append(Synced(theirs=theirs, status=status, reason=reason, ours=ours))
    return synced
