"""Attempts that are about to leave: what those of one claim have in common."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from campana.domain.campaign import ChannelType
from campana.engine.accounts import Account
from campana.engine.slots import Slots
from campana.store.due import Group


class Departing(Struct, frozen=True, kw_only=True, gc=False):
    """Where they leave by, and the group they go back to if they do not."""

    account: Account
    channel_type: ChannelType
    callback_url: str
    group: Group
    slots: Slots
    owner_id: int
    is_marking: bool
    """Their carrier awaits `Outbound.leave`."""
    may_go: Callable[[], bool]
    """Whether they still may; of each it is also asked whether its moment is missed."""
