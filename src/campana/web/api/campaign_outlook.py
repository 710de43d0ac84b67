"""Looking at a campaign without touching it: why it is not dialing, what a launch would do."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from campana.domain.clock import wire
from campana.domain.errors import InvalidTransition, NotFound
from campana.domain.ids import numbered
from campana.domain.waiting import Cause, ShownState, WaitReason
from campana.services import outlook, why
from campana.services.outlook import Outlook
from campana.web import examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest


class WhyShape(Shape, frozen=True, kw_only=True):
    """Why a campaign is not dialing, or that it is: `code` for programs, `sentence` for people.

    `until` is when the cause ends by itself, as far as anybody can know.
    """

    state: ShownState
    wait_reason: WaitReason | None
    code: Cause
    sentence: str
    until: Instant | None


class ProblemShape(Shape, frozen=True, kw_only=True):
    """What keeps a draft from being launched: where in it, and why."""

    pointer: str
    message: str


class PlannedShape(Shape, frozen=True, kw_only=True):
    """Attempts to people of these zones in the hour that begins then."""

    hour: Instant
    time_zones: list[str]
    attempts: int


class FirstShape(Shape, frozen=True, kw_only=True):
    """Somebody whose turn comes early, and when."""

    at: Instant
    contact_id: str
    address: str | None
    time_zones: list[str]


class CostShape(Shape, frozen=True, kw_only=True):
    """What the run may cost, in the currency of the price table; decimal numbers as text.

    `highest` is null where a flow may send without end and nothing limits what is spent.
    """

    lowest: str
    highest: str | None


class PreflightShape(Shape, frozen=True, kw_only=True):
    """What a launch now would do. `skipped` counts who would never be contacted, by reason.

    `planned`, `firstAt` and `lastAt` are the run if everybody is reached at the first try; it ends
    between `lastAt` and `latestAt`, the end if every try is in vain. `notReached` are left over at
    the end date. `first` are the twenty whose turn comes first.
    """

    is_ready: bool
    problems: list[ProblemShape]
    warnings: list[str]
    people: int
    eligible: int
    skipped: dict[str, int]
    planned: list[PlannedShape]
    first_at: Instant | None
    last_at: Instant | None
    latest_at: Instant | None
    not_reached: int
    first: list[FirstShape]
    cost: CostShape | None


@post(
    "/campaigns/{campaign_id:str}/preflight",
    status_code=200,
    opt=promise(
        Operation(
            "campaigns.preflight",
            "Foretell what a launch would do, without contacting anyone",
            scope="campaigns:read",
            answer=PreflightShape,
            errors=(NotFound, InvalidTransition),
            example=examples.PREFLIGHT,
        )
    ),
)
async def preflight_campaign(request: ApiRequest, campaign_id: FromPath[str]) -> Response[bytes]:
    await request.refuse_body()
    found = await outlook.look_ahead(
        request.context, workspace_id=request.workspace_id, campaign_id=campaign_id
    )
    return answer(preflight_shape(found))


def preflight_shape(found: Outlook) -> PreflightShape:
    """An outlook as it is shown."""
    run = found.forecast
    return PreflightShape(
        is_ready=not found.problems,
        problems=[
            ProblemShape(pointer=each.pointer or "", message=each.message)
            for each in found.problems
        ],
        warnings=list(found.warnings),
        people=found.people,
        eligible=found.eligible,
        skipped=dict(sorted(found.skipped.items())),
        planned=[
            PlannedShape(
                hour=instant(each.hour), time_zones=list(each.zones), attempts=each.attempts
            )
            for each in (run.planned if run else ())
        ],
        first_at=wire(run.first_at) if run else None,
        last_at=wire(run.last_at) if run else None,
        latest_at=wire(found.latest),
        not_reached=run.not_reached if run else 0,
        first=[
            FirstShape(
                at=instant(each.at),
                contact_id=numbered("ctc", each.person.id),
                address=each.person.address,
                time_zones=list(each.person.zones),
            )
            for each in found.first
        ],
        cost=None
        if found.cost is None
        else CostShape(
            lowest=str(found.cost.lowest),
            highest=None if found.cost.highest is None else str(found.cost.highest),
        ),
    )


@get(
    "/campaigns/{campaign_id:str}/why",
    opt=promise(
        Operation(
            "campaigns.why",
            "Say why a campaign is not dialing",
            scope="campaigns:read",
            answer=WhyShape,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.WHY,
        )
    ),
)
async def campaign_why(request: ApiRequest, campaign_id: FromPath[str]) -> ASGIApp:
    told = await why.why(
        request.context, workspace_id=request.workspace_id, campaign_id=campaign_id
    )
    return shown(
        request,
        WhyShape(
            state=told.state,
            wait_reason=told.wait_reason,
            code=told.cause,
            sentence=told.sentence,
            until=wire(told.until),
        ),
    )


ROUTES = [campaign_why, preflight_campaign]
