"""What keeps a campaign from contacting people, all of it at once.

Asked before the launch, and of every change after it: what could not be launched cannot be reached
by a change either. Nobody is contacted to find out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from campana.domain.campaign import Campaign, CampaignType, ChannelType, Plan
from campana.domain.errors import FieldProblem
from campana.domain.script_problems import problems as script_problems
from campana.domain.spend import worst_case
from campana.domain.window import ever_opens, never_closes
from campana.services import (
    bot_trials,
    campaign_document,
    channel_secrets,
    closed_hours,
    flow_callers,
    flow_parts,
    prompt_needs,
    transfers,
    variant_plans,
)
from campana.services.closed_hours import hours_with
from campana.services.context import Context
from campana.services.policy import policy_of
from campana.services.spending import LONGEST_CALL
from campana.store import accounts, channels, policies, spend
from campana.store.channels import Channel
from campana.store.db import Tx
from campana.store.spend import Entry

SHORTEST_DELAY = timedelta(seconds=60)
"""Below this a retry is only for channels that cannot leave the machine."""


async def blocking(tx: Tx, context: Context, campaign: Campaign) -> list[FieldProblem]:
    """Every reason the campaign cannot be launched."""
    plan = campaign_document.plan_of(campaign.document)
    found = _incomplete(campaign, plan, now=context.clock.now())
    workspace = await accounts.workspace(tx, workspace_id=campaign.workspace_id)
    policy = policy_of(await policies.get(tx, workspace_id=campaign.workspace_id))
    limits = {"/spendLimit": plan.spend_limit, "": policy.daily_spend_limit}
    table = await spend.all_prices(tx, workspace_id=campaign.workspace_id)
    found += _too_little(campaign, plan, table, limits)
    if any(limits.values()) and not table:
        found += [
            _problem(pointer, "there is a limit to what may be spent, and no prices to reckon by")
            for pointer, limit in limits.items()
            if limit is not None
        ]
    own = await _own_channel(tx, campaign)
    found += closed_hours.problems(campaign, plan, own, now=context.clock.now())
    is_letters = {campaign.channel_type, *plan.channels} == {ChannelType.EMAIL}
    if workspace is None or not (workspace.allowed_countries or is_letters):
        found.append(_problem("", "this workspace may not call any country yet: allow some first"))
    found += await flow_parts.unready(
        tx, campaign, plan, has_model=context.language_model is not None
    )
    found += await flow_callers.unanswerable(tx, context, campaign, plan)
    return found + await unfit(tx, context, campaign)


def _too_little(
    campaign: Campaign, plan: Plan, table: Sequence[Entry], limits: Mapping[str, Decimal | None]
) -> list[FieldProblem]:
    """Limits under which not even one attempt could begin, at the lowest price there is."""
    longest = LONGEST_CALL if plan.script is None else timedelta(seconds=plan.script.max_seconds)
    one = min(
        (
            worst_case(each.price, longest=longest)
            for each in table
            if each.channel_type == campaign.channel_type
        ),
        default=None,
    )
    if one is None or plan.flow is not None:
        return []
    return [
        _problem(pointer, f"{limit} may be spent, and an attempt may cost {one}: none could begin")
        for pointer, limit in limits.items()
        if limit is not None and limit < one
    ]


async def unfit(tx: Tx, context: Context, campaign: Campaign) -> list[FieldProblem]:
    """Every way its hours never open, it asks too much of its channel, or a bot is not fit."""
    channel = await _own_channel(tx, campaign)
    plan = campaign_document.plan_of(campaign.document)
    found: list[FieldProblem] = []
    found += await bot_trials.failed(tx, context, workspace_id=campaign.workspace_id, plan=plan)
    found += await prompt_needs.lacking(tx, context, workspace_id=campaign.workspace_id, plan=plan)
    hosts = set[str]()
    used: dict[str, Channel] = {}
    if channel is None:
        found.append(_problem("/channel", "how to contact them is not chosen"))
    else:
        used["/window"] = channel
        found += _beyond(context, plan, channel)
        hosts.update(transfers.hosts_of(context, channel))
    for channel_type, channel_id in plan.channels.items():
        other = await channels.find(tx, workspace_id=campaign.workspace_id, wanted=channel_id)
        if other is None:
            found.append(_problem(f"/channels/{channel_type}", "there is no such channel"))
        else:
            used[f"/channels/{channel_type}"] = other
            found += _beyond(context, replace(plan, caller_id=None), other)
            hosts.update(transfers.hosts_of(context, other))
    found = [*_never_open(plan, used, now=context.clock.now()), *found]
    found += await _transfers(tx, campaign, plan, hosts)
    return list(dict.fromkeys(found))


async def _own_channel(tx: Tx, campaign: Campaign) -> Channel | None:
    """The one it goes by unless a flow says otherwise; None while none is chosen."""
    if campaign.channel_id is None:
        return None
    return await channels.find(tx, workspace_id=campaign.workspace_id, wanted=campaign.channel_id)


async def _transfers(
    tx: Tx, campaign: Campaign, plan: Plan, hosts: Collection[str]
) -> list[FieldProblem]:
    """Whom its bots may not hand calls over to, as things are today."""
    if not any(script.transfers_to for script in bot_trials.scripts(plan).values()):
        return []
    workspace = await accounts.workspace(tx, workspace_id=campaign.workspace_id)
    countries = workspace.allowed_countries if workspace is not None else ()
    return transfers.problems(plan, countries=countries, hosts=hosts)


def _incomplete(campaign: Campaign, plan: Plan, *, now: datetime) -> list[FieldProblem]:
    """What the campaign itself lacks."""
    found: list[FieldProblem] = []
    if campaign.end_date is not None and campaign.end_date <= now:
        found.append(_problem("/endDate", "has passed"))
    if campaign.list_id is None:
        found.append(_problem("/contactList", "whom to contact is not chosen"))
    is_flow = campaign.type is not CampaignType.VOICE_BOT
    found += variant_plans.problems(plan, is_flow=is_flow, own_type=campaign.channel_type)
    if is_flow:
        return found
    if plan.script is None:
        found.append(_problem("/voiceBot", "a VoiceBot campaign needs one"))
    else:
        found += [
            _problem(f"/voiceBot{wrong.pointer}", wrong.message)
            for wrong in script_problems(plan.script)
        ]
    return found


def _never_open(
    plan: Plan, channels: Mapping[str, Channel], *, now: datetime
) -> Iterator[FieldProblem]:
    """Hours that never come; `channels` by where the document is wrong when their own are why."""
    if not ever_opens(plan.window, now):
        yield _problem("/window", "never opens")
        return
    never_shared = [
        at
        for at, channel in channels.items()
        if not ever_opens(hours_with(plan.window, channel), now)
    ]
    for at in never_shared:
        yield _problem(at, "never opens while the channel's own hours do")
    for way, own in variant_plans.each_way(plan):
        if own.window == plan.window:
            continue
        if not ever_opens(own.window, now):
            yield _problem(f"{way}/window", "never opens while the campaign's own hours do")
        elif any(
            at not in never_shared and not ever_opens(hours_with(own.window, channel), now)
            for at, channel in channels.items()
        ):
            yield _problem(f"{way}/window", "never opens while the channel's own hours do")


def _beyond(context: Context, plan: Plan, channel: Channel) -> list[FieldProblem]:
    """What the campaign asks of its channel that the channel does not allow."""
    found: list[FieldProblem] = []
    kind = context.carriers[channel.kind]
    senders = kind.senders(channel_secrets.config_of(context, kind=kind, stored=channel.config))
    if plan.caller_id is not None and plan.caller_id not in senders:
        found.append(_problem("/callerId", f"is not one of the channel's: {', '.join(senders)}"))
    if channel.is_loopback:
        return found
    if never_closes(plan.window):
        where = "/window/always" if plan.window.always else "/window"
        found.append(_problem(where, "all hours: only for channels that cannot leave this machine"))
    if any(
        delay < SHORTEST_DELAY
        for rule in plan.cadence.rules.values()
        for delay in (rule.delay, *rule.later_delays)
    ):
        found.append(
            _problem("/cadence", "retries within a minute are only for channels on this machine")
        )
    return found


def _problem(pointer: str, message: str) -> FieldProblem:
    return FieldProblem(pointer=pointer, message=message)
