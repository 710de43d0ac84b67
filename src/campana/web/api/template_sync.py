"""`POST /v1/channels/{id}/sync`: what the channel's provider says of its templates, asked now."""

from __future__ import annotations

from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from campana.domain.errors import Conflict, NotFound, Unavailable
from campana.services import template_sync
from campana.services.template_sync import Synced
from campana.store.templates import ProviderStatus
from campana.web.answers import Shape, answer
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest


class SyncedTemplateShape(Shape, frozen=True, kw_only=True):
    """A template at the provider; `templates` are the ids of ours with its name and language."""

    name: str
    language: str
    status: ProviderStatus
    reason: str | None
    category: str | None
    quality: str | None
    provider_ref: str
    templates: list[str]


class SyncedTemplates(Shape, frozen=True, kw_only=True):
    data: list[SyncedTemplateShape]


_EXAMPLE: dict[str, Any] = {
    "data": [
        {
            "name": "renewal",
            "language": "en_US",
            "status": "approved",
            "reason": None,
            "category": "utility",
            "quality": "GREEN",
            "providerRef": "1407680676729941",
            "templates": ["tpl_01hq3x5k7m9n2p4r"],
        }
    ]
}


@post(
    "/channels/{channel_id:str}/sync",
    opt=promise(
        Operation(
            "channels.sync",
            "Fetch what the provider says of its templates",
            scope="channels:write",
            answer=SyncedTemplates,
            is_once=True,
            errors=(NotFound, Conflict, Unavailable),
            example=_EXAMPLE,
        )
    ),
)
@once
async def sync_channel(request: ApiRequest, channel_id: FromPath[str]) -> Response[bytes]:
    await request.refuse_body()
    found = await template_sync.sync(
        request.context, workspace_id=request.workspace_id, channel_id=channel_id
    )
    return answer(SyncedTemplates(data=[_shape(each) for each in found]))


def _shape(synced: Synced) -> SyncedTemplateShape:
    return SyncedTemplateShape(
        name=synced.theirs.name,
        language=synced.theirs.language,
        status=synced.status,
        reason=synced.reason,
        category=synced.theirs.category,
        quality=synced.theirs.quality,
        provider_ref=synced.theirs.ref,
        templates=list(synced.ours),
    )


ROUTES = [sync_channel]
