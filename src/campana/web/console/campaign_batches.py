"""The same done to every chosen campaign of the list, told in one answer, and taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, post

from campana.domain.campaign import Action, Campaign, CampaignState
from campana.domain.errors import CampanaError, FieldProblem, InvalidParameter
from campana.services import auditing, board, campaign_batches
from campana.services.board import Line
from campana.services.campaign_batches import Done, Undone
from campana.web.console.campaign_acts import place_of, require_typed, undo_of
from campana.web.console.forms import said_of
from campana.web.console.language import marked, say, say_many
from campana.web.console.pages import done, page
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.console.review import TYPED_ABOVE
from campana.web.console.words import words
from campana.web.errors import status_of

_CONTROL = "campaigns:control"
_ACTIONS = {each.value: each for each in Action if each is not Action.LAUNCH}
_ENDS = (CampaignState.CANCELLED, CampaignState.COMPLETED, CampaignState.EXPIRED)
_LONG = 60
"""Characters of a name in a note."""


@post("/campaigns/batch", opt=needs(_CONTROL, action="campaign.batch"))
@guarded
async def act_on_chosen(request: PageRequest) -> Response[Any]:
    """Any but a launch; a cancel is asked again, with what it would end."""
    given = await request.fields()
    ids = list(dict.fromkeys(await request.all_of("campaign")))
    action = _ACTIONS.get(given.get("then", ""))
    if action is None:
        problem = FieldProblem(pointer="/then", message=marked("is no action"))
        raise InvalidParameter(problems=[problem])
    if not ids:
        said = say("Choose at least one campaign first.")
        return done(place_of(given), said, is_done=False)
    lines = await board.named(request.context, workspace_id=request.workspace_id, campaign_ids=ids)
    if action is Action.CANCEL and lines:
        try:
            is_sure = given.get("sure") == "yes"
            if is_sure and _waiting(lines) > TYPED_ABOVE:
                require_typed(given.get("typed"), _to_type(lines))
        except InvalidParameter as error:
            return _asked_again(request, given, lines, error=error)
        if not is_sure:
            return _asked_again(request, given, lines)
    return await _acted(request, given, ids, action, {each.found.id: each for each in lines})


@post("/campaigns/undo", opt=needs(_CONTROL, action="campaign.undo"))
@guarded
async def undo_action(request: PageRequest) -> Response[Any]:
    """Take back what the note before this told of, where nothing else has happened since."""
    given = await request.fields()
    versions = _versions(await request.all_of("undo"))
    for campaign_id in versions:
        asked = request.asked("campaign.undo", subject=campaign_id)
        await auditing.note_asked(request.context, asked)
    found = await campaign_batches.undo(
        request.context,
        workspace_id=request.workspace_id,
        versions=versions,
        actor=request.actor,
    )
    for each in found:
        if not each.is_undone:
            asked = request.asked("campaign.undo", subject=each.campaign.id)
            await auditing.note_refused(request.context, asked, why="it has changed since")
    undone = [each.campaign for each in found if each.is_undone]
    said = _counted_back(undone)
    left = [each for each in found if not each.is_undone]
    if left or not found:
        said.append(say("Not taken back, as something else has happened since:"))
    only = next(iter(versions)) if len(versions) == 1 else None
    return done(
        place_of(given, only),
        " ".join(said),
        lines=[_since(each) for each in left],
        is_done=bool(undone),
    )


async def _acted(
    request: PageRequest,
    given: Mapping[str, str],
    ids: Sequence[str],
    action: Action,
    lines: Mapping[str, Line],
) -> Response[Any]:
    asked = {each: request.asked(f"campaign.{action}", subject=each) for each in ids}
    for each in ids:
        await auditing.note_asked(request.context, asked[each])
    made = await campaign_batches.act(
        request.context,
        workspace_id=request.workspace_id,
        campaign_ids=ids,
        action=action,
        actor=request.actor,
    )
    for each in made:
        if each.problem is not None:
            await auditing.note_refused(
                request.context, asked[each.campaign_id], why=str(each.problem)
            )
    refused = [each for each in made if each.problem is not None]
    changed = sum(each.is_changed for each in made)
    said = _counted(action, changed) if changed else ""
    if already := len(made) - changed - len(refused):
        said += f" {_counted_already(action, already)}"
    if refused:
        said += " " + say_many(
            "%(count)s is left as it is:", "%(count)s are left as they are:", len(refused)
        )
    return done(
        place_of(given),
        said.strip(),
        lines=[_left(each, lines.get(each.campaign_id)) for each in refused],
        undo=undo_of(made, given),
        is_done=len(refused) < len(made),
    )


def _asked_again(
    request: PageRequest,
    given: Mapping[str, str],
    lines: Sequence[Line],
    *,
    error: CampanaError | None = None,
) -> Response[str]:
    """The page that says what would end, and takes the word for it."""
    ending = [each for each in lines if each.found.state not in _ENDS]
    return page(
        request,
        "campaign_batch.html",
        status=status_of(error) if error else 200,
        lines=lines,
        ending=ending,
        waiting=_waiting(lines),
        to_type=_to_type(lines) if _waiting(lines) > TYPED_ABOVE else None,
        problems=said_of(error) if error else {},
        back=given.get("back", "")[:2000],
        path=place_of(given),
    )


def _waiting(lines: Sequence[Line]) -> int:
    """People who would not be contacted any more."""
    return sum(each.waiting for each in lines if each.found.state not in _ENDS)


def _to_type(lines: Sequence[Line]) -> str:
    """The name of the only one that ends, or how many do."""
    ending = [each for each in lines if each.found.state not in _ENDS]
    if len(ending) == 1:
        return ending[0].found.name
    return say("cancel %(count)s", count=len(ending))


def _counted_back(undone: Sequence[Campaign]) -> list[str]:
    """How many were taken back, by what they have become by it."""
    states = [each.state for each in undone]
    going, paused = (states.count(each) for each in (CampaignState.RUNNING, CampaignState.PAUSED))
    ended = [each.archived for each in undone if each.state in _ENDS]
    away, back = ended.count(True), ended.count(False)
    said: list[str] = []
    if going:
        said.append(
            say_many(
                "Taken back: %(count)s campaign goes on.",
                "Taken back: %(count)s campaigns go on.",
                going,
            )
        )
    if paused:
        said.append(
            say_many(
                "Taken back: %(count)s campaign is paused.",
                "Taken back: %(count)s campaigns are paused.",
                paused,
            )
        )
    if away:
        said.append(
            say_many(
                "Taken back: %(count)s campaign is archived.",
                "Taken back: %(count)s campaigns are archived.",
                away,
            )
        )
    if back:
        said.append(
            say_many(
                "Taken back: %(count)s campaign is in the list.",
                "Taken back: %(count)s campaigns are in the list.",
                back,
            )
        )
    return said


def _counted(action: Action, count: int) -> str:
    if action is Action.PAUSE:
        return say_many(
            "%(count)s campaign paused: nobody is contacted anew.",
            "%(count)s campaigns paused: nobody is contacted anew.",
            count,
        )
    if action is Action.RESUME:
        return say_many("%(count)s campaign goes on.", "%(count)s campaigns go on.", count)
    if action is Action.ARCHIVE:
        return say_many("%(count)s campaign archived.", "%(count)s campaigns archived.", count)
    if action is Action.UNARCHIVE:
        return say_many(
            "%(count)s campaign is back in the list.",
            "%(count)s campaigns are back in the list.",
            count,
        )
    return say_many(
        "%(count)s campaign cancelled: whoever still waited will not be contacted.",
        "%(count)s campaigns cancelled: whoever still waited will not be contacted.",
        count,
    )


def _counted_already(action: Action, count: int) -> str:
    if action is Action.PAUSE:
        return say_many("%(count)s was paused already.", "%(count)s were paused already.", count)
    if action is Action.RESUME:
        return say_many("%(count)s ran already.", "%(count)s ran already.", count)
    if action is Action.ARCHIVE:
        return say_many(
            "%(count)s was archived already.", "%(count)s were archived already.", count
        )
    if action is Action.UNARCHIVE:
        return say_many(
            "%(count)s was in the list already.", "%(count)s were in the list already.", count
        )
    return say_many("%(count)s was cancelled already.", "%(count)s were cancelled already.", count)


def _left(made: Done, line: Line | None) -> str:
    """Which campaign was not touched, and how it stands."""
    if line is None:
        return say("%(id)s: there is no such campaign", id=made.campaign_id[:_LONG])
    return f"{_short(line.found.name)}: {words(line.found.state)}"


def _since(each: Undone) -> str:
    """What happened to a campaign since."""
    name, state = _short(each.campaign.name), words(each.campaign.state)
    if each.last is None:
        return f"{name}: {state}"
    return say(
        "%(name)s: %(state)s; last %(action)s, %(actor)s, %(at)s UTC",
        name=name,
        state=state,
        action=words(each.last.action).lower(),
        actor=each.last.actor[:_LONG],
        at=f"{each.last.at:%H:%M:%S}",
    )


def _short(name: str) -> str:
    return name if len(name) <= _LONG else f"{name[: _LONG - 1]}…"


def _versions(texts: Sequence[str]) -> dict[str, int]:
    """Campaign to the version that it was left with.

    Raises:
        InvalidParameter: it is nothing that a page of ours sends.
    """
    found: dict[str, int] = {}
    for text in texts:
        campaign_id, _, version = text.rpartition(":")
        if not (version.isascii() and version.isdecimal() and len(version) < 10):
            problem = FieldProblem(pointer="/undo", message=marked("is no version"))
            raise InvalidParameter(problems=[problem])
        found[campaign_id] = int(version)
    return found


ROUTES = [act_on_chosen, undo_action]
