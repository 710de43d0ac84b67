"""One person in a campaign: every attempt to the millisecond, every rule's verdict, the call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from jinja2 import Environment
from litestar import Response, get
from litestar.params import FromPath

from campana.domain.errors import NotFound
from campana.domain.ids import attempt_of, attempt_text, number_of, numbered
from campana.flow.events import WAITED_FOR
from campana.services import campaigns
from campana.services.context import Context
from campana.store import attempts, decisions, session_waits, targets, voice_calls
from campana.web.console.language import marked
from campana.web.console.pages import page, render_block, to
from campana.web.console.requests import PageRequest, needs
from campana.web.links import Links

STANDING, WAITS, HISTORY = "standing", "waits", "history"
"""Ids of the elements that are filled anew, each with the block of its name."""
_SCOPES = ("voice:read", "audio:download")
"""What decides how much of a person is shown."""
_LINK_LIFE = timedelta(minutes=15)
_LONGEST_DRAWN = 900
"""Seconds of a call whose sound is drawn: a browser has to fetch all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person of a campaign, as whoever looks may see them."""

    campaign_id: str
    number: int
    scopes: frozenset[str]

    async def found(self, context: Context, *, workspace_id: int) -> dict[str, Any]:
        """What the page shows.

        Raises:
            NotFound
        """
        campaign = await campaigns.get(
            context, workspace_id=workspace_id, campaign_id=self.campaign_id
        )
        async with context.db.read(workspace_id=workspace_id) as tx:
            target = await targets.get(tx, campaign_id=self.campaign_id, target_id=self.number)
            if target is None:
                raise NotFound
            made = await attempts.of_target(tx, target_id=self.number)
            events = await attempts.events(tx, attempt_ids=[each.id for each in made])
            decided = await decisions.of_target(tx, target_id=self.number)
            waits = await session_waits.of_target(
                tx, workspace_id=workspace_id, target_id=self.number
            )
            calls = {
                each.id: await voice_calls.get(tx, workspace_id=workspace_id, attempt_id=each.id)
                for each in made
                if "voice:read" in self.scopes
            }
        return {
            "campaign": campaign,
            "target": target,
            "target_id": numbered("tgt", self.number),
            "contact_id": numbered("ctc", target.contact_id),
            "decisions": decided,
            "waits": [(WAITED_FOR.get(kind, kind), until) for kind, until in waits],
            "longest_drawn": _LONGEST_DRAWN,
            "attempts": [
                {
                    "id": attempt_text(each.id),
                    "is": each,
                    "events": [event for event in events if event.attempt_id == each.id],
                    "call": calls.get(each.id),
                }
                for each in reversed(made)
            ],
        }

    async def parts(
        self, context: Context, templates: Environment, *, workspace_id: int
    ) -> dict[str, str]:
        try:
            found = await self.found(context, workspace_id=workspace_id)
        except NotFound:  # erased meanwhile, or its campaign deleted
            return {}
        may = self.scopes.__contains__
        return {
            key: render_block(templates, "person.html", key, context, may=may, **found)
            for key in (STANDING, WAITS, HISTORY)
        }


def person_of(request: PageRequest, campaign_id: str, target_id: str) -> Person:
    """Whom an address names.

    Raises:
        NotFound: that cannot be anybody.
    """
    number = number_of("tgt", target_id)
    if number is None:
        raise NotFound
    scopes = frozenset(each for each in _SCOPES if request.may(each))
    return Person(campaign_id=campaign_id, number=number, scopes=scopes)


@get("/campaigns/{campaign_id:str}/people/{target_id:str}", opt=needs("campaigns:read"))
async def show_person(
    request: PageRequest, campaign_id: FromPath[str], target_id: FromPath[str]
) -> Response[Any]:
    shown = person_of(request, campaign_id, target_id)
    found = await shown.found(request.context, workspace_id=request.workspace_id)
    return page(request, "person.html", **found)


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
