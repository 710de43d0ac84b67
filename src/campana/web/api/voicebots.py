"""`/v1/voicebots`: drafts of what calls say and ask, and the versions published of them."""

from __future__ import annotations

from typing import Any

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from campana.domain.errors import (
    Conflict,
    InvalidTransition,
    NotFound,
    PreconditionRequired,
    VersionMismatch,
)
from campana.services import voicebots
from campana.services.voicebots import VoiceBotWriting
from campana.store.versioned import Stored, Version
from campana.web import bot_examples, etags
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.query import Paging
from campana.web.request import ApiRequest
from campana.web.versions import (
    DraftPage,
    LocatedShape,
    VersionDetail,
    VersionList,
    listed,
    located,
    number_of,
    page_of,
)


class VoiceBotShape(Shape, frozen=True, kw_only=True):
    """A bot with its draft. `text` is what was typed; null where it came as JSON."""

    id: str
    name: str
    revision: int
    published_version: int | None
    definition: dict[str, Any]
    text: str | None
    created_at: Instant
    updated_at: Instant


class VoiceBotVersion(VersionDetail, frozen=True, kw_only=True):
    """A version of a bot, and what was typed of it, if it was."""

    text: str | None


class VoiceBotCheck(Shape, frozen=True, kw_only=True):
    """All that is wrong, at once. `hash` names the content of a bot that can call somebody."""

    is_valid: bool
    hash: str | None
    problems: list[LocatedShape]


@get(
    "/voicebots",
    opt=promise(
        Operation(
            "voicebots.list",
            "List VoiceBots, by name",
            scope="bots:read",
            query=Paging,
            answer=DraftPage,
            is_conditional=True,
            example=bot_examples.BOT_PAGE,
        )
    ),
)
async def list_bots(request: ApiRequest) -> ASGIApp:
    asked = request.parameters(Paging)
    found = await voicebots.every(request.context, workspace_id=request.workspace_id)
    return shown(request, page_of(found, asked))


@post(
    "/voicebots",
    opt=promise(
        Operation(
            "voicebots.create",
            "Make a bot; a draft may be wrong until it is published",
            scope="bots:write",
            body=VoiceBotWriting,
            answer=VoiceBotShape,
            status=201,
            is_once=True,
            errors=(Conflict,),
            body_example={"definition": bot_examples.DEFINITION},
            example=bot_examples.BOT,
            headers={"Location": "Where the bot is from now on."},
        )
    ),
)
@once
async def create_bot(request: ApiRequest) -> Response[bytes]:
    made = await voicebots.create(
        request.context, workspace_id=request.workspace_id, raw=await request.document()
    )
    return answer(
        _shape(made),
        status=201,
        version=made.revision,
        headers={"location": f"/v1/voicebots/{made.id}"},
    )


@get(
    "/voicebots/{bot_id:str}",
    opt=promise(
        Operation(
            "voicebots.get",
            "Show a bot with its draft",
            scope="bots:read",
            answer=VoiceBotShape,
            is_conditional=True,
            errors=(NotFound,),
            example=bot_examples.BOT,
        )
    ),
)
async def get_bot(request: ApiRequest, bot_id: FromPath[str]) -> ASGIApp:
    found = await voicebots.get(request.context, workspace_id=request.workspace_id, bot_id=bot_id)
    return shown(request, _shape(found), version=found.revision)


@patch(
    "/voicebots/{bot_id:str}",
    opt=promise(
        Operation(
            "voicebots.change",
            "Change the draft: its definition (JSON Merge Patch) or its text; versions stay",
            scope="bots:write",
            body=VoiceBotWriting,
            answer=VoiceBotShape,
            needs_match=True,
            errors=(NotFound, Conflict, VersionMismatch, PreconditionRequired),
            body_example={"definition": {"greeting": "Hello, the practice of Dr. Ortega here."}},
            example=bot_examples.BOT,
        )
    ),
)
async def change_bot(request: ApiRequest, bot_id: FromPath[str]) -> Response[bytes]:
    revision = etags.version_meant(request)
    changed = await voicebots.change(
        request.context,
        workspace_id=request.workspace_id,
        bot_id=bot_id,
        patch=await request.patch(),
        revision=revision,
    )
    return answer(_shape(changed), version=changed.revision)


@delete(
    "/voicebots/{bot_id:str}",
    status_code=204,
    opt=promise(
        Operation(
            "voicebots.delete",
            "Delete a bot that was never published",
            scope="bots:write",
            status=204,
            errors=(NotFound, InvalidTransition),
        )
    ),
)
async def delete_bot(request: ApiRequest, bot_id: FromPath[str]) -> None:
    await voicebots.delete(request.context, workspace_id=request.workspace_id, bot_id=bot_id)


@post(
    "/voicebots/{bot_id:str}/validate",
    status_code=200,
    opt=promise(
        Operation(
            "voicebots.validate",
            "Say everything that is wrong with a text, a definition, or else the draft",
            scope="bots:read",
            body=VoiceBotWriting,
            is_body_optional=True,
            answer=VoiceBotCheck,
            errors=(NotFound,),
            body_example={"text": bot_examples.TEXT},
            example=bot_examples.CHECKED,
        )
    ),
)
async def validate_bot(request: ApiRequest, bot_id: FromPath[str]) -> Response[bytes]:
    found = await voicebots.problems(
        request.context,
        workspace_id=request.workspace_id,
        bot_id=bot_id,
        raw=await request.optional_document(),
    )
    return answer(
        VoiceBotCheck(
            is_valid=found.script is not None,
            hash=found.hash,
            problems=located(found.problems),
        )
    )


@post(
    "/voicebots/{bot_id:str}/publish",
    opt=promise(
        Operation(
            "voicebots.publish",
            "Make the draft a version; unchanged since the last, it is that one",
            scope="bots:write",
            answer=VoiceBotVersion,
            status=201,
            is_once=True,
            errors=(NotFound,),
            example=bot_examples.VERSION_DETAIL,
        )
    ),
)
@once
async def publish_bot(request: ApiRequest, bot_id: FromPath[str]) -> Response[bytes]:
    await request.refuse_body()
    made = await voicebots.publish(
        request.context, workspace_id=request.workspace_id, bot_id=bot_id
    )
    return answer(_detail(made), status=201)


@get(
    "/voicebots/{bot_id:str}/versions",
    opt=promise(
        Operation(
            "voicebots.versions",
            "List the versions of a bot, latest first",
            scope="bots:read",
            answer=VersionList,
            is_conditional=True,
            errors=(NotFound,),
            example=bot_examples.VERSIONS,
        )
    ),
)
async def list_bot_versions(request: ApiRequest, bot_id: FromPath[str]) -> ASGIApp:
    found = await voicebots.versions(
        request.context, workspace_id=request.workspace_id, bot_id=bot_id
    )
    return shown(request, listed(found))


@get(
    "/voicebots/{bot_id:str}/versions/{number:str}",
    opt=promise(
        Operation(
            "voicebots.version",
            "Show a version of a bot",
            scope="bots:read",
            answer=VoiceBotVersion,
            is_conditional=True,
            errors=(NotFound,),
            example=bot_examples.VERSION_DETAIL,
        )
    ),
)
async def get_bot_version(
    request: ApiRequest, bot_id: FromPath[str], number: FromPath[str]
) -> ASGIApp:
    found = await voicebots.version(
        request.context,
        workspace_id=request.workspace_id,
        bot_id=bot_id,
        number=number_of(number),
    )
    return shown(request, _detail(found))


def _shape(found: Stored) -> VoiceBotShape:
    return VoiceBotShape(
        id=found.id,
        name=found.name,
        revision=found.revision,
        published_version=found.published,
        definition=dict(found.draft),
        text=found.text,
        created_at=instant(found.created_at),
        updated_at=instant(found.updated_at),
    )


def _detail(found: Version) -> VoiceBotVersion:
    return VoiceBotVersion(
        number=found.number,
        hash=found.hash,
        created_at=instant(found.created_at),
        definition=dict(found.definition or {}),
        text=found.text,
    )


ROUTES = [
    list_bots,
    create_bot,
    get_bot,
    change_bot,
    delete_bot,
    validate_bot,
    publish_bot,
    list_bot_versions,
    get_bot_version,
]
