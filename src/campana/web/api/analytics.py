"""`/v1/analytics`: what attempts came to, by campaign and in the course of days and hours."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import get
from litestar.types import ASGIApp
from msgspec import Meta

from campana.domain.errors import NotFound
from campana.services import attempt_report
from campana.services.attempt_report import Sums
from campana.store.attempt_report import Group
from campana.web import analytics_examples as examples
from campana.web.answers import Shape, shown
from campana.web.operations import Operation, promise
from campana.web.query import Limit, Query
from campana.web.request import ApiRequest

Day = Annotated[
    str,
    Meta(
        min_length=10,
        max_length=10,
        description="A day such as `2026-03-09`, inclusive, of the workspace's time zone; at most"
        " 92 of them, and without any the last seven.",
    ),
]


class SumsShape(Shape, frozen=True, kw_only=True):
    """Attempts, those that reached somebody, their share (null without attempts), and what they
    cost in the currency of the price table (null where nothing has a price)."""

    attempts: int
    reached: int
    share: float | None
    talk_seconds: float
    cost: float | None


class CampaignSums(SumsShape, frozen=True, kw_only=True):
    campaign_id: str
    name: str


class DaySums(SumsShape, frozen=True, kw_only=True):
    date: str


class ChannelSums(SumsShape, frozen=True, kw_only=True):
    channel_id: str
    name: str


class HourSums(Shape, frozen=True, kw_only=True):
    """An hour of the day on the clocks of the people tried."""

    hour: int
    attempts: int
    reached: int


class PeopleSums(Shape, frozen=True, kw_only=True):
    """People tried; reached of them; of these, gone through with to the end."""

    tried: int
    reached: int
    completed: int


class AnalyticsShape(Shape, frozen=True, kw_only=True):
    """The days it is about, both inclusive, in `timeZone`."""

    date_from: str
    date_to: str
    time_zone: str
    total: SumsShape


class CampaignAnalytics(AnalyticsShape, frozen=True, kw_only=True):
    """`data` has those with the most attempts first; `campaigns` how many there are in all."""

    data: list[CampaignSums]
    campaigns: int


class TrendAnalytics(AnalyticsShape, frozen=True, kw_only=True):
    """`days` and `hours` are complete. `bestHour` is null while no hour has twenty attempts."""

    people: PeopleSums
    days: list[DaySums]
    hours: list[HourSums]
    best_hour: int | None
    channels: list[ChannelSums]
    outcomes: dict[str, int]


class CampaignAnalyticsQuery(Query, frozen=True, kw_only=True):
    date_from: Day | None = None
    date_to: Day | None = None
    limit: Limit = 100


class TrendsQuery(Query, frozen=True, kw_only=True):
    date_from: Day | None = None
    date_to: Day | None = None
    campaign_id: Annotated[str, Meta(max_length=100)] | None = None
    """Of one campaign; without days since its launch."""


@get(
    "/analytics/campaigns",
    opt=promise(
        Operation(
            "analytics.campaigns",
            "Sum up the attempts of each campaign over some days",
            scope="analytics:read",
            query=CampaignAnalyticsQuery,
            answer=CampaignAnalytics,
            is_conditional=True,
            example=examples.CAMPAIGNS,
        )
    ),
)
async def analyze_campaigns(request: ApiRequest) -> ASGIApp:
    asked = request.parameters(CampaignAnalyticsQuery)
    found = await attempt_report.sums(
        request.context,
        workspace_id=request.workspace_id,
        first=asked.date_from,
        last=asked.date_to,
    )
    of_campaigns = [each for each in found.campaigns if each.key]
    return shown(
        request,
        CampaignAnalytics(
            **_period(found),
            data=[
                CampaignSums(
                    campaign_id=each.key, name=found.names.get(each.key, each.key), **_sums(each)
                )
                for each in of_campaigns[: asked.limit]
            ],
            campaigns=len(of_campaigns),
        ),
    )


@get(
    "/analytics/trends",
    opt=promise(
        Operation(
            "analytics.trends",
            "Sum up attempts by day, hour, channel and outcome",
            scope="analytics:read",
            query=TrendsQuery,
            answer=TrendAnalytics,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.TRENDS,
        )
    ),
)
async def analyze_trends(request: ApiRequest) -> ASGIApp:
    asked = request.parameters(TrendsQuery)
    found = await attempt_report.report(
        request.context,
        workspace_id=request.workspace_id,
        first=asked.date_from,
        last=asked.date_to,
        campaign_id=asked.campaign_id,
    )
    sums = found.sums
    return shown(
        request,
        TrendAnalytics(
            **_period(sums),
            people=PeopleSums(
                tried=found.people.tried,
                reached=found.people.reached,
                completed=found.people.completed,
            ),
            days=[DaySums(date=each.key, **_sums(each)) for each in sums.days],
            hours=[
                HourSums(hour=each.hour, attempts=each.attempts, reached=each.reached)
                for each in found.hours
            ],
            best_hour=found.best_hour.hour if found.best_hour else None,
            channels=[
                ChannelSums(
                    channel_id=each.key, name=sums.names.get(each.key, each.key), **_sums(each)
                )
                for each in sums.channels
            ],
            outcomes={each.key: each.attempts for each in sums.outcomes},
        ),
    )


def _period(found: Sums) -> dict[str, Any]:
    return {
        "date_from": found.first.isoformat(),
        "date_to": found.last.isoformat(),
        "time_zone": found.zone,
        "total": SumsShape(**_sums(found)),
    }


def _sums(of: Group | Sums) -> dict[str, Any]:
    return {
        "attempts": of.attempts,
        "reached": of.reached,
        "share": attempt_report.share(of),
        "talk_seconds": round(of.talk_seconds, 3),
        "cost": None if of.cost is None else round(float(of.cost), 6),
    }


ROUTES = [analyze_campaigns, analyze_trends]
