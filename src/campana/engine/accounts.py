"""The channels whose carriers take sends by request, and an open account for each.

Read again every second, so that a new channel, or a changed one, takes effect.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from campana.carriers.base import Carrier, CarrierKind
from campana.domain.campaign import ChannelType
from campana.services.channel_secrets import config_of
from campana.services.context import Context
from campana.services.secrets import Unreadable
from campana.store import channels
from campana.store.channels import Channel

log = logging.getLogger(__name__)

_FRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A channel and its carrier. `sender` is shown when a campaign names none."""

    channel: Channel
    carrier: Carrier
    sender: str | None

    @property
    def is_call(self) -> bool:
        """Whether what it sends is a call."""
        return self.channel.channel_type == ChannelType.VOICE


class Accounts:
    """One process's open accounts."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kinds = {
            kind.kind: kind for kind in context.carriers.values() if kind.open is not None
        }
        self._open: dict[str, Account] = {}
        self._until = 0.0
        self._refreshing = asyncio.Lock()
        """Of two looks at once the older might come last."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of carrier these accounts are on, opened or not."""
        return tuple(self._kinds)

    async def known(self) -> Mapping[str, Account]:
        """By channel id; a rehearsal sees only those that cannot leave this machine."""
        if self._is_stale:
            async with self._refreshing:
                if self._is_stale:
                    await self._refresh()
                    self._until = self._context.monotonic() + _FRESH_SECONDS
        return self._open

    @property
    def _is_stale(self) -> bool:
        return self._context.monotonic() >= self._until

    async def aclose(self) -> None:
        """Close them all."""
        for account in self._open.values():
            await account.carrier.aclose()
        self._open = {}

    async def _refresh(self) -> None:
        async with self._context.db.glance() as tx:
            every = await channels.of_kinds(tx, kinds=self.kinds)
        found = {
            channel.id: (channel, self._kinds[channel.kind])
            for channel in every
            if channel.is_loopback or not self._context.is_rehearsal
        }
        # A new table each time: whoever holds the one before goes on with that.
        before, now = self._open, dict[str, Account]()
        for channel_id, (channel, kind) in found.items():
            known = before.get(channel_id)
            if known is not None and known.channel.config == channel.config:
                now[channel_id] = replace(known, channel=channel)
            elif (account := _opened(self._context, channel, kind)) is not None:
                now[channel_id] = account
        self._open = now
        kept = {id(account.carrier) for account in now.values()}
        for account in before.values():
            if id(account.carrier) not in kept:
                await account.carrier.aclose()


def _opened(context: Context, channel: Channel, kind: CarrierKind) -> Account | None:
    if kind.open is None:
        return None
    try:
        config = config_of(context, kind=kind, stored=channel.config)
    except (msgspec.ValidationError, Unreadable) as error:
        # Written by another version of the program, or its secrets sealed with a key we lack: this
        # channel rests, the others go on.
        log.error("channel %s cannot be used: %s", channel.id, error)
        return None
    sender = next(iter(kind.senders(config)), None)
    return Account(channel=channel, carrier=kind.open(config), sender=sender)
