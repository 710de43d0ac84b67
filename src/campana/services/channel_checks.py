"""Can the accounts behind the channels be used? Asked of their providers; nobody is contacted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from campana.carriers.base import CarrierError, CarrierKind
from campana.domain.errors import Conflict
from campana.domain.registration import Registration
from campana.services import trunk_registrations
from campana.services.channel_secrets import config_of
from campana.services.context import Context
from campana.services.secrets import Unreadable
from campana.store import channels
from campana.store.channels import Channel

_SECONDS = 15.0
_MOST = 50
"""Channels that are asked about; whoever has more of them has other means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of asking about one channel."""

    channel: Channel
    is_well: bool
    detail: str
    registrations: tuple[Registration, ...] = ()
    """Of the trunks that want us to register, by a voice worker of this installation."""


async def check_all(context: Context) -> list[Checked]:
    """Ask about every channel whose provider can be asked, all at once (engine role).

    In a rehearsal only those that cannot leave this machine.
    """
    asked: list[tuple[Channel, CarrierKind]] = []
    async with context.db.read() as tx:
        for kind in context.carriers.values():
            if kind.check is not None:
                found = await channels.of_kind(tx, kind=kind.kind)
                asked += [
                    (each, kind) for each in found if each.is_loopback or not context.is_rehearsal
                ]
    return list(
        await asyncio.gather(*(_check(context, channel, kind) for channel, kind in asked[:_MOST]))
    )


async def check(context: Context, channel: Channel) -> Checked:
    """Ask about one channel.

    Raises:
        Conflict: this is a rehearsal, and the channel could leave this machine.
    """
    if context.is_rehearsal and not channel.is_loopback:
        raise Conflict("a rehearsal asks nobody beyond this machine")
    return await _check(context, channel, context.carriers[channel.kind])


async def _check(context: Context, channel: Channel, kind: CarrierKind) -> Checked:
    is_well, detail = False, ""
    if kind.check is None:
        return Checked(channel=channel, is_well=True, detail="its config can be used")
    is_readable = False
    try:
        config = config_of(context, kind=kind, stored=channel.config)
        is_readable = True
        async with asyncio.timeout(_SECONDS):
            detail = await kind.check(config)
            is_well = True
    except Unreadable:
        detail = "its secrets were sealed with another CAMPANA_SECRET_KEY"
    except msgspec.ValidationError as error:
        detail = f"its config is of another version: {error}"
    except CarrierError as error:
        detail = error.detail
    except TimeoutError:
        detail = f"no answer in {_SECONDS:g} seconds"
    found = await _registered(context, channel) if is_readable else ()
    now = context.clock.now()
    said = [f"{each.trunk}: {each.said(now)}" for each in found]
    return Checked(
        channel=channel,
        is_well=is_well and all(each.is_well(now) for each in found),
        detail="; ".join([*([detail] if detail else []), *said]),
        registrations=found,
    )


async def _registered(context: Context, channel: Channel) -> tuple[Registration, ...]:
    """How its trunks take our registration."""
    async with context.db.read(workspace_id=channel.workspace_id) as tx:
        return tuple((await trunk_registrations.of_channel(tx, context, channel)).values())
