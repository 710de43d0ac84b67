"""A contact in a campaign: its state, and the promise that goes with each.

`waiting` has a row in `due`; `attempting` has an open attempt; `talking` has a flow's session that
waits for the world; `finished` has a disposition. Every target is in exactly one of the four after
any crash: that is what "never lost" means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campana.domain.address import AddressKind
from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition


class TargetState(StrEnum):
    WAITING = "waiting"
    ATTEMPTING = "attempting"
    TALKING = "talking"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One row of `targets`, with when it is due if it waits."""

    id: int
    campaign_id: str
    contact_id: int
    address: str | None
    state: TargetState
    disposition: Disposition | None
    attempt_count: int
    last_reason: str | None
    due_at: datetime | None
    finished_at: datetime | None


REACHED_BY: Mapping[ChannelType, tuple[AddressKind, ...]] = {
    ChannelType.VOICE: (AddressKind.PHONE,),
    ChannelType.SMS: (AddressKind.PHONE,),
    ChannelType.WHATSAPP: (AddressKind.WHATSAPP, AddressKind.PHONE),
    ChannelType.EMAIL: (AddressKind.EMAIL,),
}
"""Which of a person's addresses a channel reaches, the better first; SQL has it too, as
`address_kinds`."""

ZONE_SEPARATOR = ","
CHANNEL_SEPARATOR = "|"


def window_key(zones: tuple[str, ...], channel_type: ChannelType | None = None) -> str:
    """The key under which targets that open and close together wait: their candidate zones,
    sorted; before them the channel, for what a flow sends on another than its campaign's."""
    key = ZONE_SEPARATOR.join(sorted(zones))
    return key if channel_type is None else f"{channel_type}{CHANNEL_SEPARATOR}{key}"


def zones_of(window_key: str) -> tuple[str, ...]:
    """The candidate zones behind a window key."""
    zones = window_key.rpartition(CHANNEL_SEPARATOR)[2]
    return tuple(zones.split(ZONE_SEPARATOR)) if zones else ()


def channel_of(window_key: str) -> ChannelType | None:
    """The kind of channel a window key names; None for that of the campaign."""
    named, is_named, _ = window_key.partition(CHANNEL_SEPARATOR)
    return ChannelType(named) if is_named else None
