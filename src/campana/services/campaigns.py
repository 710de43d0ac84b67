"""Making, reading and changing campaigns. Starting and stopping them is `services/control.py`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from campana.domain import easing
from campana.domain.campaign import Campaign, CampaignState, CampaignType, ChannelType
from campana.domain.clock import parse_moment
from campana.domain.easing import Held
from campana.domain.errors import (
    FieldProblem,
    InvalidParameter,
    InvalidTransition,
    NotFound,
    VersionMismatch,
)
from campana.domain.event import EventName
from campana.domain.window import ever_opens
from campana.services import (
    asking_again,
    campaign_bots,
    documents,
    events,
    flow_parts,
    limits_document,
    preflight,
    standstill,
    window_document,
    windows,
)
from campana.services.campaign_document import (
    LONGEST_NAME,
    ONLY_BEFORE_LAUNCH,
    CampaignDocument,
    plan_of,
)
from campana.services.context import Context
from campana.services.policy import cap_problems
from campana.store import campaign_pacing, campaigns, channels, lists
from campana.store import events as store_events
from campana.store.db import Tx

_STAND_INS = {"name": "?", "type": CampaignType.FLOW, "channelType": ChannelType.VOICE}
"""For the fields without which there is no campaign."""

_ONLY_SHOWN = ("name", "description")
"""Fields of the document that change nothing about who is contacted, or when."""


async def create(context: Context, *, workspace_id: int, raw: object) -> Campaign:
    """Make a draft.

    Raises:
        InvalidParameter: naming each field that is wrong.
    """
    now = context.clock.now()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        campaign = Campaign(
            id=context.new_id("camp"),
            workspace_id=workspace_id,
            state=CampaignState.DRAFT,
            created_at=now,
            updated_at=now,
            version=1,
            archived=False,
            launched_at=None,
            finished_at=None,
            **await _resolved(tx, workspace_id, raw, now=now),
        )
        await campaigns.insert(tx, campaign=campaign)
        await store_events.add(tx, events.of_campaign(EventName.CAMPAIGN_CREATED, campaign, at=now))
    return campaign


async def copy(context: Context, *, workspace_id: int, campaign_id: str) -> Campaign:
    """Make a draft that says what another campaign says; dates that have passed are left out.

    Raises:
        NotFound
        InvalidParameter: what it names is gone, or it says what is not taken today.
    """
    now = context.clock.now()
    found = await get(context, workspace_id=workspace_id, campaign_id=campaign_id)
    document = campaign_bots.as_written(found.document)
    for field, moment in (("startDate", found.start_date), ("endDate", found.end_date)):
        if moment is not None and moment <= now:
            document.pop(field, None)
    document["name"] = f"Copy of {found.name}"[:LONGEST_NAME]
    return await create(context, workspace_id=workspace_id, raw=document)


async def check(context: Context, *, workspace_id: int, raw: object) -> None:
    """Ask what making a draft of it would say, and make none.

    Raises:
        InvalidParameter: naming each field that is wrong.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        await _resolved(tx, workspace_id, raw, now=context.clock.now())


async def get(context: Context, *, workspace_id: int, campaign_id: str) -> Campaign:
    """One campaign.

    Raises:
        NotFound: there is none of that id in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await campaigns.get(tx, campaign_id=campaign_id, now=context.clock.now())
    if found is None or found.workspace_id != workspace_id:
        raise NotFound
    return found


async def change(
    context: Context,
    *,
    workspace_id: int,
    campaign_id: str,
    patch: Mapping[str, Any],
    version: int | None,
) -> Campaign:
    """Apply a JSON Merge Patch to the campaign as written.

    `version` is the one the caller has seen; None skips the comparison. When it returns, no attempt
    begins any more that the change forbids.

    Raises:
        NotFound, InvalidParameter
        VersionMismatch: somebody changed it since.
        InvalidTransition: the field cannot change any more, or the campaign is over.
    """
    now = context.clock.now()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        campaign = await locked(tx, context, workspace_id=workspace_id, campaign_id=campaign_id)
        if version is not None and version != campaign.version:
            raise VersionMismatch
        _check_changeable(campaign, patch)
        before = campaign_bots.before(campaign.document, patch)
        written = await _resolved(tx, workspace_id, documents.merge(before, patch), now=now)
        changed = replace(campaign, **written)
        if campaign.launched_at is not None:
            await _check_fit(tx, context, changed)
        await campaigns.update(tx, campaign=changed, now=now)
        await store_events.add(tx, events.of_campaign(EventName.CAMPAIGN_CHANGED, changed, at=now))
        if campaign.launched_at is not None:
            await campaign_pacing.release(tx, campaign_id=campaign.id)
            await asking_again.note(
                tx,
                workspace_id=workspace_id,
                campaign_id=campaign.id,
                reasons=_eased(campaign, changed),
            )
            await windows.refresh(
                tx,
                context,
                campaign_id=campaign.id,
                workspace_id=workspace_id,
                document=changed.document,
            )
    if campaign.state is CampaignState.RUNNING and changed.document != {
        **campaign.document,
        **{field: changed.document.get(field) for field in _ONLY_SHOWN},
    }:
        await standstill.of_campaign(context, workspace_id=workspace_id, campaign_id=campaign.id)
    changed = replace(changed, version=campaign.version + 1, updated_at=now)
    return changed.as_of(context.clock.now())


async def delete(context: Context, *, workspace_id: int, campaign_id: str) -> None:
    """Remove a draft.

    Raises:
        NotFound
        InvalidTransition: it was launched; its record stays.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        campaign = await locked(tx, context, workspace_id=workspace_id, campaign_id=campaign_id)
        if not await campaigns.delete_draft(tx, campaign_id=campaign.id):
            raise InvalidTransition("only a draft can be deleted")
        gone = events.of_campaign(EventName.CAMPAIGN_DELETED, campaign, at=context.clock.now())
        await store_events.add(tx, gone)


async def locked(tx: Tx, context: Context, *, workspace_id: int, campaign_id: str) -> Campaign:
    """The campaign, held for the rest of the transaction.

    Raises:
        NotFound: there is none of that id in this workspace.
    """
    found = await campaigns.lock(tx, campaign_id=campaign_id, now=context.clock.now())
    if found is None or found.workspace_id != workspace_id:
        raise NotFound
    return found


def _check_changeable(campaign: Campaign, patch: Mapping[str, Any]) -> None:
    if campaign.state in {CampaignState.COMPLETED, CampaignState.CANCELLED, CampaignState.EXPIRED}:
        raise InvalidTransition("a campaign that is over does not change")
    if campaign.launched_at is None:
        return
    written = campaign_bots.as_written(campaign.document)
    problems = [
        FieldProblem(pointer=f"/{field}", message="cannot change once the campaign was launched")
        for field in ONLY_BEFORE_LAUNCH
        if field in patch and patch[field] != written.get(field)
    ]
    if problems:
        raise InvalidTransition("the campaign was launched", problems=problems)


def _eased(before: Campaign, after: Campaign) -> Collection[Held]:
    """What holds less than it did; anything, where nobody can read what it was."""
    try:
        was = plan_of(before.document)
    except InvalidParameter:
        return Held
    return easing.of_plan(was, plan_of(after.document))


async def _check_fit(tx: Tx, context: Context, changed: Campaign) -> None:
    """What could not have been launched cannot be reached by a change either."""
    if problems := await preflight.unfit(tx, context, changed):
        raise InvalidParameter(problems=problems)


async def _resolved(tx: Tx, workspace_id: int, raw: object, *, now: datetime) -> dict[str, Any]:
    """The fields of a Campaign that its document says; names of others become their ids."""
    written = raw
    document, raw, problems = documents.sift(CampaignDocument, written, stand_ins=_STAND_INS)
    if document is None:
        raise InvalidParameter(problems=problems)
    is_typed = all(each.pointer != "/channelType" for each in problems)
    start = parse_moment(document.start_date) if document.start_date else None
    end = parse_moment(document.end_date, is_end=True) if document.end_date else None
    if start and end and end <= start:
        problems.append(FieldProblem(pointer="/endDate", message="must be after startDate"))
    problems += _of_windows(written)
    problems += [*limits_document.problems(written), *cap_problems(written)]
    list_id = channel_id = None
    if document.contact_list:
        found = await lists.find(tx, workspace_id=workspace_id, wanted=document.contact_list)
        list_id = found.id if found else None
        if found is None:
            problems.append(
                FieldProblem(pointer="/contactList", message="there is no such contact list")
            )
    if document.channel:
        channel = await channels.find(tx, workspace_id=workspace_id, wanted=document.channel)
        channel_id = channel.id if channel else None
        if channel is None:
            problems.append(FieldProblem(pointer="/channel", message="there is no such channel"))
        elif is_typed and channel.channel_type != document.channel_type:
            problems.append(
                FieldProblem(
                    pointer="/channel",
                    message=f"is a {channel.channel_type} channel, not {document.channel_type}",
                )
            )
    talk, wrong = await flow_parts.resolved(
        tx, workspace_id=workspace_id, document=document, is_typed=is_typed
    )
    problems += wrong
    whole, wrong = await campaign_bots.pinned(
        tx,
        workspace_id=workspace_id,
        # Kept by id: a list or channel that is given another name stays the one that was meant.
        document={
            **(raw if isinstance(raw, dict) else {}),
            **({"contactList": list_id} if list_id else {}),
            **({"channel": channel_id} if channel_id else {}),
            **talk,
        },
    )
    problems += wrong
    if problems:
        raise InvalidParameter(problems=[*problems, *_never_open(document, problems, now=now)])
    return {
        "name": document.name,
        "description": document.description,
        "type": document.type,
        "channel_type": document.channel_type,
        "start_date": start,
        "end_date": end,
        "list_id": list_id,
        "channel_id": channel_id,
        # Whoever follows a list waits for more people, as one that is kept open does.
        "keep_open": document.keep_open or document.enrollment == "live",
        "document": whole,
    }


def _never_open(
    document: CampaignDocument, found: Sequence[FieldProblem], *, now: datetime
) -> list[FieldProblem]:
    """Hours that never come, for whoever is refused for something else.

    A draft may have them until it is launched.
    """
    is_wrong = any((each.pointer or "").startswith("/window") for each in found)
    if document.window is None or is_wrong:
        return []
    if ever_opens(window_document.window_of(document.window), now):
        return []
    return [FieldProblem(pointer="/window", message="never opens")]


def _of_windows(raw: object) -> list[FieldProblem]:
    """What is wrong with its hours, and with those of its variants, beside their shape."""
    windows = {"/window": documents.inside(raw, "window")}
    variants = documents.inside(raw, "variants")
    if isinstance(variants, list):
        for n, each in enumerate(cast("list[object]", variants)):
            own = documents.inside(each, "changes", "window")
            windows[f"/variants/{n}/changes/window"] = own
    return [
        FieldProblem(pointer=f"{at}{each.pointer}", message=each.message)
        for at, window in windows.items()
        for each in window_document.problems(window)
    ]
