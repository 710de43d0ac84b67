"""Whether somebody is there who understands what callees say to a bot."""

from __future__ import annotations

from campana.carriers.base import CarrierKind
from campana.domain.campaign import Plan
from campana.domain.errors import InvalidParameter
from campana.domain.script import Script
from campana.services import flow_plans
from campana.services.warned import warned
from campana.store import owners
from campana.store.channels import Channel
from campana.store.db import Tx


def hearing(kind: str) -> str:
    """What a worker for carriers of this kind says it serves when it understands speech."""
    return f"{kind} with ears"


def answering(kind: str) -> str:
    """What one says it serves when it answers calls that come in."""
    return f"{kind} at the door"


async def unheard(
    tx: Tx, plan: Plan, channel: Channel | None, kind: CarrierKind | None
) -> list[str]:
    """What somebody should know who launches a bot that listens; nothing where it is heard.

    Args:
        tx: a transaction that reads.
        plan: the campaign's.
        channel: on which it calls, when one is chosen.
        kind: the channel's kind; those with an account at a provider need no worker of ours.
    """
    if channel is None or kind is None or kind.open is not None:
        return []
    scripts: list[Script | None] = [plan.script, *plan.scripts.values()]
    scripts += [variant.script for variant in plan.variants]
    bots = any(script is not None and script.needs_ears for script in scripts)
    if not bots and not await _has_listening_flow(tx, plan):
        return []
    if await owners.is_served(tx, kind=hearing(channel.kind)):
        return []
    if bots:
        return [
            warned(
                "The bot listens, and no voice worker that understands speech is alive: until one"
                " is, callees are asked for keys, no machine is told from a person, and who asks"
                " not to be called again is not understood."
            )
        ]
    return [
        warned(
            "The flow listens, and no voice worker that understands speech is alive: until one is,"
            " callees are asked for keys, no machine is told from a person, and who asks not to be"
            " called again is not understood."
        )
    ]


async def _has_listening_flow(tx: Tx, plan: Plan) -> bool:
    """Does a flow of the plan take words in its own calls?"""
    for pin in [plan.flow, *(variant.flow for variant in plan.variants)]:
        if pin is None:
            continue
        try:
            flow = await flow_plans.pinned(tx, flow_id=pin.id, version=pin.version)
        except (LookupError, InvalidParameter):
            continue  # told by whoever asks what keeps it from running
        if flow.listens:
            return True
    return False
