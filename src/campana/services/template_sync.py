"""What the provider of a channel says of its templates: fetched, and kept beside ours.

Providers approve templates in their own time and take an approval back; a template of ours is known
to them by name and language. A job asks each of them every quarter of an hour, a person whenever.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from campana.carriers.account import ProviderTemplate
from campana.carriers.base import CarrierError
from campana.domain.errors import Conflict, NotFound, Unavailable
from campana.services.channel_secrets import config_of
from campana.services.context import Context
from campana.services.secrets import Unreadable
from campana.store import channels, templates
from campana.store.templates import ProviderStatus

log = logging.getLogger(__name__)

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


async def sync_all(context: Context) -> int:
    """Ask every provider that knows templates of ours; how many channels that were (engine role).

    One that cannot be asked is told of in the log, and asked again the next time.
    """
    asked = 0
    for kind in context.carriers.values():
        if kind.templates is None:
            continue
        async with context.db.read() as tx:
            found = await channels.of_kind(tx, kind=kind.kind)
        for channel in found:
            if context.is_rehearsal and not channel.is_loopback:
                continue
            try:
                await sync(context, workspace_id=channel.workspace_id, channel_id=channel.id)
            except (Conflict, NotFound, Unavailable, Unreadable, msgspec.ValidationError) as error:
                log.warning("channel %s: its templates: %s", channel.id, error)
            else:
                asked += 1
    return asked


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
