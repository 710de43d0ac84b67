"""What people write to us: kept the moment it comes in, applied once, in the order of each person.

Of one message the carrier's own name for it is its identity: told again it changes nothing. Who
wrote is found by address in the lists of the channel's workspace; a stranger has a conversation
too. A word that means STOP, START or HELP is heard before anything else; what is left goes to the
flow that talks with them, or waits for a person.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from campana.carriers.base import Inbound
from campana.carriers.own_words import plain
from campana.domain import keywords
from campana.domain.address import AddressKind, Unusable, parse_phone
from campana.domain.campaign import ChannelType
from campana.domain.content import Media
from campana.domain.conversation import WITH_A_PERSON
from campana.domain.email import parse_email
from campana.domain.errors import Unavailable
from campana.domain.event import EventName
from campana.domain.keywords import Heard, Keyword
from campana.services import (
    keyword_document,
    opt_outs,
    rehearsed_callers,
    talk_events,
    talk_flow,
)
from campana.services.context import Context
from campana.services.keyword_document import KeywordsDocument
from campana.store import channel_keywords, conversations, inbound, messages
from campana.store import events as store_events
from campana.store.conversations import Conversation
from campana.store.db import Tx
from campana.store.inbound import KeptInbound, Person, Said, Waiting
from campana.store.reports import Kept

log = logging.getLogger(__name__)

LONGEST = 65_536
"""Characters of a message that are kept; no channel's are longer, but an e-mail's may be."""
HELP_AGAIN_AFTER = timedelta(minutes=1)
_PARTS_AT_ONCE = 4
"""Each takes a connection while it is applied."""
_AGAIN_AFTER = timedelta(seconds=10)
_MOST_TRIES_WITH_FLOW = 5
"""A flow that fails on a message must not keep it from people."""

_KINDS = {
    ChannelType.EMAIL: (AddressKind.EMAIL,),
    ChannelType.WHATSAPP: (AddressKind.WHATSAPP, AddressKind.PHONE),
    ChannelType.SMS: (AddressKind.PHONE, AddressKind.WHATSAPP),
    ChannelType.VOICE: (AddressKind.PHONE, AddressKind.WHATSAPP),
}


def kept(
    written: Inbound, *, channel_id: str, workspace_id: int, received_at: datetime
) -> KeptInbound:
    """What came in over a channel, as it is kept."""
    return KeptInbound(
        workspace_id=workspace_id,
        channel_id=channel_id,
        said=said(written),
        received_at=received_at,
    )


def said(inbound: Inbound) -> Said:
    """What a carrier tells, as it is kept: PostgreSQL stores no NUL, and nothing without end."""
    return Said(
        key=plain(inbound.key)[:500],
        sender=plain(inbound.sender).strip()[:320],
        text=plain(inbound.text)[:LONGEST],
        at=inbound.at,
        kind=inbound.kind,
        payload=plain(inbound.payload)[:1000] if inbound.payload is not None else None,
        reply_to=plain(inbound.reply_to)[:500] if inbound.reply_to is not None else None,
        media=_media(inbound.media) if inbound.media is not None else None,
        name=plain(inbound.name)[:200] if inbound.name is not None else None,
        asks_to=inbound.asks_to,
    )


def _media(media: Media) -> dict[str, str | None]:
    told: dict[str, str | None] = msgspec.to_builtins(media)
    return {name: plain(value) if value is not None else None for name, value in told.items()}


async def keep(context: Context, kept: Sequence[KeptInbound], told: Sequence[Kept] = ()) -> None:
    """Store these, and the reports that came with them; durable when it returns (any role).

    Raises:
        Unavailable: the database does not answer.
    """
    async with context.db.glance() as tx:
        await inbound.keep(tx, inbound=kept, told=told)


async def apply_kept(context: Context) -> int:
    """Apply the oldest of each part that nobody else has; how many that were (engine role)."""
    async with context.db.read() as tx:
        parts = await inbound.parts(tx, now=context.clock.now())
    done = 0
    for start in range(0, len(parts), _PARTS_AT_ONCE):
        some = parts[start : start + _PARTS_AT_ONCE]
        done += sum(await asyncio.gather(*(_apply_first(context, part) for part in some)))
    return done


async def _apply_first(context: Context, part: int) -> bool:
    waiting: Waiting | None = None
    try:
        async with context.db.transaction() as tx:
            if not await inbound.hold_part(tx, part=part):
                return False
            waiting = await inbound.first(tx, part=part, now=context.clock.now())
            if waiting is None:
                return False
            await inbound.remove(tx, inbound_id=waiting.id)
            await apply(tx, context, waiting)
    except Unavailable:
        raise
    except Exception:
        # A mistake of ours with one message: it is kept, and the others go on.
        log.exception("inbound message %s could not be applied", waiting.id if waiting else "?")
        if waiting is None:
            return False
        async with context.db.transaction() as tx:
            again = context.clock.now() + _AGAIN_AFTER * (waiting.tries + 1)
            await inbound.put_off(tx, inbound_id=waiting.id, retry_at=again)
    return True


async def apply(tx: Tx, context: Context, waiting: Waiting) -> None:
    """Apply one message in the caller's transaction; one that was applied changes nothing."""
    now, said = context.clock.now(), waiting.said
    channel = await channel_keywords.channel(tx, channel_id=waiting.channel_id)
    if channel is None:
        log.warning("something came in on channel %s, which is gone", waiting.channel_id)
        return
    address = normal_address(said.sender, channel.channel_type)
    if said.kind == "call":
        await rehearsed_callers.call_in(
            tx,
            context,
            workspace_id=waiting.workspace_id,
            channel_id=waiting.channel_id,
            number=address,
            does=said.text,
        )
        return
    people = await inbound.people(
        tx,
        contact_ids=await inbound.contacts(
            tx,
            workspace_id=waiting.workspace_id,
            kinds=_KINDS[channel.channel_type],
            address=address,
        ),
    )
    # A clock of theirs that runs ahead must not make a later word of theirs the earlier one.
    at = min(said.at, now)
    before = await conversations.of_address(
        tx, workspace_id=waiting.workspace_id, channel_id=waiting.channel_id, address=address
    )
    conversation = await conversations.open_for(
        tx,
        new_id=context.new_id("conv"),
        workspace_id=waiting.workspace_id,
        channel_id=waiting.channel_id,
        address=address,
        contact_id=people[0].id if people else None,
        name=said.name,
        campaign_id=await messages.last_campaign(
            tx,
            workspace_id=waiting.workspace_id,
            address=address,
            channel_id=waiting.channel_id,
        ),
        at=at,
        now=now,
    )
    message_id = await messages.add_inbound(
        tx,
        workspace_id=waiting.workspace_id,
        conversation_id=conversation.id,
        provider_key=said.key,
        kind=said.kind,
        text=said.text,
        payload=said.payload,
        reply_to=said.reply_to,
        media=said.media,
        campaign_id=conversation.campaign_id,
        at=at,
    )
    if message_id is None:
        return
    settings = keyword_document.read_stored(channel.document)
    heard = _heard(said, channel.channel_type, settings)
    if before is None or before.status is not conversation.status:
        name = EventName.CONVERSATION_STARTED if before is None else EventName.CONVERSATION_REOPENED
        await store_events.add(tx, talk_events.of_conversation(name, conversation, at=now))
    await store_events.add(
        tx,
        talk_events.of_message(
            EventName.MESSAGE_RECEIVED,
            conversation,
            message_id=message_id,
            kind=said.kind,
            text=said.text,
            payload=said.payload,
            keyword=heard.keyword if heard else None,
            said_at=at,
            at=now,
        ),
    )
    is_taken = heard is not None and await _obey(
        tx, context, conversation, waiting, heard, people=people, settings=settings
    )
    if is_taken or conversation.status in WITH_A_PERSON:
        return
    if waiting.tries < _MOST_TRIES_WITH_FLOW:
        await talk_flow.resume(
            tx,
            context,
            workspace_id=waiting.workspace_id,
            channel_id=waiting.channel_id,
            channel_type=channel.channel_type,
            address=address,
            key=said.key,
            text=said.text,
            choice=said.payload,
            at=at,
        )


async def _obey(
    tx: Tx,
    context: Context,
    conversation: Conversation,
    waiting: Waiting,
    heard: Heard,
    *,
    people: Sequence[Person],
    settings: KeywordsDocument,
) -> bool:
    """Do what the word asks for; False when it is a word like any other here."""
    now = context.clock.now()
    at = min(waiting.said.at, now)
    is_confirmed = waiting.said.asks_to is not None
    match heard.keyword:
        case Keyword.STOP:
            await opt_outs.stop(
                tx,
                context,
                conversation,
                people=people,
                heard=heard,
                settings=settings,
                is_confirmed=is_confirmed,
                at=at,
                now=now,
            )
            return True
        case Keyword.START:
            return await opt_outs.start(
                tx,
                conversation,
                people=people,
                heard=heard,
                settings=settings,
                is_confirmed=is_confirmed,
                at=at,
                now=now,
            )
        case Keyword.HELP:
            # Another program that answers our help with "help" gets one answer a minute.
            if not is_confirmed and not await messages.was_answered_since(
                tx,
                conversation_id=conversation.id,
                permission=Keyword.HELP,
                since=now - HELP_AGAIN_AFTER,
            ):
                await opt_outs.answer(
                    tx, conversation, heard, people=people, settings=settings, now=now
                )
            return True


def _heard(said: Said, channel_type: ChannelType, settings: KeywordsDocument) -> Heard | None:
    if said.asks_to is not None:
        return Heard(keyword=Keyword(said.asks_to), language=None)
    if said.kind not in {"text", "button"}:
        return None
    text = keywords.first_words(said.text) if channel_type is ChannelType.EMAIL else said.text
    return keywords.heard(text, languages=settings.languages)


def normal_address(sender: str, channel_type: ChannelType) -> str:
    """An address in the form lists have it in; a short code and the like as it came."""
    if channel_type is ChannelType.EMAIL:
        read = parse_email(sender)
        return sender.lower() if isinstance(read, Unusable) else read
    # Providers write numbers with their country, some without the sign that says so.
    digits = sender.removeprefix("+")
    wanted = f"+{digits}" if digits.isascii() and digits.isdecimal() and len(digits) > 6 else sender
    read = parse_phone(wanted, default_country=None)
    return wanted if isinstance(read, Unusable) else read.value
