"""What is asked before a call is placed, so that nothing stands between its moment and the line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from campana.domain.errors import Unavailable
from campana.domain.script import Script
from campana.domain.window import zone_named
from campana.services import minds, programs, transfers
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.minds import CallMind
from campana.services.programs import CallPrograms
from campana.store import targets
from campana.store.channels import Channel
from campana.voice.dictated import Dictation


@dataclass(frozen=True, slots=True, kw_only=True)
class Beforehand:
    """Of one call."""

    zone: ZoneInfo | None
    """Where the person is, for "tomorrow at five" and a day by keys; None if nobody knows."""
    may_transfer: Callable[[str], bool] | None
    """To whom the call may be handed over."""
    mind: CallMind | None
    """Who thinks, of a bot with a prompt."""
    programs: CallPrograms | None = None
    """Who asks the programs that its steps name."""


async def asked(
    context: Context, intent: Claimed, channel: Channel, script: Script | Dictation | None
) -> Beforehand:
    """All of it; what cannot be known now is None."""
    is_script = isinstance(script, Script)
    return Beforehand(
        zone=await _zone(context, intent),
        may_transfer=await _transfers(context, channel, script),
        mind=await minds.mind_of(context, intent, script) if is_script else None,
        programs=programs.programs_of(context, intent) if is_script else None,
    )


async def _zone(context: Context, intent: Claimed) -> ZoneInfo | None:
    if intent.plan.script is None or not intent.plan.script.needs_ears:
        return None
    try:
        async with context.db.read() as tx:
            found = await targets.zones(tx, target_id=intent.target_id)
    except Unavailable:
        return None
    return zone_named(found[0]) if found else None


async def _transfers(
    context: Context, channel: Channel, script: Script | Dictation | None
) -> Callable[[str], bool] | None:
    if isinstance(script, Dictation):
        return await transfers.rules(context, channel)
    if script is None or not script.transfers_to:
        return None
    return await transfers.allowed(context, channel, script)
