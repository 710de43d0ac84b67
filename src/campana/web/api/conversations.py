"""`/v1/conversations`: who wrote what to whom, and answering it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Meta, Struct

from campana.domain.campaign import ChannelType
from campana.domain.clock import parse_moment, wire
from campana.domain.conversation import ConversationStatus, free_form_until
from campana.domain.errors import Conflict, NotFound
from campana.domain.ids import attempt_text, numbered
from campana.domain.masking import NAME, masked, masked_address
from campana.services import conversations, documents
from campana.store.conversations import Conversation, Filters
from campana.store.messages import Message
from campana.web import talk_examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.delivery_words import state_of
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.paging import after, cursor_of, page_of
from campana.web.query import Cursor, DateFrom, DateTo, Limit, PageNumber, PageSize, Query
from campana.web.request import ApiRequest


class ConversationShape(Shape, frozen=True, kw_only=True):
    """A thread with one person on one channel. On WhatsApp anything may be written until
    `freeFormUntil`, then only templates."""

    id: str
    channel_id: str
    channel_type: ChannelType
    address: str
    name: str | None
    contact_id: str | None
    campaign_id: str | None
    status: ConversationStatus
    assignee: str | None
    queue: str | None
    note: str | None
    is_stopped: bool
    free_form_until: Instant | None
    last_inbound_at: Instant | None
    last_message_at: Instant
    created_at: Instant
    closed_at: Instant | None


class ConversationPage(Shape, frozen=True, kw_only=True):
    """Latest message first. `page` is null when a cursor was followed."""

    data: list[ConversationShape]
    page: int | None
    page_size: int
    total_count: int
    next_cursor: str | None


class MessageShape(Shape, frozen=True, kw_only=True):
    """A message; `reason` says why one was not delivered."""

    id: str
    direction: str
    origin: str
    kind: str
    text: str
    subject: str | None
    template: dict[str, Any] | None
    payload: str | None
    reply_to: str | None
    media: dict[str, Any] | None
    campaign_id: str | None
    author: str | None
    state: str
    reason: str | None
    attempt_id: str | None
    at: Instant


class MessagePage(Shape, frozen=True, kw_only=True):
    """Oldest first."""

    data: list[MessageShape]
    next_cursor: str | None


class ConversationsQuery(Query, frozen=True, kw_only=True):
    channel_id: Annotated[str, Meta(max_length=100)] | None = None
    campaign_id: Annotated[str, Meta(max_length=100)] | None = None
    status: ConversationStatus | None = None
    date_from: DateFrom | None = None
    date_to: DateTo | None = None
    page: PageNumber | None = None
    page_size: PageSize = 25
    cursor: Cursor | None = None


class MessagesQuery(Query, frozen=True, kw_only=True):
    cursor: Cursor | None = None
    limit: Limit = 100


class AnswerDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """What to answer: a text, or a published template by its id or name."""

    text: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None
    subject: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    """Of an e-mail."""
    template: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    values: dict[str, Annotated[str, Meta(max_length=1000)]] = {}
    """For places of the template; what is left out comes from the contact."""
    author: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    """Who answers; without it, the key's id."""


@get(
    "/conversations",
    opt=promise(
        Operation(
            "conversations.list",
            "List conversations, latest message first",
            scope="conversations:read",
            query=ConversationsQuery,
            answer=ConversationPage,
            is_conditional=True,
            is_maskable=True,
            example=talk_examples.CONVERSATION_PAGE,
        )
    ),
)
async def list_conversations(request: ApiRequest) -> ASGIApp:
    asked = request.parameters(ConversationsQuery)
    is_masked = request.excludes_pii()
    page = page_of(page=asked.page, page_size=asked.page_size, cursor=asked.cursor)
    found = await conversations.page(
        request.context,
        workspace_id=request.workspace_id,
        filters=Filters(
            channel_id=asked.channel_id,
            campaign_id=asked.campaign_id,
            status=asked.status,
            date_from=parse_moment(asked.date_from) if asked.date_from else None,
            date_to=parse_moment(asked.date_to, is_end=True) if asked.date_to else None,
        ),
        limit=asked.page_size + 1,
        offset=(page - 1) * asked.page_size if page else 0,
        after=after(asked.cursor),
        masks=is_masked,
    )
    rows = found.conversations[: asked.page_size]
    is_last = len(found.conversations) <= len(rows)
    return shown(
        request,
        ConversationPage(
            data=[
                shape(each, names=found.names.get(each.id, ()) if is_masked else None)
                for each in rows
            ],
            page=page,
            page_size=asked.page_size,
            total_count=found.total,
            next_cursor=None if is_last else cursor_of(rows[-1].last_message_at, rows[-1].id),
        ),
    )


@get(
    "/conversations/{conversation_id:str}",
    opt=promise(
        Operation(
            "conversations.get",
            "Show a conversation",
            scope="conversations:read",
            answer=ConversationShape,
            is_conditional=True,
            is_maskable=True,
            errors=(NotFound,),
            example=talk_examples.CONVERSATION,
        )
    ),
)
async def get_conversation(request: ApiRequest, conversation_id: FromPath[str]) -> ASGIApp:
    is_masked = request.excludes_pii()
    found = await conversations.thread(
        request.context,
        workspace_id=request.workspace_id,
        conversation_id=conversation_id,
        masks=is_masked,
    )
    return shown(request, shape(found.conversation, names=found.names if is_masked else None))


@get(
    "/conversations/{conversation_id:str}/messages",
    opt=promise(
        Operation(
            "conversations.messages",
            "List what was written in a conversation, oldest first",
            scope="conversations:read",
            query=MessagesQuery,
            answer=MessagePage,
            is_conditional=True,
            is_maskable=True,
            errors=(NotFound,),
            example=talk_examples.MESSAGE_PAGE,
        )
    ),
)
async def list_messages(request: ApiRequest, conversation_id: FromPath[str]) -> ASGIApp:
    asked = request.parameters(MessagesQuery)
    is_masked = request.excludes_pii()
    found = await conversations.thread(
        request.context,
        workspace_id=request.workspace_id,
        conversation_id=conversation_id,
        after=after(asked.cursor),
        limit=asked.limit + 1,
        masks=is_masked,
    )
    lines = found.messages[: asked.limit]
    is_last = len(found.messages) <= len(lines)
    names = found.names if is_masked else None
    return shown(
        request,
        MessagePage(
            data=[_message(each, names=names) for each in lines],
            next_cursor=None if is_last else cursor_of(lines[-1].at, lines[-1].key),
        ),
    )


@post(
    "/conversations/{conversation_id:str}/messages",
    opt=promise(
        Operation(
            "conversations.answer",
            "Answer in a conversation",
            scope="conversations:write",
            body=AnswerDocument,
            answer=MessageShape,
            status=201,
            is_once=True,
            errors=(NotFound, Conflict),
            body_example=talk_examples.ANSWER_DOCUMENT,
            example=talk_examples.ANSWER,
        )
    ),
)
@once
async def answer_conversation(
    request: ApiRequest, conversation_id: FromPath[str]
) -> Response[bytes]:
    document = documents.read(AnswerDocument, await request.document())
    written = await conversations.answer(
        request.context,
        workspace_id=request.workspace_id,
        conversation_id=conversation_id,
        author=document.author or request.principal.key_id,
        text=document.text,
        subject=document.subject,
        template=document.template,
        values=document.values,
    )
    return answer(_message(written, names=None), status=201)


def shape(found: Conversation, *, names: Sequence[str] | None) -> ConversationShape:
    """A conversation as it is shown; masked with `names`, plain with None."""
    is_masked = names is not None
    stopped, started = found.stopped_at, found.started_at
    until = free_form_until(found.last_inbound_at)
    return ConversationShape(
        id=found.id,
        channel_id=found.channel_id,
        channel_type=found.channel_type,
        address=masked_address(found.address) if is_masked else found.address,
        name=NAME if is_masked and found.name else found.name,
        contact_id=numbered("ctc", found.contact_id) if found.contact_id else None,
        campaign_id=found.campaign_id,
        status=found.status,
        assignee=found.assignee,
        queue=found.queue,
        note=_text(found.note, _known(found, names)),
        is_stopped=stopped is not None and (started is None or stopped >= started),
        free_form_until=wire(until) if found.channel_type is ChannelType.WHATSAPP else None,
        last_inbound_at=wire(found.last_inbound_at),
        last_message_at=instant(found.last_message_at),
        created_at=instant(found.created_at),
        closed_at=wire(found.closed_at),
    )


def _known(found: Conversation, names: Sequence[str] | None) -> Sequence[str] | None:
    return None if names is None else [*names, *([found.name] if found.name else [])]


def _text(text: str | None, names: Sequence[str] | None) -> str | None:
    return text if text is None or names is None else masked(text, names=names)


def _message(found: Message, *, names: Sequence[str] | None) -> MessageShape:
    """A message; masked with `names`, plain with None."""
    state, reason = state_of(found)
    is_masked = names is not None
    number = attempt_text(found.attempt_id) if found.id is None and found.attempt_id else None
    return MessageShape(
        id=number or numbered("msg", found.id or 0),
        direction=found.direction,
        origin=found.origin,
        kind=found.kind,
        text=_text(found.text, names) or "",
        subject=_text(found.subject, names),
        # Values of a template and files are the person's own: left out whole.
        template=dict(found.template) if found.template and not is_masked else None,
        payload=_text(found.payload, names),
        reply_to=found.reply_to,
        media=dict(found.media) if found.media and not is_masked else None,
        campaign_id=found.campaign_id,
        author=found.author,
        state=state,
        reason=_text(reason, names),
        attempt_id=attempt_text(found.attempt_id) if found.attempt_id else None,
        at=instant(found.at),
    )


ROUTES = [list_conversations, get_conversation, list_messages, answer_conversation]
