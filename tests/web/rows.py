"""Rows for the API to show, put in through the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx

from campana.domain.campaign import Campaign, CampaignState, CampaignType, ChannelType
from campana.services.context import Context
from campana.store import campaigns
from campana.store.channels import Channel
from tests.support import hearing
from tests.support.campaign import ANA, add_channel

LAUNCHED = {CampaignState.PAUSED, CampaignState.TRIPPED, CampaignState.RUNNING}


async def add_campaign(context: Context, *, workspace_id: int, **changes: Any) -> Campaign:
    """A running Voice campaign without dates, with full defaults."""
    now = context.clock.now()
    campaign = Campaign(
        id=context.new_id("camp"),
        workspace_id=workspace_id,
        name="Reminders",
        description=None,
        type=CampaignType.VOICE_BOT,
        channel_type=ChannelType.VOICE,
        state=CampaignState.RUNNING,
        start_date=None,
        end_date=None,
        created_at=now,
        updated_at=now,
        version=1,
        list_id=None,
        channel_id=None,
        keep_open=False,
        archived=False,
        launched_at=now,
        finished_at=None,
        document={},
    )
    if changes.get("state") is CampaignState.DRAFT:
        changes["launched_at"] = None
    campaign = replace(campaign, **changes)
    if "document" not in changes:
        least = {
            "name": campaign.name,
            "type": campaign.type,
            "channelType": campaign.channel_type,
        }
        campaign = replace(campaign, document=least)
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await campaigns.insert(tx, campaign=campaign)
    return campaign


async def add_whatsapp(context: Context, *, workspace_id: int) -> Channel:
    """A sandbox that people write to."""
    return await add_channel(
        context, workspace_id=workspace_id, kind="sandbox", channel_type=ChannelType.WHATSAPP,
        config={"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"},
    )  # fmt: skip


async def hear(
    engine: Context, channel: Channel, text: str, *, sender: str = ANA, name: str = "Anita"
) -> None:
    """Somebody writes now; the same words of the same person are one message."""
    said = hearing.wrote(
        text, sender=sender, key=f"{sender} {text}", at=engine.clock.now(), name=name
    )
    await hearing.hear(engine, channel, said)


def at(text: str) -> datetime:
    """`2024-02-01T00:00:00Z` or `2024-02-01`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def codes(response: httpx.Response) -> dict[str, str]:
    """What is wrong by parameter or pointer, of a problem."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    return {
        each.get("parameter", each.get("pointer")): each["message"]
        for each in response.json().get("errors", [])
    }


IMPORT_FILE = {"file": ("people.csv", b"phone,first_name\n+12025550142,Ana\n", "text/csv")}
