"""`/v1/channels`: configured accounts on carriers. Secrets go in and never come out."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, patch, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from campana.domain.campaign import ChannelType
from campana.domain.clock import wire
from campana.domain.errors import Conflict, NotFound
from campana.domain.registration import Registration, RegistrationState
from campana.services import channel_checks, channel_pause, channels, documents
from campana.services.channel_pause import PauseDocument
from campana.services.channels import ChannelDocument, ChannelLimitsDocument
from campana.services.context import Context
from campana.store import channels as store
from campana.store.channels import Channel
from campana.web import examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.query import Paging
from campana.web.request import ApiRequest


class ChannelShape(Shape, frozen=True, kw_only=True):
    """A channel; `config` without its secrets. One with `isLoopback` cannot leave its machine."""

    id: str
    name: str
    kind: str
    channel_type: ChannelType
    config: dict[str, Any]
    is_loopback: bool
    rate: float
    burst: int
    lines: int
    daily_attempts: int | None
    created_at: Instant
    window: dict[str, Any] | None
    paused_at: Instant | None
    """Nothing begins on it since; null while it is in use."""
    paused_by: str | None
    pause_reason: str | None


class RegistrationShape(Shape, frozen=True, kw_only=True):
    """How a trunk takes our registration; `status` is its final SIP code, null without an answer.

    While it is `refused`, no call is placed on the trunk.
    """

    trunk: str
    state: RegistrationState
    status: int | None
    reason: str | None
    told_at: Instant
    registered_until: Instant | None


class ChannelTest(Shape, frozen=True, kw_only=True):
    """What the provider said; `detail` is for people."""

    channel_id: str
    is_well: bool
    detail: str
    registrations: list[RegistrationShape]
    """Of the trunks that want us to register."""


class ChannelPage(Shape, frozen=True, kw_only=True):
    data: list[ChannelShape]
    page: int
    page_size: int
    total_count: int


@get(
    "/channels",
    opt=promise(
        Operation(
            "channels.list",
            "List channels, oldest first",
            scope="channels:read",
            query=Paging,
            answer=ChannelPage,
            is_conditional=True,
            example=examples.CHANNEL_PAGE,
        )
    ),
)
async def list_channels(request: ApiRequest) -> ASGIApp:
    asked = request.parameters(Paging)
    async with request.context.db.read(workspace_id=request.workspace_id) as tx:
        found = await store.list_all(tx, workspace_id=request.workspace_id)
    start = (asked.page - 1) * asked.page_size
    return shown(
        request,
        ChannelPage(
            data=[_shape(request.context, each) for each in found[start:][: asked.page_size]],
            page=asked.page,
            page_size=asked.page_size,
            total_count=len(found),
        ),
    )


@post(
    "/channels",
    opt=promise(
        Operation(
            "channels.create",
            "Make a channel",
            scope="channels:write",
            body=ChannelDocument,
            answer=ChannelShape,
            status=201,
            is_once=True,
            errors=(Conflict,),
            body_example=examples.CHANNEL_DOCUMENT,
            example=examples.CHANNEL,
            headers={"Location": "Where the channel is from now on."},
        )
    ),
)
@once
async def create_channel(request: ApiRequest) -> Response[bytes]:
    made = await channels.create(
        request.context, workspace_id=request.workspace_id, raw=await request.document()
    )
    return answer(
        _shape(request.context, made),
        status=201,
        headers={"location": f"/v1/channels/{made.id}"},
    )


@get(
    "/channels/{channel_id:str}",
    opt=promise(
        Operation(
            "channels.get",
            "Show a channel",
            scope="channels:read",
            answer=ChannelShape,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.CHANNEL,
        )
    ),
)
async def get_channel(request: ApiRequest, channel_id: FromPath[str]) -> ASGIApp:
    found = await _channel(request, channel_id)
    return shown(request, _shape(request.context, found))


@patch(
    "/channels/{channel_id:str}",
    opt=promise(
        Operation(
            "channels.change",
            "Change a channel (JSON Merge Patch)",
            scope="channels:write",
            body=ChannelLimitsDocument,
            answer=ChannelShape,
            errors=(NotFound, Conflict),
            body_example={"rate": 2.5, "dailyAttempts": 5000},
            example=examples.CHANNEL,
        )
    ),
)
async def change_channel(request: ApiRequest, channel_id: FromPath[str]) -> Response[bytes]:
    await _channel(request, channel_id)
    changed = await channels.change(
        request.context,
        workspace_id=request.workspace_id,
        wanted=channel_id,
        patch=await request.patch(),
    )
    return answer(_shape(request.context, changed))


@post(
    "/channels/{channel_id:str}/test",
    opt=promise(
        Operation(
            "channels.test",
            "Ask the provider whether the account can be used; nobody is contacted",
            scope="channels:write",
            answer=ChannelTest,
            status=200,
            errors=(NotFound, Conflict),
            example=examples.CHANNEL_TEST,
        )
    ),
)
async def test_channel(request: ApiRequest, channel_id: FromPath[str]) -> Response[bytes]:
    await request.refuse_body()
    found = await _channel(request, channel_id)
    checked = await channel_checks.check(request.context, found)
    return answer(
        ChannelTest(
            channel_id=found.id,
            is_well=checked.is_well,
            detail=checked.detail,
            registrations=[_registration(each) for each in checked.registrations],
        )
    )


@post(
    "/channels/{channel_id:str}/pause",
    opt=promise(
        Operation(
            "channels.pause",
            "Begin nothing more on it: after the answer no attempt and no answer to anybody begins",
            scope="campaigns:control",
            body=PauseDocument,
            is_body_optional=True,
            answer=ChannelShape,
            is_once=True,
            errors=(NotFound,),
            body_example={"reason": "the carrier asked us to stop"},
            example=examples.CHANNEL_PAUSED,
        )
    ),
)
@once
async def pause_channel(request: ApiRequest, channel_id: FromPath[str]) -> Response[bytes]:
    await _channel(request, channel_id)
    paused = await channel_pause.pause(
        request.context,
        workspace_id=request.workspace_id,
        wanted=channel_id,
        actor=request.principal.key_id,
        reason=documents.read(PauseDocument, await request.optional_document()).reason,
    )
    return answer(_shape(request.context, paused))


@post(
    "/channels/{channel_id:str}/resume",
    opt=promise(
        Operation(
            "channels.resume",
            "Use the channel again",
            scope="campaigns:control",
            answer=ChannelShape,
            is_once=True,
            errors=(NotFound,),
            example=examples.CHANNEL,
        )
    ),
)
@once
async def resume_channel(request: ApiRequest, channel_id: FromPath[str]) -> Response[bytes]:
    await request.refuse_body()
    await _channel(request, channel_id)
    resumed = await channel_pause.resume(
        request.context,
        workspace_id=request.workspace_id,
        wanted=channel_id,
        actor=request.principal.key_id,
    )
    return answer(_shape(request.context, resumed))


async def _channel(request: ApiRequest, channel_id: str) -> Channel:
    return await channels.with_id(
        request.context, workspace_id=request.workspace_id, channel_id=channel_id
    )


def _shape(context: Context, found: Channel) -> ChannelShape:
    return ChannelShape(
        id=found.id,
        name=found.name,
        kind=found.kind,
        channel_type=ChannelType(found.channel_type),
        config=channels.shown_config(context, found),
        is_loopback=found.is_loopback,
        rate=found.rate,
        burst=found.burst,
        lines=found.lines,
        daily_attempts=found.daily_attempts,
        created_at=instant(found.created_at),
        window=dict(found.window) if found.window is not None else None,
        paused_at=wire(found.paused_at),
        paused_by=found.paused_by,
        pause_reason=found.pause_reason,
    )


def _registration(each: Registration) -> RegistrationShape:
    until = each.registered_until
    return RegistrationShape(
        trunk=each.trunk,
        state=each.state,
        status=each.status,
        reason=each.reason,
        told_at=instant(each.told_at),
        registered_until=instant(until) if until is not None else None,
    )


ROUTES = [
    list_channels,
    create_channel,
    get_channel,
    change_channel,
    test_channel,
    pause_channel,
    resume_channel,
]
