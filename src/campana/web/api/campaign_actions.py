"""Launch, pause, resume, cancel, archive: what people do to a campaign as a whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response, post
from litestar.params import FromPath
from msgspec import Struct

from campana.domain.campaign import Campaign
from campana.domain.errors import CampanaError, InvalidTransition, NotFound, PreflightBlocked
from campana.services import control, documents
from campana.services.control import InFlight
from campana.web import examples
from campana.web.answers import answer
from campana.web.api.campaign_shapes import CampaignShape, shape_of
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest


class StopDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """What becomes of calls in progress: `drain` lets them end, `hangup` ends them."""

    in_flight: InFlight = InFlight.DRAIN


def _action(
    name: str, summary: str, *errors: type[CampanaError], body: type[Struct] | None = None
) -> dict[str, Any]:
    return promise(
        Operation(
            f"campaigns.{name}",
            summary,
            scope="campaigns:control",
            body=body,
            is_body_optional=True,
            answer=CampaignShape,
            is_once=True,
            errors=(NotFound, InvalidTransition, *errors),
            body_example=None if body is None else {"inFlight": "drain"},
            example=examples.CAMPAIGN,
        )
    )


@post(
    "/campaigns/{campaign_id:str}/launch",
    opt=_action("launch", "Start contacting people", PreflightBlocked),
)
@once
async def launch_campaign(request: ApiRequest, campaign_id: FromPath[str]) -> Response[bytes]:
    await request.refuse_body()
    return await _acted(request, campaign_id, control.launch)


@post(
    "/campaigns/{campaign_id:str}/pause",
    opt=_action("pause", "Stop: after the answer nobody is contacted anew", body=StopDocument),
)
@once
async def pause_campaign(request: ApiRequest, campaign_id: FromPath[str]) -> Response[bytes]:
    return await _acted(request, campaign_id, control.pause, in_flight=await _in_flight(request))


@post(
    "/campaigns/{campaign_id:str}/resume",
    opt=_action("resume", "Go on where the pause left off"),
)
@once
async def resume_campaign(request: ApiRequest, campaign_id: FromPath[str]) -> Response[bytes]:
    await request.refuse_body()
    return await _acted(request, campaign_id, control.resume)


@post(
    "/campaigns/{campaign_id:str}/cancel",
    opt=_action(
        "cancel",
        "End for good: whoever still waits will not be contacted",
        body=StopDocument,
    ),
)
@once
async def cancel_campaign(request: ApiRequest, campaign_id: FromPath[str]) -> Response[bytes]:
    return await _acted(request, campaign_id, control.cancel, in_flight=await _in_flight(request))


@post(
    "/campaigns/{campaign_id:str}/archive",
    opt=_action("archive", "Put one that has ended out of the console's list"),
)
@once
async def archive_campaign(request: ApiRequest, campaign_id: FromPath[str]) -> Response[bytes]:
    await request.refuse_body()
    return await _acted(request, campaign_id, control.archive)


@post(
    "/campaigns/{campaign_id:str}/unarchive",
    opt=_action("unarchive", "Bring it back into the console's list"),
)
@once
async def unarchive_campaign(request: ApiRequest, campaign_id: FromPath[str]) -> Response[bytes]:
    await request.refuse_body()
    return await _acted(request, campaign_id, control.unarchive)


async def _in_flight(request: ApiRequest) -> InFlight:
    return documents.read(StopDocument, await request.optional_document()).in_flight


async def _acted(
    request: ApiRequest,
    campaign_id: str,
    act: Callable[..., Awaitable[Campaign]],
    **how: InFlight,
) -> Response[bytes]:
    campaign = await act(
        request.context,
        workspace_id=request.workspace_id,
        campaign_id=campaign_id,
        actor=request.principal.key_id,
        **how,
    )
    return answer(shape_of(campaign), version=campaign.version)


ROUTES = [
    launch_campaign,
    pause_campaign,
    resume_campaign,
    cancel_campaign,
    archive_campaign,
    unarchive_campaign,
]
