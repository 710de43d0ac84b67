"""What the pages of a draft offer to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from campana.domain.campaign import CampaignType, ChannelType
from campana.services import channel_secrets, flows, lists, voicebots
from campana.services.context import Context
from campana.services.secrets import Unreadable
from campana.store import channels
from campana.store.channels import Channel
from campana.store.versioned import Stored
from campana.web.console import draft_content
from campana.web.console.draft_content import CONTENT
from campana.web.console.draft_pages import CHANNEL, OTHERS, PEOPLE
from campana.web.console.draft_timing import EXAMPLE_MORE
from campana.web.console.drafts import Document, Step
from campana.web.console.language import say
from campana.web.console.requests import PageRequest
from campana.web.console.words import kind_words, number

MOST_LISTS = 200

Options = Sequence[tuple[str, str]]


def _types() -> Options:
    return [
        (CampaignType.VOICE_BOT.value, say("A bot with a script")),
        (CampaignType.FLOW.value, say("A flow")),
    ]


def _channel_types() -> Options:
    return [(each.value, say(each.value)) for each in ChannelType]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the page of a step needs besides the draft."""

    types: Options = field(default_factory=_types)
    channel_types: Options = field(default_factory=_channel_types)
    lists: Options = ()
    are_all_lists: bool = True
    channels: Options = ()
    others: Sequence[tuple[str, str, Options]] = ()
    """Field, type and channels of the types that a flow may use besides the campaign's own."""
    senders: Sequence[tuple[str, str]] = ()
    """Each identity and the channel that may show it."""
    flows: Options = ()
    bots: Options = ()
    has_drafts: bool = False
    """There are flows, or bots, that were never published."""
    is_flow: bool = False
    is_call: bool = False
    examples: Mapping[str, str] = field(default_factory=dict[str, str])
    """Texts to begin with, by field."""
    example_variants: str = ""
    example_more: str = EXAMPLE_MORE


async def of(
    request: PageRequest, step: Step, document: Document, values: Mapping[str, str]
) -> Choices:
    """What this page offers; whatever is chosen already is among it."""
    is_flow = document.get("type") == CampaignType.FLOW
    is_call = document.get("channelType", ChannelType.VOICE) == ChannelType.VOICE
    if step is PEOPLE:
        return await _people(request, values)
    if step is CHANNEL:
        return await _channels(request, document, is_flow=is_flow, is_call=is_call)
    if step is CONTENT:
        return await _content(request, document, values, is_flow=is_flow, is_call=is_call)
    return Choices(is_flow=is_flow, is_call=is_call)


async def _people(request: PageRequest, values: Mapping[str, str]) -> Choices:
    context, workspace_id = request.context, request.workspace_id
    found = await lists.page(context, workspace_id=workspace_id, page=1, page_size=MOST_LISTS)
    offered = list(found.lists)
    chosen = values.get("contact_list", "")
    if chosen and chosen not in {each.id for each in offered}:
        one = await lists.find(context, workspace_id=workspace_id, wanted=chosen)
        offered += [one] if one else []
    return Choices(
        lists=[
            (
                each.id,
                say("%(name)s (segment)", name=each.name)
                if each.segment
                else f"{each.name} ({number(each.contact_count or 0)})",
            )
            for each in offered
        ],
        are_all_lists=found.total <= len(offered),
    )


async def _channels(
    request: PageRequest, document: Document, *, is_flow: bool, is_call: bool
) -> Choices:
    async with request.context.db.read(workspace_id=request.workspace_id) as tx:
        found = await channels.list_all(tx, workspace_id=request.workspace_id)
    own = document.get("channelType")
    by_type = {
        each.value: [
            (c.id, f"{c.name} ({kind_words(c.kind)})") for c in found if c.channel_type == each
        ]
        for each in ChannelType
    }
    return Choices(
        channels=by_type.get(str(own), []),
        others=[(name, type_, by_type[type_]) for name, type_ in OTHERS.items() if type_ != own]
        if is_flow
        else [],
        senders=[
            (sender, each.name)
            for each in found
            if each.channel_type == own
            for sender in _senders(request.context, each)
            if sender.startswith("+")
        ],
        is_flow=is_flow,
        is_call=is_call,
    )


def _senders(context: Context, channel: Channel) -> Sequence[str]:
    """The identities it may show; none where its config cannot be read."""
    kind = context.carriers.get(channel.kind)
    if kind is None:
        return ()
    try:
        return kind.senders(channel_secrets.config_of(context, kind=kind, stored=channel.config))
    except (Unreadable, msgspec.ValidationError):
        return ()


async def _content(
    request: PageRequest,
    document: Document,
    values: Mapping[str, str],
    *,
    is_flow: bool,
    is_call: bool,
) -> Choices:
    if not is_flow:
        begin = draft_content.EXAMPLE_CALL if is_call else draft_content.EXAMPLE_MESSAGE
        is_new = "voiceBot" not in document and not values["bot"].strip()
        kept = await voicebots.every(request.context, workspace_id=request.workspace_id)
        return Choices(
            is_call=is_call,
            bots=_published(kept),
            has_drafts=any(not each.published for each in kept),
            examples={"bot": begin} if is_new and request.method == "GET" else {},
            example_variants=draft_content.EXAMPLE_VARIANTS,
        )
    every = await flows.every(request.context, workspace_id=request.workspace_id)
    return Choices(
        is_flow=True,
        is_call=is_call,
        flows=_published(every),
        has_drafts=any(not each.published for each in every),
        example_variants=draft_content.EXAMPLE_TEMPLATES,
    )


def _published(every: Sequence[Stored]) -> Options:
    return [
        (each.id, say("%(name)s (version %(number)s)", name=each.name, number=each.published))
        for each in every
        if each.published
    ]
