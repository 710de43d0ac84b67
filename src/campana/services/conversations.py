"""What people do with conversations: read them, answer, take them over, close and hand back.

An answer is written down and sent by the engine like everything else; whether it may go is decided
again at that moment, on what is true then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from campana.domain.campaign import ChannelType
from campana.domain.contact import ContactFields
from campana.domain.content import Content, Email, Text, words
from campana.domain.conversation import STEPS, ConversationStatus, Step, is_care_window_open
from campana.domain.errors import (
    Conflict,
    FieldProblem,
    InvalidParameter,
    InvalidTransition,
    NotFound,
)
from campana.domain.event import EventName
from campana.domain.placeholders import render
from campana.flow.texts import RenderFailed
from campana.services import stored_content, talk_events, talk_flow, templates
from campana.services.campaign_document import plan_of
from campana.services.context import Context
from campana.services.variant_plans import Ways
from campana.store import conversations, messages, suppressions
from campana.store import events as store_events
from campana.store.conversations import Conversation, Filters, Latest
from campana.store.db import Tx
from campana.store.messages import Message
from campana.store.suppressions import Scope

_EVENTS = {
    Step.ASSIGN: EventName.CONVERSATION_ASSIGNED,
    Step.CLOSE: EventName.CONVERSATION_CLOSED,
    Step.HAND_BACK: EventName.CONVERSATION_HANDED_BACK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page of conversations, the names of their contacts, and what was said last."""

    conversations: Sequence[Conversation]
    total: int
    """How many there are in all; 0 when nobody asked."""
    names: Mapping[str, Sequence[str]]
    latest: Mapping[str, Latest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A conversation and some of its messages, with the names of its person."""

    conversation: Conversation
    messages: list[Message]
    names: Sequence[str]


async def page(
    context: Context,
    *,
    workspace_id: int,
    filters: Filters,
    limit: int,
    offset: int,
    after: tuple[datetime, str] | None,
    with_latest: bool = False,
    with_total: bool = True,
    masks: bool = False,
) -> Listed:
    """The workspace's conversations, latest message first; `latest` only when it is asked for.

    With `masks`, `names` are all that a masked answer must not show.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await conversations.page(
            tx,
            workspace_id=workspace_id,
            filters=filters,
            limit=limit,
            offset=offset,
            after=after,
        )
        total = 0
        if with_total:
            total = await conversations.count(tx, workspace_id=workspace_id, filters=filters)
        ids = [each.id for each in found]
        names = await conversations.names(tx, conversation_ids=ids, of_everybody=masks)
        latest = await conversations.latest(tx, conversation_ids=ids) if with_latest else {}
    return Listed(conversations=found, total=total, names=names, latest=latest)


async def thread(
    context: Context,
    *,
    workspace_id: int,
    conversation_id: str,
    after: tuple[datetime, str] | None = None,
    limit: int = 0,
    is_newest_first: bool = False,
    masks: bool = False,
) -> Thread:
    """A conversation, and up to `limit` of its messages after that time and key, oldest first.

    With `is_newest_first`, those before it, and the newest of them first. With `masks`, `names` are
    all that a masked answer must not show.

    Raises:
        NotFound: there is none of that id in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await conversations.get(
            tx, workspace_id=workspace_id, conversation_id=conversation_id
        )
        if found is None:
            raise NotFound
        names = await conversations.names(tx, conversation_ids=[found.id], of_everybody=masks)
        lines = (
            await messages.page(
                tx,
                workspace_id=workspace_id,
                conversation_id=found.id,
                channel_id=found.channel_id,
                address=found.address,
                after=after,
                limit=limit,
                is_newest_first=is_newest_first,
            )
            if limit
            else []
        )
    known = [*names.get(found.id, ()), *([found.name] if found.name else [])]
    return Thread(conversation=found, messages=[_told(each) for each in lines], names=known)


async def answer(
    context: Context,
    *,
    workspace_id: int,
    conversation_id: str,
    author: str,
    text: str | None,
    subject: str | None = None,
    template: str | None = None,
    values: Mapping[str, str],
) -> Message:
    """A person answers: written down, and sent as soon as the channel allows.

    Args:
        context: the web role will do.
        workspace_id: of the conversation.
        conversation_id: the thread to answer in.
        author: who answers, for people.
        text: what is said; or
        template: the id or name of a published template, whose places
        values: fills, and the contact's own fields.
        subject: of an e-mail; without it, `Re:` and nothing more.

    Raises:
        NotFound: there is none of that id in this workspace.
        InvalidParameter: neither a text nor a template, or both, or nothing comes of the template.
        Conflict: this person may not be written to, or only with a template.
    """
    now = context.clock.now()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        found = await _held(tx, workspace_id=workspace_id, conversation_id=conversation_id)
        return await write(
            tx,
            found,
            author=author,
            text=text,
            subject=subject,
            template=template,
            values=values,
            now=now,
        )


async def write(
    tx: Tx,
    found: Conversation,
    *,
    author: str,
    text: str | None,
    subject: str | None = None,
    template: str | None = None,
    values: Mapping[str, str],
    now: datetime,
    contact_id: int | None = None,
    is_draft: bool = False,
) -> Message:
    """The same, in a thread that the transaction holds.

    A template reads the contact of `contact_id` where one is named; with `is_draft`, its draft is
    sent and not what was published.
    """
    if (text is None or not text.strip()) == (template is None):
        raise InvalidParameter(
            problems=[FieldProblem(pointer="/text", message="or template is needed, one of them")]
        )
    await _require_allowed(tx, found, is_template=template is not None, now=now)
    said = await _content(
        tx,
        found,
        text=text or "",
        subject=subject,
        template=template,
        values=values,
        contact_id=contact_id,
        is_draft=is_draft,
    )
    kind = "template" if template is not None else "text"
    message_id = await messages.queue(
        tx,
        workspace_id=found.workspace_id,
        conversation_id=found.id,
        origin="person",
        kind=kind,
        text=words(said),
        subject=said.subject if isinstance(said, Email) else None,
        template=None if isinstance(said, Text) else stored_content.plain(said),
        author=author,
        campaign_id=found.campaign_id,
        now=now,
    )
    await conversations.spoken(tx, conversation_id=found.id, now=now)
    told = talk_events.of_message(
        EventName.MESSAGE_WRITTEN,
        found,
        message_id=message_id,
        kind=kind,
        text=words(said),
        said_at=now,
        at=now,
    )
    await store_events.add(tx, told)
    written = await messages.get(tx, workspace_id=found.workspace_id, message_id=message_id)
    if written is None:
        raise NotFound
    return written


async def _content(
    tx: Tx,
    found: Conversation,
    *,
    text: str,
    subject: str | None,
    template: str | None,
    values: Mapping[str, str],
    contact_id: int | None,
    is_draft: bool,
) -> Content:
    if template is None:
        if found.channel_type is ChannelType.EMAIL:
            return Email(subject=" ".join((subject or "Re:").split()), text=text)
        return Text(body=text)
    fields = (
        await templates.known_fields(tx, workspace_id=found.workspace_id, contact_id=contact_id)
        if contact_id is not None
        else await templates.fields_of(
            tx, workspace_id=found.workspace_id, contact_id=found.contact_id
        )
    )
    try:
        return await templates.content_for(
            tx,
            workspace_id=found.workspace_id,
            wanted=template,
            fields=fields,
            values=values,
            channel_type=found.channel_type,
            is_draft=is_draft,
        )
    except (NotFound, Conflict, RenderFailed) as error:
        raise InvalidParameter(
            problems=[FieldProblem(pointer="/template", message=str(error))]
        ) from None


async def step(
    context: Context,
    *,
    workspace_id: int,
    conversation_id: str,
    wanted: Step,
    assignee: str | None = None,
) -> Conversation:
    """Assign it (to `assignee`), close it, or hand it back to its flow; as it is then.

    Closing gives it back to a flow that waits for it, too: nobody else will.

    Raises:
        NotFound: there is none of that id in this workspace.
        InvalidTransition: there is nothing to hand back.
    """
    now = context.clock.now()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        found = await _held(tx, workspace_id=workspace_id, conversation_id=conversation_id)
        status = STEPS.get((found.status, wanted))
        if status is None:
            raise InvalidTransition(
                "no person has this conversation: there is nothing to hand back"
            )
        changed = replace(
            found,
            status=status,
            assignee=assignee if status is ConversationStatus.ASSIGNED else None,
            queue=found.queue if status is ConversationStatus.ASSIGNED else None,
            note=found.note if status is ConversationStatus.ASSIGNED else None,
            closed_at=(found.closed_at or now) if status is ConversationStatus.CLOSED else None,
            version=found.version + 1,
        )
        if (changed.status, changed.assignee) == (found.status, found.assignee):
            return found
        await conversations.change(
            tx,
            conversation_id=found.id,
            status=changed.status,
            assignee=changed.assignee,
            queue=changed.queue,
            note=changed.note,
            closed_at=changed.closed_at,
            returned_at=now if status is not ConversationStatus.ASSIGNED else None,
        )
        await store_events.add(tx, talk_events.of_conversation(_EVENTS[wanted], changed, at=now))
    return changed


async def return_to_flows(context: Context) -> int:
    """Tell flows of conversations that people gave back; how many (engine role).

    Apart from giving it back, because a flow that goes on may send: that is the engine's.
    """
    async with context.db.transaction() as tx:
        returned = await conversations.take_returned(tx, limit=1)
        for workspace_id, channel_id, address in returned:
            await talk_flow.hand_back(
                tx, context, workspace_id=workspace_id, address=address, channel_id=channel_id
            )
    return len(returned)


async def _held(tx: Tx, *, workspace_id: int, conversation_id: str) -> Conversation:
    found = await conversations.lock(tx, conversation_id=conversation_id)
    if found is None or found.workspace_id != workspace_id:
        raise NotFound
    return found


async def _require_allowed(
    tx: Tx, found: Conversation, *, is_template: bool, now: datetime
) -> None:
    held = await suppressions.of_addresses(
        tx, workspace_id=found.workspace_id, addresses=[found.address], now=now
    )
    if any(
        each.scope is Scope.WORKSPACE or each.channel_type is found.channel_type for each in held
    ):
        raise Conflict("this person is suppressed and may not be written to")
    is_free_form = found.channel_type is ChannelType.WHATSAPP and not is_template
    if is_free_form and not is_care_window_open(found.last_inbound_at, now):
        raise Conflict(
            "this person wrote more than 24 hours ago: WhatsApp takes only a template now",
            problems=[FieldProblem(pointer="/template", message="is needed")],
        )


def _told(message: Message) -> Message:
    """With the text of what a campaign tells everybody."""
    if message.document is None:
        return message
    plan = plan_of(message.document)
    ways = Ways(plan, campaign_id=message.campaign_id or "")
    script = ways.of(message.contact_id or 0).script
    if script is None:
        return message
    fields = ContactFields(
        first_name=message.first_name,
        last_name=message.last_name,
        attributes=message.attributes or {},
    )
    return replace(message, text=render(script.greeting, fields))
