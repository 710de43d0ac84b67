"""A campaign made and changed page by page; each page that is sent is stored in the draft.

Two people may have the same draft open. Who comes second loses nothing: a page whose fields nobody
else touched is stored beside what the other stored, else they are shown what changed, with all
they typed, and say what is to hold.

The page of hours and pace is there for a campaign that was launched as well, until it is over: what
it says holds before it answers. No other page is, and no page that was opened while it was a draft.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from campana.domain.campaign import Campaign, CampaignState
from campana.domain.errors import (
    CampanaError,
    FieldProblem,
    InvalidParameter,
    InvalidTransition,
    NotFound,
    VersionMismatch,
)
from campana.services import campaign_bots, campaigns, documents, preflight
from campana.web.console import draft_choices, drafts
from campana.web.console.draft_content import CONTENT
from campana.web.console.draft_pages import BASICS, CHANNEL, PEOPLE
from campana.web.console.draft_timing import TIMING
from campana.web.console.drafts import Step
from campana.web.console.forms import said_of
from campana.web.console.language import in_words, marked, say
from campana.web.console.pages import done, page, to
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.console.together import marks, marks_of
from campana.web.errors import status_of

STEPS: Sequence[Step] = (BASICS, PEOPLE, CHANNEL, CONTENT, TIMING)
_BY_PATH: Mapping[str, Step] = {step.path: step for step in STEPS}
_WRITE = "campaigns:write"
_CHANGED_WHILE = {CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.TRIPPED}
_RACES = 5
"""How often a page is tried again because somebody stored another page in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Changed:
    """A field that somebody else changed: what it says now, and whether this page keeps its own."""

    field: str
    now: str
    is_mine_kept: bool


@get("/campaigns/new", opt=needs(_WRITE))
async def new_campaign(request: PageRequest) -> Response[Any]:
    return await _page(request, BASICS, None, values=BASICS.show({}))


@post("/campaigns/new", opt=needs(_WRITE, action="campaign.create"))
@guarded
async def create_campaign(request: PageRequest) -> Response[Any]:
    typed, _ = await typed_of(request, BASICS)
    values = {
        key: value for key, value in BASICS.read(typed, {}).values.items() if value is not None
    }
    try:
        made = await campaigns.create(
            request.context, workspace_id=request.workspace_id, raw=values
        )
    except CampanaError as error:
        return await _page(
            request, BASICS, None, values=typed, status=status_of(error),
            problems=said_of_step(BASICS, error, typed),
        )  # fmt: skip
    return to(_path(made.id, PEOPLE))


@get("/campaigns/{campaign_id:str}/edit/{step:str}", opt=needs(_WRITE))
async def show_step(
    request: PageRequest, campaign_id: FromPath[str], step: FromPath[str]
) -> Response[Any]:
    shown = _step(step)
    campaign = await campaigns.get(
        request.context, workspace_id=request.workspace_id, campaign_id=campaign_id
    )
    _check_open(shown, campaign)
    values = shown.show(campaign_bots.as_written(campaign.document))
    problems: dict[str, str] = {}
    if request.query_params.get("mend"):
        blocking = await _blocking(request, campaign)
        ours = [each for each in blocking if shown.place_of(each.pointer or "") is not None]
        problems = drafts.placed(shown, ours, values)
    return await _page(request, shown, campaign, values=values, problems=problems)


@post("/campaigns/{campaign_id:str}/edit/{step:str}", opt=needs(_WRITE, action="campaign.change"))
@guarded
async def save_step(
    request: PageRequest, campaign_id: FromPath[str], step: FromPath[str]
) -> Response[Any]:
    shown = _step(step)
    typed, given = await typed_of(request, shown)
    version, seen = given.get("version", ""), marks_of(given.get("seen", ""))
    for _ in range(_RACES):
        campaign = await campaigns.get(
            request.context, workspace_id=request.workspace_id, campaign_id=campaign_id
        )
        if not seen and version != str(campaign.version):
            raise VersionMismatch
        if changed := _changed_by_others(shown, campaign, seen=seen, typed=typed):
            return await _conflict(request, shown, campaign, changed, typed)
        try:
            _check_known(shown, campaign, is_known_launched=bool(given.get("launched")))
            await _store(request, shown, campaign, typed)
        except VersionMismatch:
            continue
        except CampanaError as error:
            return await _page(
                request, shown, campaign, values=typed, status=status_of(error),
                problems=said_of_step(shown, error, typed),
            )  # fmt: skip
        if campaign.state is not CampaignState.DRAFT:
            return done(f"/campaigns/{campaign_id}", say("Changed, and it holds already."))
        is_alone = version == str(campaign.version)
        return await _onward(request, shown, campaign_id, given, is_alone=is_alone)
    raise VersionMismatch


@post("/campaigns/{campaign_id:str}/copy", opt=needs(_WRITE, action="campaign.copy"))
@guarded
async def copy_campaign(request: PageRequest, campaign_id: FromPath[str]) -> Response[Any]:
    made = await campaigns.copy(
        request.context, workspace_id=request.workspace_id, campaign_id=campaign_id
    )
    return done(_path(made.id, BASICS), say("A draft like the other. Give it a name of its own."))


def mend_link(campaign_id: str, pointer: str | None) -> str | None:
    """Where what a pointer speaks of is written; None where no page has it."""
    step = next((each for each in STEPS if each.place_of(pointer or "")), None)
    return f"{_path(campaign_id, step)}?mend=1" if step else None


async def _store(
    request: PageRequest, step: Step, campaign: Campaign, typed: Mapping[str, str]
) -> None:
    """The page's part of the document, stored on the version that was just read."""
    document = campaign_bots.as_written(campaign.document)
    part = await asyncio.to_thread(step.read, typed, document)
    # A bot that takes another's place is put there whole.
    before = campaign_bots.before(document, part.values)
    patch = drafts.patch_of(before, part.values)
    unwritable = drafts.nulls(part.values, before)
    if not part.problems and not unwritable:
        if patch:
            await campaigns.change(
                request.context,
                workspace_id=request.workspace_id,
                campaign_id=campaign.id,
                patch=patch,
                version=campaign.version,
            )
        return
    problems = [
        *(FieldProblem(parameter=name, message=text) for name, text in part.problems.items()),
        *unwritable,
    ]
    try:
        # What can be read is asked about all the same, so that everything is told at once.
        await campaigns.check(
            request.context,
            workspace_id=request.workspace_id,
            raw=documents.merge(before, patch),
        )
    except InvalidParameter as error:
        problems += error.problems
    raise InvalidParameter(problems=problems)


async def _onward(
    request: PageRequest, step: Step, campaign_id: str, given: Mapping[str, str], *, is_alone: bool
) -> Response[Any]:
    """Where the person wants to go; to the same page when what is said there cannot run."""
    told = "" if is_alone else say("Somebody else changed other pages of this draft meanwhile.")
    wish = given.get("go", "")
    if wish == "leave":
        kept = say("The draft is kept.")
        return done(f"/campaigns/{campaign_id}", f"{kept} {told}".strip())
    if wish in _BY_PATH:
        return _to(_path(campaign_id, _BY_PATH[wish]), told)
    if step is CONTENT and any(given.get(name, "").strip() for name in ("bot", "kept", "flow")):
        campaign = await campaigns.get(
            request.context, workspace_id=request.workspace_id, campaign_id=campaign_id
        )
        found = await _blocking(request, campaign)
        if any(CONTENT.place_of(each.pointer or "") for each in found):
            kept = say("It is kept, and cannot be launched like this.")
            return done(f"{_path(campaign_id, CONTENT)}?mend=1", f"{kept} {told}".strip())
    place = STEPS.index(step) + 1
    if wish == "review" or place == len(STEPS):
        return _to(f"/campaigns/{campaign_id}/review", told)
    return _to(_path(campaign_id, STEPS[place]), told)


def _to(path: str, told: str) -> Response[Any]:
    return done(path, told) if told else to(path)


def _changed_by_others(
    step: Step, campaign: Campaign, *, seen: Mapping[str, str], typed: Mapping[str, str]
) -> list[_Changed]:
    """Fields that say something else than when the page was opened, and than what was typed."""
    now = step.show(campaign_bots.as_written(campaign.document))
    return [
        _Changed(field=name, now=now[name], is_mine_kept=drafts.mark(typed[name]) != seen[name])
        for name in step.fields
        if name in seen
        and seen[name] != (held := drafts.mark(now[name]))
        and held != drafts.mark(typed[name])
    ]


async def _conflict(
    request: PageRequest,
    step: Step,
    campaign: Campaign,
    changed: Sequence[_Changed],
    typed: Mapping[str, str],
) -> Response[Any]:
    """What changed, and the page with all that was typed; what was not touched says the newest."""
    newest = {each.field: each.now for each in changed if not each.is_mine_kept}
    return await _page(
        request, step, campaign, values={**typed, **newest}, changed=changed,
        status=status_of(VersionMismatch()),
    )  # fmt: skip


async def _page(
    request: PageRequest,
    step: Step,
    campaign: Campaign | None,
    *,
    values: Mapping[str, str],
    problems: Mapping[str, str] | None = None,
    changed: Sequence[_Changed] = (),
    status: int = 200,
) -> Response[str]:
    document = campaign_bots.as_written(campaign.document) if campaign else {}
    choices = await draft_choices.of(request, step, document, values)
    shown = step.show(document)
    return page(
        request,
        "wizard.html",
        status=status,
        step=step,
        steps=STEPS,
        campaign=campaign,
        document=document,
        values={**values, **choices.examples},
        choices=choices,
        problems=dict(problems or {}),
        changed=changed,
        seen=marks({name: shown[name] for name in step.fields}),
    )


async def typed_of(request: PageRequest, step: Step) -> tuple[dict[str, str], Mapping[str, str]]:
    """The page's fields as they were typed, space and all, and the whole form."""
    sent = dict(await request.texts())
    return {name: sent.get(name, "") for name in step.fields}, sent


def said_of_step(step: Step, error: CampanaError, typed: Mapping[str, str]) -> dict[str, str]:
    if not error.problems:
        return said_of(error)
    pointed = [each for each in error.problems if each.parameter is None]
    told = drafts.placed(step, pointed, typed)
    for each in error.problems:
        if each.parameter is not None:
            said = in_words(each.message)
            told[each.parameter] = said[:1].upper() + said[1:]
    return told


def _check_open(step: Step, campaign: Campaign) -> None:
    """Whether this page of it can be written at all.

    Raises:
        InvalidTransition
    """
    if campaign.state is CampaignState.DRAFT:
        return
    if step is not TIMING:
        raise InvalidTransition(marked("it was launched: only its hours and pace are changed here"))
    if campaign.state not in _CHANGED_WHILE:
        raise InvalidTransition(marked("it is over: it does not change any more"))


def _check_known(step: Step, campaign: Campaign, *, is_known_launched: bool) -> None:
    """A page of a draft changes nothing of what was launched meanwhile.

    Raises:
        InvalidTransition
    """
    _check_open(step, campaign)
    if campaign.state is not CampaignState.DRAFT and not is_known_launched:
        raise InvalidTransition(
            marked("it was launched meanwhile: save again to change it while it runs")
        )


async def _blocking(request: PageRequest, campaign: Campaign) -> Sequence[FieldProblem]:
    """What would keep it from being launched."""
    async with request.context.db.read(workspace_id=request.workspace_id) as tx:
        try:
            return await preflight.blocking(tx, request.context, campaign)
        except InvalidParameter as error:
            return error.problems


def _step(path: str) -> Step:
    if path not in _BY_PATH:
        raise NotFound
    return _BY_PATH[path]


def _path(campaign_id: str, step: Step) -> str:
    return f"/campaigns/{campaign_id}/edit/{step.path}"


ROUTES = [new_campaign, create_campaign, show_step, save_step, copy_campaign]
