"""The events of this system in words: what others are told of each change.

An event is added in the transaction of the change (`store.events.add`), so the two are never apart.
How they are read is `services/event_feed.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from campana.domain.attempt import AttemptState
from campana.domain.campaign import STATUS_OF, Campaign, CampaignState
from campana.domain.clock import wire
from campana.domain.disposition import Disposition
from campana.domain.event import EventName, NewEvent
from campana.domain.ids import attempt_text, numbered
from campana.store.attempts import Attempt
from campana.store.channels import Channel
from campana.store.imports import Import
from campana.store.suppressions import Suppression
from campana.store.targets import Finished

_STATE_EVENTS = {
    CampaignState.PAUSED: EventName.CAMPAIGN_PAUSED,
    CampaignState.RUNNING: EventName.CAMPAIGN_RESUMED,
    CampaignState.CANCELLED: EventName.CAMPAIGN_CANCELLED,
    CampaignState.COMPLETED: EventName.CAMPAIGN_COMPLETED,
    CampaignState.EXPIRED: EventName.CAMPAIGN_EXPIRED,
}
_CLOSING = {CampaignState.CANCELLED, CampaignState.EXPIRED}


def of_campaign(name: EventName, campaign: Campaign, *, at: datetime, **more: object) -> NewEvent:
    """An event of a campaign, as it is after the change; `more` is in the words of the API."""
    return NewEvent(
        type=name,
        workspace_id=campaign.workspace_id,
        subject=campaign.id,
        campaign_id=campaign.id,
        at=at,
        data={
            "id": campaign.id,
            "name": campaign.name,
            "description": campaign.description,
            "type": campaign.type,
            "status": STATUS_OF[campaign.state],
            "channelType": campaign.channel_type,
            "startDate": wire(campaign.start_date),
            "endDate": wire(campaign.end_date),
            "createdAt": wire(campaign.created_at),
            "state": campaign.state.capitalize(),
            **more,
        },
    )


def of_state(campaign: Campaign, *, at: datetime, targets_closed: int = 0) -> NewEvent:
    """The event of a launched campaign that has just come into its state.

    Those who waited in a campaign that was cancelled or has expired may be a million: they finish
    together and are told as one number, `targetsClosed`.
    """
    name = _STATE_EVENTS[campaign.state]
    more = {"targetsClosed": targets_closed} if campaign.state in _CLOSING else {}
    return of_campaign(name, campaign, at=at, **more)


def of_trip(
    campaign: Campaign, *, at: datetime, reason: str, resume_at: datetime | None
) -> NewEvent:
    """The event of a campaign that a breaker has just stopped, and when it goes on by itself."""
    told = {"reason": reason, "resumeAt": wire(resume_at)}
    return of_campaign(EventName.CAMPAIGN_TRIPPED, campaign, at=at, **told)


def of_attempt(
    name: EventName,
    attempt: Attempt,
    *,
    at: datetime,
    state: AttemptState,
    disposition: Disposition | None = None,
    reason: str | None = None,
    answered_at: datetime | None = None,
    ended_at: datetime | None = None,
) -> NewEvent:
    """An event of an attempt: its row as it was read, and what has changed since."""
    answered = attempt.answered_at or answered_at
    return _of_attempt(
        name,
        workspace_id=attempt.workspace_id,
        campaign_id=attempt.campaign_id,
        target_id=attempt.target_id,
        at=at,
        attempt_id=attempt.id,
        channelId=attempt.channel_id,
        number=attempt.attempt_no,
        address=attempt.address,
        state=state,
        disposition=disposition,
        reason=reason,
        sendingAt=wire(attempt.sending_at),
        answeredAt=wire(answered),
        endedAt=wire(ended_at),
        **_direction(attempt.direction),
    )


def of_sending(
    *,
    workspace_id: int,
    campaign_id: str,
    target_id: int,
    attempt_id: UUID,
    channel_id: str,
    number: int,
    address: str,
    at: datetime,
    direction: str = "outbound",
) -> NewEvent:
    """The event of an attempt that is about to touch the network."""
    return _of_attempt(
        EventName.ATTEMPT_STARTED,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        target_id=target_id,
        at=at,
        attempt_id=attempt_id,
        channelId=channel_id,
        number=number,
        address=address,
        state=AttemptState.SENDING,
        disposition=None,
        reason=None,
        sendingAt=wire(at),
        answeredAt=None,
        endedAt=None,
        **_direction(direction),
    )


def _direction(direction: str) -> dict[str, str]:
    """Told only of what is not of our own doing."""
    return {"direction": direction} if direction != "outbound" else {}


def _of_attempt(
    name: EventName,
    *,
    workspace_id: int,
    campaign_id: str | None,
    target_id: int | None,
    attempt_id: UUID,
    at: datetime,
    **data: object,
) -> NewEvent:
    # An attempt is a part of its target's story: one subject, so one order. A message of a
    # conversation has its own.
    target = numbered("tgt", target_id) if target_id is not None else None
    return NewEvent(
        type=name,
        workspace_id=workspace_id,
        subject=target or attempt_text(attempt_id),
        campaign_id=campaign_id,
        at=at,
        data={
            "id": attempt_text(attempt_id),
            "campaignId": campaign_id,
            "targetId": target,
            **data,
        },
    )


def of_target(name: EventName, target: Finished | None, *, at: datetime) -> list[NewEvent]:
    """The event of a target that has just finished; none when it had finished before."""
    if target is None:
        return []
    shown = numbered("tgt", target.id)
    return [
        NewEvent(
            type=name,
            workspace_id=target.workspace_id,
            subject=shown,
            campaign_id=target.campaign_id,
            at=at,
            data={
                "id": shown,
                "campaignId": target.campaign_id,
                "contactId": numbered("ctc", target.contact_id),
                "address": target.address,
                "state": "finished",
                "disposition": target.disposition,
                "attemptCount": target.attempt_count,
                "lastReason": target.last_reason,
                "finishedAt": wire(target.finished_at),
            },
        )
    ]


def of_channel(name: EventName, channel: Channel, *, actor: str, at: datetime) -> NewEvent:
    """The event of a channel that `actor` has just paused or resumed, as it is after that."""
    return NewEvent(
        type=name,
        workspace_id=channel.workspace_id,
        subject=channel.id,
        campaign_id=None,
        at=at,
        data={
            "id": channel.id,
            "name": channel.name,
            "kind": channel.kind,
            "channelType": channel.channel_type,
            "actor": actor,
            "pausedAt": wire(channel.paused_at),
            "pausedBy": channel.paused_by,
            "pauseReason": channel.pause_reason,
        },
    )


def of_import(found: Import, *, workspace_id: int, at: datetime) -> NewEvent:
    """The event of an import that is over."""
    failed = found.problem is not None
    return NewEvent(
        type=EventName.IMPORT_FAILED if failed else EventName.IMPORT_DONE,
        workspace_id=workspace_id,
        subject=found.id,
        campaign_id=None,
        at=at,
        data={
            "id": found.id,
            "listId": found.list_id,
            "state": found.state,
            "fileName": found.file_name,
            "rowsDone": found.rows_done,
            "rowsAccepted": found.rows_accepted,
            "rowsUpdated": found.rows_updated,
            "rowsDuplicate": found.rows_duplicate,
            "rowsRejected": found.rows_rejected,
            "problem": found.problem,
            "createdAt": wire(found.created_at),
            "finishedAt": wire(found.finished_at),
        },
    )


def of_erasure(
    *, workspace_id: int, erasure_id: str, contact_ids: Sequence[int], at: datetime
) -> list[NewEvent]:
    """The events of a person who is erased: one for each of their contacts, who were not named."""
    return [
        NewEvent(
            type=EventName.CONTACT_ERASED,
            workspace_id=workspace_id,
            subject=numbered("ctc", contact_id),
            campaign_id=None,
            at=at,
            data={
                "id": numbered("ctc", contact_id),
                "erasureId": erasure_id,
                "finishedAt": wire(at),
            },
        )
        for contact_id in contact_ids
    ]


def of_suppression(
    name: EventName, found: Suppression, *, workspace_id: int, at: datetime
) -> NewEvent:
    """The event of a suppression that came or went."""
    return NewEvent(
        type=name,
        workspace_id=workspace_id,
        subject=found.id,
        campaign_id=found.campaign_id,
        at=at,
        data={
            "id": found.id,
            "address": found.address,
            "scope": found.scope,
            "campaignId": found.campaign_id,
            "channelType": found.channel_type,
            "reason": found.reason,
            "source": found.source,
            "createdAt": wire(found.created_at),
            "expiresAt": wire(found.expires_at),
        },
    )
