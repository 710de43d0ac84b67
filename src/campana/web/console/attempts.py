"""One person in a campaign: every attempt to the millisecond, every rule's verdict, the call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from litestar import Response, get
from litestar.params import FromPath

from campana.domain.errors import NotFound
from campana.domain.ids import attempt_of, attempt_text, number_of, numbered
from campana.flow.events import WAITED_FOR
from campana.services import campaigns
from campana.store import attempts, decisions, session_waits, targets, voice_calls
from campana.web.console.language import marked
from campana.web.console.pages import page, to
from campana.web.console.requests import PageRequest, needs
from campana.web.links import Links

_LINK_LIFE = timedelta(minutes=15)
_LONGEST_DRAWN = 900
"""Seconds of a call whose sound is drawn: a browser has to fetch all of it."""


@get("/campaigns/{campaign_id:str}/people/{target_id:str}", opt=needs("campaigns:read"))
async def show_person(
    request: PageRequest, campaign_id: FromPath[str], target_id: FromPath[str]
) -> Response[Any]:
    number = number_of("tgt", target_id)
    if number is None:
        raise NotFound
    context, workspace_id = request.context, request.workspace_id
    campaign = await campaigns.get(context, workspace_id=workspace_id, campaign_id=campaign_id)
    async with context.db.read(workspace_id=workspace_id) as tx:
        target = await targets.get(tx, campaign_id=campaign_id, target_id=number)
        if target is None:
            raise NotFound
        made = await attempts.of_target(tx, target_id=number)
        events = await attempts.events(tx, attempt_ids=[each.id for each in made])
        decided = await decisions.of_target(tx, target_id=number)
        waits = await session_waits.of_target(tx, workspace_id=workspace_id, target_id=number)
        calls = {
            each.id: await voice_calls.get(tx, workspace_id=workspace_id, attempt_id=each.id)
            for each in made
            if request.may("voice:read")
        }
    return page(
        request,
        "person.html",
        campaign=campaign,
        target=target,
        target_id=target_id,
        contact_id=numbered("ctc", target.contact_id),
        decisions=decided,
        waits=[(WAITED_FOR.get(kind, kind), until) for kind, until in waits],
        longest_drawn=_LONGEST_DRAWN,
        attempts=[
            {
                "id": attempt_text(each.id),
                "is": each,
                "events": [event for event in events if event.attempt_id == each.id],
                "call": calls.get(each.id),
            }
            for each in reversed(made)
        ],
    )


@get("/recordings/{attempt_id:str}", opt=needs("audio:download"))
async def show_recording(request: PageRequest, attempt_id: FromPath[str]) -> Response[Any]:
    """A link of a quarter of an hour, to the file itself."""
    found = attempt_of(attempt_id)
    if found is None:
        raise NotFound
    async with request.context.db.read(workspace_id=request.workspace_id) as tx:
        call = await voice_calls.get(tx, workspace_id=request.workspace_id, attempt_id=found)
    if call is None or call.recording_key is None:
        raise NotFound(marked("this call has no recording"))
    until = request.context.clock.now().replace(microsecond=0) + _LINK_LIFE
    link = cast("Links", request.app.state["links"]).make(call.recording_key, until=until)
    return to(f"/v1/recordings/{link}")


ROUTES = [show_person, show_recording]
