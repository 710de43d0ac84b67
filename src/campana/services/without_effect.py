"""What a campaign says and what then changes nothing: somebody should know, and may launch it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
from msgspec import UNSET

from campana.domain.campaign import Campaign, CampaignType, ChannelType, Plan
from campana.domain.caps import Cap
from campana.services.cadence_document import CadenceDocument
from campana.services.campaign_document import CampaignDocument
from campana.services.warned import warned
from campana.store.channels import Channel

_OF_MESSAGES = ("undelivered", "held_back", "window_closed")
_OF_CALLS = ("busy", "no_answer", "voicemail", "callback_request")
_OF_ADDRESSES = ("invalid_number", "blocked", "window_closed")
_RATES_OF_CALLS = ("min_answer_rate", "max_abandoned_transfer_rate")


def warnings(campaign: Campaign, plan: Plan, channel: Channel | None) -> list[str]:
    """A sentence for each setting of a draft that can never matter."""
    document = msgspec.convert(campaign.document, CampaignDocument)
    found = [*_cadence(campaign, document.cadence), *_calls(campaign, plan, document)]
    if channel is not None:
        found += _pacing(plan, channel)
        found += _breakers(plan, channel)
    if plan.canary is not None and not plan.canary.limits:
        found.append(
            warned("the canary has no limit: whatever becomes of its people, the rest follow")
        )
    return [*found, *_caps(plan.caps)]


def _cadence(campaign: Campaign, document: CadenceDocument | None) -> Iterator[str]:
    if document is None:
        return
    is_flow = campaign.type is CampaignType.FLOW
    idle = dict.fromkeys((*_OF_CALLS, *_OF_ADDRESSES) if is_flow else _OF_MESSAGES)
    if not is_flow and campaign.channel_type is not ChannelType.VOICE:
        idle = dict.fromkeys(("voicemail", "callback_request"))
    names = _stated(document, tuple(idle))
    if names:
        stated = ", ".join(names)
        if is_flow:
            yield warned(
                f"the cadence's {stated} changes nothing: what follows a call, or an address, is"
                " the flow's to say"
            )
        else:
            yield warned(
                f"the cadence's {stated} changes nothing: nothing on {campaign.channel_type} ends"
                " so"
            )
    if is_flow:
        return
    for field in msgspec.structs.fields(document):
        rule = getattr(document, field.name)
        if getattr(rule, "attempts", 0) > document.max_attempts and field.name not in idle:
            yield warned(
                f"the cadence's {field.encode_name} asks for {rule.attempts} attempts and"
                f" maxAttempts allows {document.max_attempts} in all"
            )


def _stated(document: CadenceDocument, names: tuple[str, ...]) -> list[str]:
    """Those of these fields that the document says something of, as they are written."""
    return [
        field.encode_name
        for field in msgspec.structs.fields(document)
        if field.name in names and getattr(document, field.name) is not UNSET
    ]


def _calls(campaign: Campaign, plan: Plan, document: CampaignDocument) -> Iterator[str]:
    """Limits on calls, where there are none."""
    if ChannelType.VOICE in {campaign.channel_type, *plan.channels}:
        return
    for name, limits in (("breakers", document.breakers), ("canary", document.canary)):
        for field in msgspec.structs.fields(limits) if limits is not None else ():
            if field.name in _RATES_OF_CALLS and getattr(limits, field.name) is not None:
                yield warned(
                    f"{field.encode_name} of the {name} is of calls, and the campaign makes none"
                )


def _pacing(plan: Plan, channel: Channel) -> Iterator[str]:
    own = plan.pacing
    limits = (
        ("rate", own.rate, channel.rate),
        ("lines", own.lines, channel.lines),
        ("dailyAttempts", own.daily, channel.daily_attempts),
    )
    if plan.channels:
        return  # its own limits are for all of its channels together
    for name, wanted, most in limits:
        if wanted is not None and most is not None and wanted > most:
            yield warned(
                f"{name} of {wanted:g} changes nothing: the channel {channel.name} allows {most:g}"
            )


def _breakers(plan: Plan, channel: Channel) -> Iterator[str]:
    limits = plan.breakers
    if plan.channels or not limits.limits:
        return
    rate = min(channel.rate, plan.pacing.rate or channel.rate)
    most = int(rate * limits.within.total_seconds())
    if most < limits.minimum:
        minutes = limits.within // timedelta(minutes=1)
        yield warned(
            f"the breakers never stop it: they ask for {limits.minimum} attempts within"
            f" {minutes} min, and at {rate:g} a second there are at most {most}"
        )


def _caps(caps: tuple[Cap, ...]) -> Iterator[str]:
    for cap in caps:
        if any(
            other is not cap
            and other.per is cap.per
            and other.attempts <= cap.attempts
            and other.days >= cap.days
            for other in caps
        ):
            yield warned(
                f"the cap of {cap.attempts} per {cap.per} in {cap.days} days changes nothing:"
                " another is stricter"
            )
