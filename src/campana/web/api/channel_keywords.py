"""`/v1/channels/{id}/keywords`: what a channel answers to STOP, START and HELP."""

from __future__ import annotations

from litestar import Response, get, put
from litestar.params import FromPath
from litestar.types import ASGIApp

from campana.domain.errors import NotFound
from campana.services import channel_keywords
from campana.services.keyword_document import KeywordsDocument
from campana.web import talk_examples
from campana.web.answers import answer, shown
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest


@get(
    "/channels/{channel_id:str}/keywords",
    opt=promise(
        Operation(
            "channels.keywords",
            "Show the words a channel understands and its answers",
            scope="channels:read",
            answer=KeywordsDocument,
            is_conditional=True,
            errors=(NotFound,),
            example=talk_examples.KEYWORDS,
        )
    ),
)
async def get_keywords(request: ApiRequest, channel_id: FromPath[str]) -> ASGIApp:
    found = await channel_keywords.get(
        request.context, workspace_id=request.workspace_id, channel_id=channel_id
    )
    return shown(request, found)


@put(
    "/channels/{channel_id:str}/keywords",
    opt=promise(
        Operation(
            "channels.setKeywords",
            "Say which words a channel understands and what it answers",
            scope="channels:write",
            body=KeywordsDocument,
            answer=KeywordsDocument,
            errors=(NotFound,),
            body_example=talk_examples.KEYWORDS,
            example=talk_examples.KEYWORDS,
        )
    ),
)
async def set_keywords(request: ApiRequest, channel_id: FromPath[str]) -> Response[bytes]:
    kept = await channel_keywords.put(
        request.context,
        workspace_id=request.workspace_id,
        channel_id=channel_id,
        raw=await request.document(),
    )
    return answer(kept)


ROUTES = [get_keywords, set_keywords]
