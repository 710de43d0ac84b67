"""What a person does to a campaign: pause, resume, cancel, launch, try again, archive, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from campana.domain.campaign import Action
from campana.domain.disposition import Disposition
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.services import campaign_batches, campaigns, control, outlook, reopening
from campana.services.campaign_batches import Done
from campana.services.control import InFlight
from campana.web.console.campaigns import list_path
from campana.web.console.forms import said_of
from campana.web.console.language import marked, say, say_many
from campana.web.console.notes import Form
from campana.web.console.pages import done
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.console.review import TYPED_ABOVE, review
from campana.web.errors import status_of

_CONTROL, _WRITE = "campaigns:control", "campaigns:write"


@post("/campaigns/{campaign_id:str}/pause", opt=needs(_CONTROL, action="campaign.pause"))
@guarded
async def pause_campaign(request: PageRequest, campaign_id: FromPath[str]) -> Response[Any]:
    in_flight = (await request.fields()).get("in_flight")
    return await _acted(
        request,
        campaign_id,
        Action.PAUSE,
        say("Paused: nobody is contacted anew."),
        in_flight=InFlight.HANGUP if in_flight == "hangup" else InFlight.DRAIN,
    )


@post("/campaigns/{campaign_id:str}/resume", opt=needs(_CONTROL, action="campaign.resume"))
@guarded
async def resume_campaign(request: PageRequest, campaign_id: FromPath[str]) -> Response[Any]:
    return await _acted(request, campaign_id, Action.RESUME, say("It goes on."))


@post("/campaigns/{campaign_id:str}/archive", opt=needs(_CONTROL, action="campaign.archive"))
@guarded
async def archive_campaign(request: PageRequest, campaign_id: FromPath[str]) -> Response[Any]:
    said = say("Archived: it is out of the list of campaigns.")
    return await _acted(request, campaign_id, Action.ARCHIVE, said)


@post("/campaigns/{campaign_id:str}/unarchive", opt=needs(_CONTROL, action="campaign.unarchive"))
@guarded
async def unarchive_campaign(request: PageRequest, campaign_id: FromPath[str]) -> Response[Any]:
    said = say("It is back in the list of campaigns.")
    return await _acted(request, campaign_id, Action.UNARCHIVE, said)


@post("/campaigns/{campaign_id:str}/cancel", opt=needs(_CONTROL, action="campaign.cancel"))
@guarded
async def cancel_campaign(request: PageRequest, campaign_id: FromPath[str]) -> Response[Any]:
    context, workspace_id = request.context, request.workspace_id
    found = await campaigns.get(context, workspace_id=workspace_id, campaign_id=campaign_id)
    require_typed((await request.fields()).get("typed"), found.name)
    await control.cancel(
        context, workspace_id=workspace_id, campaign_id=campaign_id, actor=request.actor
    )
    return _back(campaign_id, say("Cancelled: whoever still waited will not be contacted."))


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
            require_typed((await request.fields()).get("typed"), found.name)
        await control.launch(
            context, workspace_id=workspace_id, campaign_id=campaign_id, actor=request.actor
        )
    except InvalidParameter as error:
        return await review(request, campaign_id, problems=said_of(error), status=status_of(error))
    return _back(campaign_id, say("Launched."))


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
        campaign_id,
        say_many("%(count)s waits to be tried again.", "%(count)s wait to be tried again.", count),
    )


@post("/campaigns/{campaign_id:str}/delete", opt=needs(_WRITE, action="campaign.delete"))
@guarded
async def delete_campaign(request: PageRequest, campaign_id: FromPath[str]) -> Response[Any]:
    await campaigns.delete(
        request.context, workspace_id=request.workspace_id, campaign_id=campaign_id
    )
    return done("/campaigns", say("The draft is deleted."))


def require_typed(typed: str | None, wanted: str) -> None:
    """Raises InvalidParameter where somebody was to type this and has not."""
    if (typed or "").strip() != wanted.strip():
        problem = FieldProblem(pointer="/typed", message=marked("is not what is to be typed here"))
        raise InvalidParameter(problems=[problem])


async def _acted(
    request: PageRequest,
    campaign_id: str,
    action: Action,
    said: str,
    *,
    in_flight: InFlight = InFlight.DRAIN,
) -> Response[Any]:
    """Done, and told with a button that takes it back."""
    [made] = await campaign_batches.act(
        request.context,
        workspace_id=request.workspace_id,
        campaign_ids=[campaign_id],
        action=action,
        actor=request.actor,
        in_flight=in_flight,
    )
    if made.problem is not None:
        raise made.problem
    given = await request.fields()
    path = place_of(given, campaign_id)
    return done(path, said, undo=undo_of([made], given))


def place_of(given: Mapping[str, str], campaign_id: str | None = None) -> str:
    """The page that a form was on: the list as it was narrowed, or that of the campaign."""
    if given.get("from") == "list" or campaign_id is None:
        return list_path(given.get("back", ""))
    return f"/campaigns/{campaign_id}"


def undo_of(made: Sequence[Done], given: Mapping[str, str]) -> Form | None:
    """The button that takes back what can be, from the page that this form was on."""
    undone = [("undo", f"{each.campaign_id}:{each.undo}") for each in made if each.undo]
    kept = [(name, given[name][:2000]) for name in ("from", "back") if given.get(name)]
    return Form(action="/campaigns/undo", fields=[*undone, *kept]) if undone else None


def _back(campaign_id: str, said: str) -> Response[Any]:
    return done(f"/campaigns/{campaign_id}", said)


ROUTES = [
    pause_campaign,
    resume_campaign,
    archive_campaign,
    unarchive_campaign,
    cancel_campaign,
    launch_campaign,
    retry_campaign,
    delete_campaign,
]
