"""How a campaign is shown: the nine keys of the contract, and what `expand` adds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from campana.domain.campaign import (
    STATUS_OF,
    Campaign,
    CampaignState,
    CampaignStatus,
    CampaignType,
    ChannelType,
)
from campana.domain.clock import Clock, wire
from campana.domain.standing import standing
from campana.domain.waiting import ShownState, WaitReason
from campana.services import campaign_bots
from campana.store import overview
from campana.store.campaigns import Row
from campana.store.db import Tx
from campana.store.overview import TargetCount
from campana.web.answers import Instant, Shape, instant

Expansion = Literal["state", "configuration", "progress"]
Expand = Annotated[
    tuple[Expansion, ...], Meta(description="Further keys of each campaign, with commas between.")
]

NINE_KEYS = frozenset(
    [
        "id",
        "name",
        "description",
        "type",
        "status",
        "channelType",
        "startDate",
        "endDate",
        "createdAt",
    ]
)


class StateShape(Shape, frozen=True, kw_only=True):
    """The state behind a status; `waitReason` says what a waiting campaign waits for."""

    state: ShownState
    wait_reason: WaitReason | None
    archived: bool


class ProgressShape(Shape, frozen=True, kw_only=True):
    """Targets, counted."""

    total: int
    waiting: int
    attempting: int
    talking: int
    finished: int
    dispositions: dict[str, int]


class CampaignShape(Shape, frozen=True, kw_only=True):
    """A campaign: nine keys in this order, and those asked for by `expand`."""

    id: str
    name: str
    description: str | None
    type: CampaignType
    status: CampaignStatus
    channel_type: ChannelType
    start_date: Instant | None
    end_date: Instant | None
    created_at: Instant
    state: StateShape | UnsetType = UNSET
    configuration: dict[str, Any] | UnsetType = UNSET
    progress: ProgressShape | UnsetType = UNSET


class CampaignPage(Shape, frozen=True, kw_only=True):
    """One page of campaigns, newest first, and how many there are in all."""

    data: list[CampaignShape]
    page: int
    page_size: int
    total_count: int


async def expanded(
    tx: Tx,
    campaigns: Sequence[Row | Campaign],
    *,
    expand: Sequence[Expansion],
    clock: Clock,
    now: datetime,
) -> list[CampaignShape]:
    """Campaigns as they are shown; each expansion costs one statement, however many campaigns."""
    shapes = [shape_of(campaign) for campaign in campaigns]
    ids = [shape.id for shape in shapes]
    states = {campaign.id: campaign.state for campaign in campaigns}
    if {"state", "configuration"} & set(expand):
        written = await overview.documents(tx, campaign_ids=ids)
        if "state" in expand:
            archived = {each: found.is_archived for each, found in written.items()}
            shapes = await _with_state(tx, shapes, states, archived, clock, now)
        if "configuration" in expand:
            documents = {each: found.document for each, found in written.items()}
            shapes = [replace(s, configuration=_rest(documents.get(s.id, {}))) for s in shapes]
    if "progress" in expand:
        counted = await overview.progress(tx, campaign_ids=ids)
        shapes = [replace(s, progress=_progress(counted.get(s.id, []))) for s in shapes]
    return shapes


async def _with_state(
    tx: Tx,
    shapes: Sequence[CampaignShape],
    states: Mapping[str, CampaignState],
    archived: Mapping[str, bool],
    clock: Clock,
    now: datetime,
) -> list[CampaignShape]:
    facts = await overview.waiting(tx, campaign_ids=[s.id for s in shapes], now=now)
    found: list[CampaignShape] = []
    for shape in shapes:
        known = dataclasses.replace(facts[shape.id], is_clock_steady=clock.is_steady)
        told = standing(states[shape.id], known, now)
        shown = StateShape(
            state=told.state, wait_reason=told.wait_reason, archived=archived[shape.id]
        )
        found.append(replace(shape, state=shown))
    return found


def _rest(document: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration as written, without what the nine keys say already."""
    written = campaign_bots.as_written(document)
    return {key: value for key, value in written.items() if key not in NINE_KEYS}


def _progress(counted: Sequence[TargetCount]) -> ProgressShape:
    states = {"waiting": 0, "attempting": 0, "talking": 0, "finished": 0}
    dispositions: dict[str, int] = {}
    for each in counted:
        states[each.state] += each.count
        if each.disposition is not None:
            dispositions[each.disposition] = each.count
    return ProgressShape(total=sum(states.values()), dispositions=dispositions, **states)


def shape_of(campaign: Row | Campaign) -> CampaignShape:
    """The nine keys of the contract."""
    return CampaignShape(
        id=campaign.id,
        name=campaign.name,
        description=campaign.description,
        type=CampaignType(campaign.type),
        status=STATUS_OF[campaign.state],
        channel_type=ChannelType(campaign.channel_type),
        start_date=wire(campaign.start_date),
        end_date=wire(campaign.end_date),
        created_at=instant(campaign.created_at),
    )
