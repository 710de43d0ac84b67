"""One person in a campaign: every attempt to the millisecond, every rule's verdict, the call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import msgspec
from jinja2 import Environment
from litestar import Response, get
from litestar.params import FromPath

from campana.domain import passage
from campana.domain.errors import NotFound
from campana.domain.ids import attempt_of, attempt_text, number_of, numbered
from campana.flow.events import WAITED_FOR
from campana.services import auditing, campaigns
from campana.services.context import Context
from campana.store import (
    attempts,
    contact_search,
    decisions,
    provider_events,
    session_waits,
    spend,
    targets,
    voice_calls,
)
from campana.store.attempts import Attempt, StoredEvent
from campana.store.provider_events import ProviderEvent
from campana.store.spend import Charge
from campana.store.voice_calls import VoiceCall
from campana.web.console import carrier_words, rule_words
from campana.web.console.language import marked, say
from campana.web.console.pages import page, render_block, to
from campana.web.console.requests import PageRequest, needs
from campana.web.console.words import span, words
from campana.web.links import Links

STANDING, WAITS, HISTORY = "standing", "waits", "history"
"""Ids of the elements that are filled anew, each with the block of its name."""
_SCOPES = ("voice:read", "audio:download")
"""What decides how much of a person is shown."""
_LINK_LIFE = timedelta(minutes=15)
_MOST_TOLD = 100
"""Of what carriers said that one page shows; the API has all of it."""
_UNTOLD = {"rules", "at_ms"}
"""Parts of an event that stand elsewhere on the page: as a list, and as the event's own moment."""
_CODES = {"disposition", "end", "reason"}
_FACTS: Mapping[str, str] = {
    "text": "",
    "key": "",
    "keys": marked("Keys"),
    "step": marked("Step"),
    "status": marked("Status"),
    "result": marked("Result"),
    "reason": marked("Reason"),
    "end": marked("Ended by"),
    "disposition": marked("Outcome"),
    "finished": marked("To its end"),
    "talk_seconds": marked("Talk time"),
}
"""What parts of an event are called; those of carriers and flows keep their own names."""
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
            told = await provider_events.of_attempts(
                tx,
                workspace_id=workspace_id,
                attempt_ids=[each.id for each in made],
                limit=_MOST_TOLD,
            )
            charges = {each.id: await spend.charge(tx, attempt_id=each.id) for each in made}
            names = await contact_search.names(
                tx, workspace_id=workspace_id, ids=[target.contact_id]
            )
        return {
            "name": names.get(target.contact_id),
            "campaign": campaign,
            "target": target,
            "target_id": numbered("tgt", self.number),
            "contact_id": numbered("ctc", target.contact_id),
            "decisions": decided,
            "waits": [(WAITED_FOR.get(kind, kind), until) for kind, until in waits],
            "longest_drawn": _LONGEST_DRAWN,
            "attempts": [
                _shown(
                    each,
                    [event for event in events if event.attempt_id == each.id],
                    [event for event in told if event.attempt_id == each.id],
                    calls.get(each.id),
                    charges.get(each.id),
                )
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


def _shown(
    attempt: Attempt,
    events: Sequence[StoredEvent],
    told: Sequence[ProviderEvent],
    call: VoiceCall | None,
    charge: Charge | None,
) -> dict[str, Any]:
    """An attempt as the page shows it."""
    notes: list[Mapping[str, Any]] = [
        each.detail["rules"] for each in events if "rules" in each.detail
    ]
    note: Mapping[str, Any] = notes[0] if notes else {}
    rules = passage.told(note, address=attempt.address)
    return {
        "id": attempt_text(attempt.id),
        "is": attempt,
        "events": [(each, facts(each.detail)) for each in events],
        "kept": msgspec.json.format(
            msgspec.json.encode(
                [{"type": each.type, "at": each.at, **each.detail} for each in events]
            ),
            indent=2,
        ).decode(),
        "told": [(event, carrier_words.laid_out(event.body)) for event in told],
        "rules": [(rule_words.name_of(each), rule_words.verdict_of(each)) for each in rules],
        "spend": rule_words.spend_of(charge) if rules else None,
        "call": call,
    }


def facts(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an event tells beside its name and its moment, for people: what they need no name for
    has none. All of it stands below, as it is kept."""
    return [
        (_FACTS.get(key, key), _fact(key, value))
        for key, value in detail.items()
        if key not in _UNTOLD and value is not None
    ]


def _fact(key: str, value: object) -> str:
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if key.endswith("_seconds") and isinstance(value, int | float):
        return span(value)
    if key in _CODES:
        return words(str(value))
    return str(value)


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
    await _note_heard(request, attempt_id)
    until = request.context.clock.now().replace(microsecond=0) + _LINK_LIFE
    link = cast("Links", request.app.state["links"]).make(call.recording_key, until=until)
    return to(f"/v1/recordings/{link}")


async def _note_heard(request: PageRequest, attempt_id: str) -> None:
    """Write down who had the sound of a call.

    Once while the link lives, however often a player asks for a piece of it.
    """
    visitor, now = request.visitor, request.context.clock.now()
    heard = cast("dict[tuple[str, str], datetime]", request.app.state.setdefault("heard", {}))
    for key in [key for key, until in heard.items() if until <= now]:
        del heard[key]
    if (visitor.person_id, attempt_id) in heard:
        return
    await auditing.note_asked(request.context, request.asked("recording.hear", subject=attempt_id))
    heard[visitor.person_id, attempt_id] = now + _LINK_LIFE


ROUTES = [show_person, show_recording]
