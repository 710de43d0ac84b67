"""What is known of bots that were tried on simulated callees, and what that keeps from happening.

A bot is known by what it is: one that was changed has not been tried.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from campana.domain.campaign import Plan
from campana.domain.errors import FieldProblem
from campana.domain.script import Script
from campana.services import variant_plans
from campana.services.context import Context
from campana.store import bot_trials
from campana.store.db import Tx


def fingerprint(context: Context, script: Script) -> str:
    """64 hexadecimal digits that only this bot has, with the models that it gets here."""
    told = msgspec.to_builtins(script, order="sorted")
    if not script.transfers_to:
        # What it would say if it handed calls over is no part of a bot that does not.
        told = {name: value for name, value in told.items() if not name.startswith("transfer_")}
    # Where it is written, and what is counted of it, is nothing that anybody hears.
    told = {name: value for name, value in told.items() if name not in ("places", "surveys")}
    for part in ("prompt", "speech", "hearing", "endpointing", "result"):
        # As before there were these: what is known of a bot without them stays known.
        if told[part] is None:
            told.pop(part)
    if models := _installed(context, script):
        told["installation"] = models
    return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()


def _installed(context: Context, script: Script) -> dict[str, list[str]]:
    """The installation's models that a bot thinks and hears with: with others it is another."""
    found: dict[str, list[str]] = {}
    model, ears = context.language_model, context.hearing_endpoint
    if script.prompt is not None and script.prompt.model.url is None and model is not None:
        found["model"] = [model.url, script.prompt.model.name or model.model]
    is_elsewhere = script.hearing is not None and script.hearing.url is not None
    if script.needs_ears and not is_elsewhere and ears is not None:
        name = script.hearing.name if script.hearing is not None else None
        found["hearing"] = [ears.url, name or ears.model]
    return found


async def keep(
    context: Context,
    *,
    workspace_id: int,
    script: Script,
    calls: int,
    right_calls: int,
    opt_out_ignored: bool,
) -> None:
    """Remember how a bot did; its last trial counts."""
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await bot_trials.keep(
            tx,
            workspace_id=workspace_id,
            fingerprint=fingerprint(context, script),
            opt_out_ignored=opt_out_ignored,
            calls=calls,
            right_calls=right_calls,
            now=context.clock.now(),
        )


async def failed(tx: Tx, context: Context, *, workspace_id: int, plan: Plan) -> list[FieldProblem]:
    """The bots of a plan that last ignored a wish not to be called again: none of them calls."""
    found = scripts(plan)
    if not found:
        return []
    known = {pointer: fingerprint(context, script) for pointer, script in found.items()}
    ignoring = await bot_trials.ignoring(
        tx, workspace_id=workspace_id, fingerprints=sorted(set(known.values()))
    )
    return [
        FieldProblem(
            pointer=pointer,
            message="ignored a wish not to be called again when it was tried on"
            f" {ignoring[mark]:%Y-%m-%d}: mend it, or try it again with `campana bot test`",
        )
        for pointer, mark in known.items()
        if mark in ignoring
    ]


def scripts(plan: Plan) -> Mapping[str, Script]:
    """Every bot that may call somebody, by where it is written."""
    found = {f"/voiceBots/{name}": script for name, script in plan.scripts.items()}
    for where, way in variant_plans.each_way(plan):
        if way.script is not None:
            is_own = way.script is plan.script
            found["/voiceBot" if is_own else f"{where}/voiceBot"] = way.script
    return found
