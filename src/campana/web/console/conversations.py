"""What people write: the inbox, a thread, and whose turn it is to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from campana.domain.campaign import ChannelType
from campana.domain.conversation import WITH_A_PERSON, Step, free_form_until, is_care_window_open
from campana.domain.errors import CampanaError, Conflict
from campana.domain.ids import numbered
from campana.services import board, conversations, template_document
from campana.store import channels, templates
from campana.store.conversations import Conversation
from campana.store.templates import StoredTemplate
from campana.web.console.forms import WHOLE, said_of, texts_below
from campana.web.console.language import in_words, said_options, say
from campana.web.console.pages import done, page, to
from campana.web.console.paging import last_page
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.console.talk_parts import INBOX_PAGE, READ, VIEWS, OpenThread, inbox_asked
from campana.web.errors import status_of

_WRITE = "conversations:write"
_TEMPLATES = 200
"""Of the newest, those that can be chosen from."""


@get("/conversations", opt=needs(READ))
async def show_inbox(request: PageRequest) -> Response[Any]:
    inbox = inbox_asked(request)
    found = await inbox.found(request.context, workspace_id=request.workspace_id)
    return page(
        request,
        "conversations.html",
        inbox=inbox,
        found=found,
        views=dict(said_options(VIEWS.items())),
        last=last_page(found.total, INBOX_PAGE),
    )


@get("/conversations/{conversation_id:str}", opt=needs(READ))
async def show_thread(request: PageRequest, conversation_id: FromPath[str]) -> Response[Any]:
    return await _thread(request, conversation_id)


@post(
    "/conversations/{conversation_id:str}/answer",
    opt=needs(_WRITE, action="conversation.answer"),
)
@guarded
async def answer(request: PageRequest, conversation_id: FromPath[str]) -> Response[Any]:
    given = await request.fields()
    template, said = given.get("template") or None, texts_below(given, "said_values.")
    try:
        await conversations.answer(
            request.context,
            workspace_id=request.workspace_id,
            conversation_id=conversation_id,
            author=request.visitor.name,
            text=None if template else given.get("said", "")[:4097],
            subject=given.get("said_subject") or None,
            template=template,
            values={name: text for name, text in said.items() if text},
        )
    except CampanaError as error:
        return await _thread(
            request,
            conversation_id,
            given=given,
            # Of a refusal by rule the reason is what helps, not which field would mend it.
            problems={WHOLE: in_words(error.message)}
            if isinstance(error, Conflict)
            else said_of(error),
            status=status_of(error),
        )
    return to(f"/conversations/{conversation_id}#answer")


@post(
    "/conversations/{conversation_id:str}/take-over",
    opt=needs(_WRITE, action="conversation.assign"),
)
@guarded
async def take_over(request: PageRequest, conversation_id: FromPath[str]) -> Response[Any]:
    return await _step(
        request, conversation_id, Step.ASSIGN, say("It is yours: the bot is silent.")
    )


@post(
    "/conversations/{conversation_id:str}/hand-back",
    opt=needs(_WRITE, action="conversation.hand_back"),
)
@guarded
async def hand_back(request: PageRequest, conversation_id: FromPath[str]) -> Response[Any]:
    return await _step(request, conversation_id, Step.HAND_BACK, say("The bot goes on."))


@post(
    "/conversations/{conversation_id:str}/close",
    opt=needs(_WRITE, action="conversation.close"),
)
@guarded
async def close(request: PageRequest, conversation_id: FromPath[str]) -> Response[Any]:
    return await _step(request, conversation_id, Step.CLOSE, say("Closed until they write again."))


async def _step(
    request: PageRequest, conversation_id: str, wanted: Step, said: str
) -> Response[Any]:
    await conversations.step(
        request.context,
        workspace_id=request.workspace_id,
        conversation_id=conversation_id,
        wanted=wanted,
        assignee=request.visitor.email if wanted is Step.ASSIGN else None,
    )
    return done(f"/conversations/{conversation_id}", said)


async def _thread(
    request: PageRequest,
    conversation_id: str,
    *,
    status: int = 200,
    given: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> Response[str]:
    lines = await OpenThread(conversation_id=conversation_id).found(
        request.context, workspace_id=request.workspace_id
    )
    found, now = lines.thread.conversation, request.context.clock.now()
    async with request.context.db.read(workspace_id=request.workspace_id) as tx:
        channel = await channels.find(
            tx, workspace_id=request.workspace_id, wanted=found.channel_id
        )
    named = found.campaign_id and await board.named(
        request.context, workspace_id=request.workspace_id, campaign_ids=[found.campaign_id]
    )
    is_whatsapp = found.channel_type is ChannelType.WHATSAPP
    ready: list[StoredTemplate] = []
    if request.may("templates:read"):
        ready = await _templates(request, found)
    return page(
        request,
        "conversation.html",
        status=status,
        lines=lines,
        talk=found,
        channel_name=channel.name if channel else None,
        campaign_name=named[0].found.name if named else found.campaign_id,
        who=" ".join(lines.thread.names[:2]) or found.address,
        contact_id=numbered("ctc", found.contact_id) if found.contact_id else None,
        is_with_person=found.status in WITH_A_PERSON,
        is_mine=found.assignee == request.visitor.email,
        free_until=free_form_until(found.last_inbound_at) if is_whatsapp else None,
        takes_text=not is_whatsapp or is_care_window_open(found.last_inbound_at, now),
        is_channel_paused=channel is not None and channel.paused_at is not None,
        is_email=found.channel_type is ChannelType.EMAIL,
        ready=ready,
        places=sorted({name for each in ready for name in _places(each)}),
        given=given or {},
        problems=problems or {},
    )


async def _templates(request: PageRequest, found: Conversation) -> list[StoredTemplate]:
    """What may be sent there: published, and not refused by its provider."""
    async with request.context.db.read(workspace_id=request.workspace_id) as tx:
        every, _ = await templates.page(
            tx,
            workspace_id=request.workspace_id,
            channel_type=found.channel_type,
            limit=_TEMPLATES,
            offset=0,
        )
    return [
        each
        for each in every
        if each.published is not None and each.provider_status not in {"rejected", "paused"}
    ]


def _places(template: StoredTemplate) -> list[str]:
    """What whoever sends it fills in."""
    return template_document.asked(template_document.stored(template.draft))


ROUTES = [show_inbox, show_thread, answer, take_over, hand_back, close]
