"""`/v1/conversations/{id}/assign`, `/close`, `/hand-back`: whose turn it is."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from campana.domain.conversation import Step
from campana.domain.errors import InvalidTransition, NotFound
from campana.services import conversations, documents
from campana.web import talk_examples
from campana.web.answers import answer
from campana.web.api.conversations import ConversationShape, shape
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest


class AssignDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Who takes the conversation; the flow is silent until it is handed back."""

    assignee: Annotated[str, Meta(min_length=1, max_length=200)]


@post(
    "/conversations/{conversation_id:str}/assign",
    status_code=200,
    opt=promise(
        Operation(
            "conversations.assign",
            "Give a conversation to a person",
            scope="conversations:write",
            body=AssignDocument,
            answer=ConversationShape,
            is_once=True,
            errors=(NotFound,),
            body_example={"assignee": "Bruno"},
            example={**talk_examples.CONVERSATION, "status": "assigned", "assignee": "Bruno"},
        )
    ),
)
@once
async def assign(request: ApiRequest, conversation_id: FromPath[str]) -> Response[bytes]:
    document = documents.read(AssignDocument, await request.document())
    return await _step(request, conversation_id, Step.ASSIGN, assignee=document.assignee)


@post(
    "/conversations/{conversation_id:str}/close",
    status_code=200,
    opt=promise(
        Operation(
            "conversations.close",
            "Close a conversation until the contact writes again",
            scope="conversations:write",
            answer=ConversationShape,
            is_once=True,
            errors=(NotFound,),
            example={
                **talk_examples.CONVERSATION,
                "status": "closed",
                "closedAt": "2024-01-15T15:10:00Z",
            },
        )
    ),
)
@once
async def close(request: ApiRequest, conversation_id: FromPath[str]) -> Response[bytes]:
    await request.refuse_body()
    return await _step(request, conversation_id, Step.CLOSE)


@post(
    "/conversations/{conversation_id:str}/hand-back",
    status_code=200,
    opt=promise(
        Operation(
            "conversations.handBack",
            "Give a conversation back to its flow",
            scope="conversations:write",
            answer=ConversationShape,
            is_once=True,
            errors=(NotFound, InvalidTransition),
            example={**talk_examples.CONVERSATION, "status": "open"},
        )
    ),
)
@once
async def hand_back(request: ApiRequest, conversation_id: FromPath[str]) -> Response[bytes]:
    await request.refuse_body()
    return await _step(request, conversation_id, Step.HAND_BACK)


async def _step(
    request: ApiRequest, conversation_id: str, wanted: Step, *, assignee: str | None = None
) -> Response[bytes]:
    changed = await conversations.step(
        request.context,
        workspace_id=request.workspace_id,
        conversation_id=conversation_id,
        wanted=wanted,
        assignee=assignee,
    )
    return answer(shape(changed, names=None))


ROUTES = [assign, close, hand_back]
