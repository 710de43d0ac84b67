"""How the registrations of a channel's trunks stand; who registers is `engine/registering.py`."""

from __future__ import annotations

from campana.domain.registration import Registration, RegistrationState
from campana.services.channels import known_trunks
from campana.services.context import Context
from campana.store import registrations
from campana.store.channels import Channel
from campana.store.db import Tx


async def of_channel(tx: Tx, context: Context, channel: Channel) -> dict[str, Registration]:
    """By trunk, of those that want it; empty where none does."""
    names = [each.name for each in known_trunks(context, channel) if each.registers]
    if not names:
        return {}
    found = await registrations.standing(tx, workspace_id=channel.workspace_id)
    return {
        name: found.get(name)
        or Registration(trunk=name, state=RegistrationState.TRYING, told_at=context.clock.now())
        for name in names
    }


async def refusal(tx: Tx, context: Context, channel: Channel) -> str | None:
    """What keeps a channel from placing any call: each of its trunks refuses our registration."""
    found = await of_channel(tx, context, channel)
    if not found or len(found) < len(known_trunks(context, channel)):
        return None
    if any(each.state is not RegistrationState.REFUSED for each in found.values()):
        return None
    first = next(iter(found.values()))
    return f"{first.trunk}: {first.said(context.clock.now())}"
