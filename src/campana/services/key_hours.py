"""In which hours, and on which channel, those are contacted who wait under a window key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from campana.domain.campaign import ChannelType
from campana.domain.target import channel_of
from campana.domain.window import Window
from campana.services.campaign_document import plan_of
from campana.store import due
from campana.store.db import Tx


async def hours_under(
    tx: Tx, *, campaign_id: str, document: Mapping[str, Any], keys: Iterable[str]
) -> dict[str, Window]:
    """The hours of each window key: the campaign's and those of the channel it is served on."""
    windows: dict[ChannelType | None, Window] = {}
    found: dict[str, Window] = {}
    for key in keys:
        channel_type = channel_of(key)
        if channel_type not in windows:
            of_channel = await due.channel_window(
                tx, campaign_id=campaign_id, channel_id=channel_of_key(document, key)
            )
            windows[channel_type] = plan_of(document, channel_window=of_channel).window
        found[key] = windows[channel_type]
    return found


def channel_of_key(document: Mapping[str, Any], key: str) -> str | None:
    """The channel a key is served on, when it names a type that is not the campaign's own."""
    channel_type = channel_of(key)
    return None if channel_type is None else document.get("channels", {}).get(channel_type)
