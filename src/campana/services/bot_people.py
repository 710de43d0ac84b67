"""Whom a campaign's bots know too little of: said before the launch, as of flows and templates.

A text with a hole is spoken all the same, so nobody is kept from being called by it.
"""

from __future__ import annotations

from datetime import datetime

from campana.domain.campaign import Plan
from campana.domain.placeholders import placeholders
from campana.domain.script import Script, texts
from campana.services import bot_trials, flow_people
from campana.store import flows
from campana.store.db import Tx
from campana.store.segments import Members

_CONTACT = "contact."


async def lacking(tx: Tx, plan: Plan, *, whom: Members, now: datetime) -> list[str]:
    """Whom the bots of a plan would say a text with a hole to, among these people, in sentences."""
    found: list[str] = []
    asked = set[tuple[str, tuple[str, ...]]]()
    for pointer, script in bot_trials.scripts(plan).items():
        bot, fields = _called(pointer), tuple(_reads(script))
        # Bots that differ in neither would be told the same, at a look through the list for each.
        if not fields or (bot, fields) in asked:
            continue
        asked.add((bot, fields))
        lacks = await flows.lacking(tx, whom=whom, fields=fields, now=now)
        found += flow_people.missing(lacks, bot=bot)
    return found


def _reads(script: Script) -> list[str]:
    """The contact's fields that it says."""
    named = {name for text in texts(script) for name in placeholders(text)}
    return sorted(name.removeprefix(_CONTACT) for name in named if name.startswith(_CONTACT))


def _called(pointer: str) -> str:
    """The name of a bot; empty where the campaign has but one."""
    _, _, name = pointer.partition("/voiceBots/")
    return name
