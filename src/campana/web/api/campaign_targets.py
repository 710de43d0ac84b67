"""A campaign in numbers and person by person: statistics, targets, their attempts and events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from litestar import get
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import UNSET, Meta, UnsetType

from campana.domain.clock import wire
from campana.domain.disposition import SUCCESSES, Disposition
from campana.domain.errors import NotFound
from campana.domain.ids import attempt_text, number_of, numbered
from campana.domain.target import Target, TargetState
from campana.services import comparing
from campana.store import attempts, campaigns, decisions, targets
from campana.store.attempts import Attempt, StoredEvent
from campana.store.decisions import Decision
from campana.web import examples
from campana.web.answers import Instant, Shape, instant, shown
from campana.web.operations import Operation, promise
from campana.web.query import Cursor, Limit, Query, bad_cursor
from campana.web.request import ApiRequest
from campana.web.variant_shapes import VariantStats, variant_stats


class TargetCounts(Shape, frozen=True, kw_only=True):
    total: int
    waiting: int
    attempting: int
    talking: int
    finished: int


class StatsShape(Shape, frozen=True, kw_only=True):
    """A campaign in numbers. `retries` are attempts that repeat an earlier one of their
    target: with the same message, where a flow has several. Of both something was sent."""

    targets: TargetCounts
    dispositions: dict[str, int]
    attempts: dict[str, int]
    open_attempts: int
    retries: int
    talk_seconds: float
    variants: list[VariantStats] | UnsetType = UNSET
    """With `by=variant`."""


class TargetShape(Shape, frozen=True, kw_only=True):
    """A contact in a campaign. `dueAt` is when a waiting one is tried next, window permitting."""

    id: str
    contact_id: str
    address: str | None
    state: TargetState
    disposition: Disposition | None
    attempt_count: int
    last_reason: str | None
    due_at: Instant | None
    finished_at: Instant | None


class TargetPage(Shape, frozen=True, kw_only=True):
    data: list[TargetShape]
    next_cursor: str | None


class EventShape(Shape, frozen=True, kw_only=True):
    """One thing that happened to an attempt."""

    type: str
    at: Instant
    detail: dict[str, Any]


class AttemptShape(Shape, frozen=True, kw_only=True):
    """One try at one address, with all that happened."""

    id: str
    number: int
    direction: Literal["inbound", "outbound"]
    channel_id: str
    address: str
    state: str
    disposition: Disposition | None
    reason: str | None
    created_at: Instant
    sending_at: Instant | None
    answered_at: Instant | None
    ended_at: Instant | None
    events: list[EventShape]


class DecisionShape(Shape, frozen=True, kw_only=True):
    """Why the person was not contacted: `deferred` to `until`, or `skipped` for good.

    The same deferral over and over is told once, with how many `times`.
    """

    kind: Literal["deferred", "skipped"]
    reason: str
    first_at: Instant
    last_at: Instant
    times: int
    until: Instant | None


class TargetDetail(TargetShape, frozen=True, kw_only=True):
    """A target with its attempts, and with what the gate decided against one; first to last."""

    attempts: list[AttemptShape]
    decisions: list[DecisionShape]


class StatsQuery(Query, frozen=True, kw_only=True):
    by: Literal["variant"] | None = None
    success: Annotated[list[Disposition], Meta(min_length=1, max_length=20)] | None = None
    """With `by=variant`: what counts as a success, with commas; completed and delivered, else."""


class TargetsQuery(Query, frozen=True, kw_only=True):
    cursor: Cursor | None = None
    limit: Limit = 100
    state: TargetState | None = None
    disposition: Disposition | None = None


@get(
    "/campaigns/{campaign_id:str}/stats",
    opt=promise(
        Operation(
            "campaigns.stats",
            "Show a campaign in numbers",
            scope="campaigns:read",
            query=StatsQuery,
            answer=StatsShape,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.STATS,
        )
    ),
)
async def campaign_stats(request: ApiRequest, campaign_id: FromPath[str]) -> ASGIApp:
    asked = request.parameters(StatsQuery)
    now = request.context.clock.now()
    async with request.context.db.read(workspace_id=request.workspace_id) as tx:
        campaign = await campaigns.get(tx, campaign_id=campaign_id, now=now)
        if campaign is None:
            raise NotFound
        counts = await campaigns.counts(tx, campaign_id=campaign_id)
        compared = None
        if asked.by is not None:
            successes = asked.success or SUCCESSES
            compared = await comparing.by_variant(tx, campaign, successes=successes)
    return shown(
        request,
        StatsShape(
            targets=TargetCounts(total=sum(counts.targets.values()), **counts.targets),
            dispositions=dict(counts.dispositions),
            attempts=dict(counts.attempts),
            open_attempts=counts.open_attempts,
            retries=counts.retries,
            talk_seconds=round(counts.talk_seconds, 3),
            variants=UNSET if compared is None else [variant_stats(each) for each in compared],
        ),
    )


@get(
    "/campaigns/{campaign_id:str}/targets",
    opt=promise(
        Operation(
            "campaigns.targets.list",
            "List the people of a campaign and what became of them",
            scope="campaigns:read",
            query=TargetsQuery,
            answer=TargetPage,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.TARGET_PAGE,
        )
    ),
)
async def list_targets(request: ApiRequest, campaign_id: FromPath[str]) -> ASGIApp:
    asked = request.parameters(TargetsQuery)
    after = number_of("tgt", asked.cursor) if asked.cursor else 0
    if after is None:
        raise bad_cursor()
    now = request.context.clock.now()
    async with request.context.db.read(workspace_id=request.workspace_id) as tx:
        if await campaigns.get(tx, campaign_id=campaign_id, now=now) is None:
            raise NotFound
        found = await targets.page(
            tx,
            campaign_id=campaign_id,
            after=after,
            limit=asked.limit + 1,
            state=asked.state,
            disposition=asked.disposition,
        )
    data = [TargetShape(**_facts(target)) for target in found[: asked.limit]]
    return shown(
        request,
        TargetPage(data=data, next_cursor=data[-1].id if len(found) > asked.limit else None),
    )


@get(
    "/campaigns/{campaign_id:str}/targets/{target_id:str}",
    opt=promise(
        Operation(
            "campaigns.targets.get",
            "Show one person of a campaign, with every attempt and what happened in it",
            scope="campaigns:read",
            answer=TargetDetail,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.TARGET_DETAIL,
        )
    ),
)
async def get_target(
    request: ApiRequest, campaign_id: FromPath[str], target_id: FromPath[str]
) -> ASGIApp:
    number = number_of("tgt", target_id)
    if number is None:
        raise NotFound
    async with request.context.db.read(workspace_id=request.workspace_id) as tx:
        target = await targets.get(tx, campaign_id=campaign_id, target_id=number)
        if target is None:
            raise NotFound
        made = await attempts.of_target(tx, target_id=number)
        events = await attempts.events(tx, attempt_ids=[attempt.id for attempt in made])
        decided = await decisions.of_target(tx, target_id=number)
    return shown(
        request,
        TargetDetail(
            **_facts(target),
            attempts=[
                _attempt(attempt, [event for event in events if event.attempt_id == attempt.id])
                for attempt in made
            ],
            decisions=[_decision(each) for each in decided],
        ),
    )


def _facts(target: Target) -> dict[str, Any]:
    return {
        "id": numbered("tgt", target.id),
        "contact_id": numbered("ctc", target.contact_id),
        "address": target.address,
        "state": target.state,
        "disposition": target.disposition,
        "attempt_count": target.attempt_count,
        "last_reason": target.last_reason,
        "due_at": wire(target.due_at),
        "finished_at": wire(target.finished_at),
    }


def _decision(decision: Decision) -> DecisionShape:
    return DecisionShape(
        kind="deferred" if decision.kind == "deferred" else "skipped",
        reason=decision.reason,
        first_at=instant(decision.first_at),
        last_at=instant(decision.last_at),
        times=decision.times,
        until=wire(decision.until),
    )


def _attempt(attempt: Attempt, events: Sequence[StoredEvent]) -> AttemptShape:
    return AttemptShape(
        id=attempt_text(attempt.id),
        number=attempt.attempt_no,
        direction=attempt.direction,
        channel_id=attempt.channel_id,
        address=attempt.address,
        state=attempt.state,
        disposition=attempt.disposition,
        reason=attempt.reason,
        created_at=instant(attempt.created_at),
        sending_at=wire(attempt.sending_at),
        answered_at=wire(attempt.answered_at),
        ended_at=wire(attempt.ended_at),
        events=[
            EventShape(type=event.type, at=instant(event.at), detail=dict(event.detail))
            for event in events
        ],
    )


ROUTES = [campaign_stats, list_targets, get_target]
