"""What a person does to a campaign: pause, resume, cancel, launch, try again, delete."""

from __future__ import annotations

from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from campana.domain.disposition import Disposition
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import campaigns, control, outlook, reopening
from campana.services.control import InFlight
from campana.web.console.forms import said_of
from campana.web.console.language import marked, say, say_many
from campana.web.console.pages import done
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.console.review import TYPED_ABOVE, review
from campana.web.errors import status_of

_CONTROL, _WRITE = "campaigns:control", "campaigns:write"


@post("/campaigns/{campaign_id:str}/pause", opt=needs(_CONTROL, action="campaign.pause"))
@guarded
async def pause_campaign(request: PageRequest, campaign_id: FromPath[str]) -> Response[Any]:
    given = await request.fields()
    await control.pause(
        request.context,
        workspace_id=request.workspace_id,
        campaign_id=campaign_id,
        actor=request.actor,
        in_flight=InFlight.HANGUP if given.get("in_flight") == "hangup" else InFlight.DRAIN,
    )
    return _back(given.get("from"), campaign_id, say("Paused: nobody is contacted anew."))


@post("/campaigns/{campaign_id:str}/resume", opt=needs(_CONTROL, action="campaign.resume"))
@guarded
async def resume_campaign(request: PageRequest, campaign_id: FromPath[str]) -> Response[Any]:
    await control.resume(
        request.context,
        workspace_id=request.workspace_id,
        campaign_id=campaign_id,
        actor=request.actor,
    )
    return _back((await request.fields()).get("from"), campaign_id, say("It goes on."))


@post("/campaigns/{campaign_id:str}/cancel", opt=needs(_CONTROL, action="campaign.cancel"))
@guarded
async def cancel_campaign(request: PageRequest, campaign_id: FromPath[str]) -> Response[Any]:
    context, workspace_id = request.context, request.workspace_id
    found = await campaigns.get(context, workspace_id=workspace_id, campaign_id=campaign_id)
    _require_typed((await request.fields()).get("typed"), found.name)
    await control.cancel(
        context, workspace_id=workspace_id, campaign_id=campaign_id, actor=request.actor
    )
    return _back(None, campaign_id, say("Cancelled: whoever still waited will not be contacted."))


@post("/campaigns/{campaign_id:str}/launch", opt=needs(_CONTROL, action="campaign.launch"))
@guarded
async def launch_campaign(request: PageRequest, campaign_id: FromPath[str]) -> Response[Any]:
    context, workspace_id = request.context, request.workspace_id
    found = await campaigns.get(context, workspace_id=workspace_id, campaign_id=campaign_id)
    try:
        ahead = await outlook.look_ahead(
            context, workspace_id=workspace_id, campaign_id=campaign_id
        )
        if ahead.eligible > TYPED_ABOVE:
            _require_typed((await request.fields()).get("typed"), found.name)
        await control.launch(
            context, workspace_id=workspace_id, campaign_id=campaign_id, actor=request.actor
        )
    except InvalidParameter as error:
        return await review(request, campaign_id, problems=said_of(error), status=status_of(error))
    return _back(None, campaign_id, say("Launched."))


@post("/campaigns/{campaign_id:str}/retry", opt=needs(_CONTROL, action="campaign.retry"))
@guarded
async def retry_campaign(request: PageRequest, campaign_id: FromPath[str]) -> Response[Any]:
    chosen = await request.all_of("outcome")
    known = {each.value for each in Disposition}
    made = await reopening.retry(
        request.context,
        workspace_id=request.workspace_id,
        campaign_id=campaign_id,
        outcomes=[Disposition(each) for each in chosen if each in known],
        actor=request.actor,
    )
    count = sum(made.counts.values())
    return _back(
        None,
        campaign_id,
        say_many("%(count)s waits to be tried again.", "%(count)s wait to be tried again.", count),
    )


@post("/campaigns/{campaign_id:str}/delete", opt=needs(_WRITE, action="campaign.delete"))
@guarded
async def delete_campaign(request: PageRequest, campaign_id: FromPath[str]) -> Response[Any]:
    await campaigns.delete(
        request.context, workspace_id=request.workspace_id, campaign_id=campaign_id
    )
    return _back("list", campaign_id, say("The draft is deleted."))


def _require_typed(typed: str | None, name: str) -> None:
    if (typed or "").strip() != name.strip():
        problem = FieldProblem(pointer="/typed", message=marked("is not the name of this campaign"))
        raise InvalidParameter(problems=[problem])


def _back(place: str | None, campaign_id: str, said: str) -> Response[Any]:
    path = {"list": "/campaigns", "wallboard": "/"}.get(place or "", f"/campaigns/{campaign_id}")
    return done(path, said)


ROUTES = [
    pause_campaign,
    resume_campaign,
    cancel_campaign,
    launch_campaign,
    retry_campaign,
    delete_campaign,
]
