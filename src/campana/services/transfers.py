"""To whom the bots of a workspace may hand calls over: asked before a launch, and before each call.

The rules are those of every number that is dialled, and they may have changed since the launch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import msgspec

from campana.domain.campaign import Plan
from campana.domain.errors import FieldProblem, Unavailable
from campana.domain.prompted import TransferTool
from campana.domain.script import Script, Transfer
from campana.domain.transfer import forbidden, wrong_with
from campana.services import channel_secrets
from campana.services.bot_trials import scripts
from campana.services.context import Context
from campana.store import accounts
from campana.store.channels import Channel


def problems(
    plan: Plan, *, countries: Collection[str], hosts: Collection[str]
) -> list[FieldProblem]:
    """Everybody the bots of a plan may not hand a call over to, by where it is written.

    What no workspace may do is told with the script's own problems, and not here.
    """
    return [
        FieldProblem(pointer=f"{bot}{pointer}", message=why)
        for bot, script in scripts(plan).items()
        for pointer, to in _written(script).items()
        if wrong_with(to) is None
        if (why := forbidden(to, countries=countries, hosts=hosts)) is not None
    ]


def hosts_of(context: Context, channel: Channel) -> tuple[str, ...]:
    """Where calls on a channel, as it is stored, may be handed over to a SIP name."""
    carrier = context.carriers[channel.kind]
    if carrier.hosts is None:
        return ()
    return carrier.hosts(channel_secrets.config_of(context, kind=carrier, stored=channel.config))


async def allowed(context: Context, channel: Channel, script: Script) -> Callable[[str], bool]:
    """Whom a call on a channel may be handed over to, asked just before it is placed.

    Nobody, when that cannot be known. The channel's secrets are open.
    """
    if not script.transfers_to:
        return lambda _: False
    may = await rules(context, channel)
    known = {to for to in script.transfers_to if may(to)}
    return known.__contains__


async def rules(context: Context, channel: Channel) -> Callable[[str], bool]:
    """Whether a call on a channel, whose secrets are open, may be handed over to somebody.

    To nobody, when that cannot be known.
    """
    try:
        async with context.db.read() as tx:
            workspace = await accounts.workspace(tx, workspace_id=channel.workspace_id)
    except Unavailable:
        workspace = None
    countries = workspace.allowed_countries if workspace is not None else ()
    carrier = context.carriers[channel.kind]
    hosts = carrier.hosts(msgspec.convert(channel.config, carrier.config)) if carrier.hosts else ()
    return lambda to: forbidden(to, countries=countries, hosts=hosts) is None


def _written(script: Script) -> Mapping[str, str]:
    named = {
        f"{script.at(index)}/to": step.to
        for index, step in enumerate(script.steps)
        if isinstance(step, Transfer) and step.to is not None
    }
    named |= {
        f"/prompt/tools/{index}/to": tool.to
        for index, tool in enumerate(script.prompt.tools if script.prompt is not None else ())
        if isinstance(tool, TransferTool) and tool.to is not None
    }
    return named | ({"/transferTo": script.transfer_to} if script.transfer_to is not None else {})
