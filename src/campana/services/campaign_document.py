"""A campaign as people write it: one shape for the API's JSON and the command line's YAML.

Read by `documents.read`, kept as written in the `document` column, and turned into a domain Plan
when the engine needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from campana.domain import naming, window
from campana.domain.cadence import Cadence
from campana.domain.campaign import CampaignType, ChannelType, FlowPin, Plan, Variant
from campana.services import documents, limits_document
from campana.services.cadence_document import CadenceDocument, cadence_of
from campana.services.campaign_bots import NamedBot, OneBot
from campana.services.limits_document import (
    BreakersDocument,
    CanaryDocument,
    PacingDocument,
    Priority,
    Weight,
)
from campana.services.policy import Amount, CapDocuments, caps_of, decimal_of
from campana.services.voicebot_document import script_of
from campana.services.window_document import WindowDocument, hours_of, window_of

Moment = Annotated[str, Meta(max_length=40, extra_json_schema={"format": "date-time"})]
LONGEST_NAME = 200
Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
OwnName = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_NAME, extra_json_schema=naming.AS_NAME)
]


class _Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    pass


class PinDocument(_Document, frozen=True):
    """The flow a campaign runs: by id or name, and its version; the latest when none is said."""

    id: Name
    version: Annotated[int, Meta(ge=1)] | None = None
    params: Annotated[dict[Name, Annotated[str, Meta(max_length=1000)]], Meta(max_length=50)] = {}
    """The values of the start's `params`, the same for everybody."""


class ChangesDocument(_Document, frozen=True):
    """What is different in a variant; what is left out is as in the campaign."""

    voice_bot: OneBot = None
    window: WindowDocument | None = None
    """Hours besides the campaign's: both must be open."""
    flow: PinDocument | None = None
    """Another flow, or another version or other params of the same."""
    templates: Annotated[dict[Name, Name], Meta(max_length=50)] = {}
    """Templates sent in place of those that the flow names."""
    channel_type: ChannelType | None = None
    """On which of its channels the flow begins to speak."""


class VariantDocument(_Document, frozen=True):
    """One way of several: `share` percent of the people get it, the same ones each time.

    Those of a variant that is held out are never contacted: what happens without it.
    """

    name: Annotated[str, Meta(min_length=1, max_length=60, extra_json_schema=naming.AS_NAME)]
    share: Annotated[float, Meta(gt=0, lt=100)]
    hold_out: bool = False
    changes: ChangesDocument = ChangesDocument()


class CampaignDocument(_Document, frozen=True):
    """A campaign. Only `name`, `type` and `channelType` are needed before launch."""

    name: OwnName
    type: CampaignType
    channel_type: ChannelType
    description: Annotated[str, Meta(max_length=2000)] | None = None
    start_date: Moment | None = None
    end_date: Moment | None = None
    contact_list: Name | None = None
    """Id or name of the contact list."""
    enrollment: Literal["snapshot", "live"] = "snapshot"
    """`live`: who comes into the list or segment later is enrolled too, and who leaves it is not
    contacted any more. Such a campaign stays open until its end date."""
    channel: Name | None = None
    """Id or name of the channel."""
    caller_id: (
        Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{6,14}$", examples=["+12025550100"])] | None
    ) = None
    voice_bot: OneBot = None
    flow: PinDocument | None = None
    channels: dict[ChannelType, Name] = {}
    """Ids or names of the channels that the flow may use besides `channel`, by type."""
    voice_bots: Annotated[dict[Name, NamedBot], Meta(max_length=50)] = {}
    """The bots that the flow's calls name."""
    variants: Annotated[list[VariantDocument], Meta(max_length=10)] = []
    """Two or more ways to go about it, to be compared; their shares add up to 100."""
    window: WindowDocument | None = None
    cadence: CadenceDocument | None = None
    pacing: PacingDocument | None = None
    priority: Priority = "normal"
    """More urgent campaigns of a channel go first, always."""
    weight: Weight = 1
    """Its share of the channel among campaigns of the same priority."""
    breakers: BreakersDocument | None = None
    canary: CanaryDocument | None = None
    keep_open: bool = False
    require_consent: bool = False
    """Contact only people whose consent the ledger holds."""
    caps: CapDocuments = []
    """Besides those of the workspace: the strictest holds."""
    spend_limit: Amount | None = None
    """What the whole campaign may cost, in the currency of the workspace's prices."""
    run_if_within: Annotated[int, Meta(ge=600, le=30 * 86400)] = 86400
    """Seconds: after an outage that made somebody wait for longer, a person must resume it."""


ONLY_BEFORE_LAUNCH = (
    "type",
    "channelType",
    "startDate",
    "contactList",
    "channel",
    "voiceBot",
    "flow",
    "channels",
    "voiceBots",
    "canary",
    "variants",
)
"""Fields that cannot change once people may have been contacted under them."""


def plan_of(
    document: Mapping[str, Any], *, channel_window: Mapping[str, Any] | None = None
) -> Plan:
    """The engine's Plan of a stored document (already read once, so it converts).

    `channel_window` is what its channel states, as stored: both must be open.

    Raises:
        InvalidParameter: it was stored by a version of the program that asked for less; names each
        field that is wrong today.
    """
    try:
        written = msgspec.convert(document, CampaignDocument)
    except msgspec.ValidationError:
        written = documents.read(CampaignDocument, document)
    described = plan(written)
    if channel_window is None:
        return described
    both = window.both(described.window, hours_of(channel_window))
    return replace(described, window=both)


def plan(document: CampaignDocument) -> Plan:
    """The Plan a document describes."""
    return Plan(
        window=window_of(document.window) if document.window else window.DEFAULT,
        cadence=cadence_of(document.cadence) if document.cadence else Cadence(),
        script=script_of(document.voice_bot) if document.voice_bot else None,
        flow=_pin(document.flow),
        channels=document.channels,
        scripts={name: script_of(bot) for name, bot in document.voice_bots.items()},
        caller_id=document.caller_id,
        pacing=limits_document.own_limits(document.pacing),
        breakers=limits_document.breakers(document.breakers),
        canary=limits_document.canary(document.canary, channel_type=document.channel_type),
        requires_consent=document.require_consent,
        caps=caps_of(document.caps),
        spend_limit=decimal_of(document.spend_limit),
        run_if_within=timedelta(seconds=document.run_if_within),
        variants=tuple(_variant(each) for each in document.variants),
    )


def _variant(document: VariantDocument) -> Variant:
    changes = document.changes
    bot, hours = changes.voice_bot, changes.window
    return Variant(
        name=document.name,
        share=document.share,
        is_held_out=document.hold_out,
        script=script_of(bot) if bot is not None else None,
        window=window_of(hours) if hours is not None else None,
        flow=_pin(changes.flow),
        templates=changes.templates,
        channel_type=changes.channel_type,
    )


def _pin(document: PinDocument | None) -> FlowPin | None:
    if document is None or document.version is None:
        return None
    return FlowPin(id=document.id, version=document.version, params=document.params)
