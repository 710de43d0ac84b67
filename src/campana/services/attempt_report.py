"""What the attempts of some days came to: how far people got, when they are reached, by what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from campana.domain.disposition import PERSON_REACHED
from campana.domain.errors import FieldProblem, InvalidParameter
from campana.domain.window import zone_named
from campana.services import campaigns, comparing
from campana.services.comparing import Compared
from campana.services.context import Context
from campana.services.defusing import csv_lines
from campana.services.policy import policy_of
from campana.store import attempt_report as store
from campana.store import policies
from campana.store.attempt_report import Group, HalfHour, Kind, People, Span

MOST_DAYS = 92
USUAL_DAYS = 7
ENOUGH = 20
"""Attempts an hour of the day needs before it can be called the best one."""

_FIRST, _LAST = date(2000, 1, 1), date(2999, 12, 31)
_EXAMPLE = date(2026, 3, 9)
_COLUMNS = ("by", "key", "name", "attempts", "reached", "share", "talk_seconds", "cost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """An hour of the day where the people are, over all days."""

    hour: int
    attempts: int
    reached: int

    @property
    def share(self) -> float:
        """Of the attempts, those that reached somebody; 0 to 1."""
        return self.reached / self.attempts if self.attempts else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Of the days `first` to `last`, both included, in `zone`."""

    first: date
    last: date
    zone: str
    campaign_name: str | None
    people: People
    days: Sequence[Group]
    """Every day, also those without an attempt."""
    outcomes: Sequence[Group]
    channels: Sequence[Group]
    campaigns: Sequence[Group]
    hours: Sequence[Hour]
    """All twenty-four."""
    variants: Sequence[Compared]
    """Of a campaign that has any; counted since its launch, not in these days alone."""
    names: dict[str, str]
    """Of channels and campaigns, by id."""

    @property
    def attempts(self) -> int:
        """Made in these days."""
        return sum(each.attempts for each in self.days)

    @property
    def reached(self) -> int:
        """Of the attempts, those that reached somebody."""
        return sum(each.reached for each in self.days)

    @property
    def talk_seconds(self) -> float:
        """Spoken, in all."""
        return sum(each.talk_seconds for each in self.days)

    @property
    def cost(self) -> Decimal | None:
        """What they cost, in the currency of the price table; None where nothing has a price."""
        known = [each.cost for each in self.days if each.cost is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def best_hour(self) -> Hour | None:
        """The one with the largest share reached, among those that say anything."""
        known = [each for each in self.hours if each.attempts >= ENOUGH]
        return max(known, key=lambda each: each.share, default=None)


async def report(
    context: Context,
    *,
    workspace_id: int,
    first: str = "",
    last: str = "",
    campaign_id: str = "",
) -> Report:
    """The report of these days, as ISO dates.

    Without them it is of the last seven, of a campaign since its launch, of 92 at most.

    Raises:
        InvalidParameter: no date, the wrong way round, or more than 92 days.
        NotFound: there is no such campaign.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        zone = policy_of(await policies.get(tx, workspace_id=workspace_id)).zone
    campaign, since = None, None
    if campaign_id:
        campaign = await campaigns.get(context, workspace_id=workspace_id, campaign_id=campaign_id)
        since = campaign.launched_at and campaign.launched_at.astimezone(zone).date()
    days = _days(first, last, today=context.clock.now().astimezone(zone).date(), since=since)
    span = Span(
        workspace_id=workspace_id,
        since=_midnight(days[0], zone),
        before=_midnight(days[1] + timedelta(days=1), zone),
        campaign_id=campaign.id if campaign else None,
    )
    async with context.db.read(workspace_id=workspace_id) as tx:
        groups = await store.groups(tx, span, zone=zone.key, reached=PERSON_REACHED)
        halves = await store.half_hours(tx, span, reached=PERSON_REACHED)
        people = await store.people(tx, span, reached=PERSON_REACHED, done=comparing.SUCCESSES)
        named = [each.key for each in groups if each.kind in ("channel", "campaign")]
        names = await store.names(tx, workspace_id=workspace_id, ids=named)
        variants = await comparing.by_variant(tx, campaign) if campaign else []
    return Report(
        first=days[0],
        last=days[1],
        zone=zone.key,
        campaign_name=campaign.name if campaign else None,
        people=people,
        days=_every_day(days, _of(groups, "day")),
        outcomes=_of(groups, "outcome"),
        channels=_of(groups, "channel"),
        campaigns=_of(groups, "campaign"),
        hours=_by_hour(halves, zone),
        variants=variants,
        names=names,
    )


async def as_csv(found: Report) -> AsyncIterator[bytes]:
    """All its sums as one file, a line each."""
    yield csv_lines([_COLUMNS])
    yield csv_lines(_rows(found))


def _rows(found: Report) -> Iterator[Sequence[object]]:
    for group in (*found.days, *found.channels, *found.campaigns, *found.outcomes):
        share = round(group.reached / group.attempts, 4) if group.attempts else None
        yield (
            group.kind,
            group.key,
            found.names.get(group.key),
            group.attempts,
            group.reached,
            share,
            round(group.talk_seconds, 3),
            group.cost,
        )
    for hour in found.hours:
        share = round(hour.share, 4) if hour.attempts else None
        yield ("hour", hour.hour, None, hour.attempts, hour.reached, share, None, None)


def _days(first: str, last: str, *, today: date, since: date | None) -> tuple[date, date]:
    problems: list[FieldProblem] = []
    begin, end = _date("dateFrom", first, problems), _date("dateTo", last, problems)
    if not problems:
        end = end or max(today, begin or today)
        usual = end - timedelta(days=USUAL_DAYS - 1)
        most = end - timedelta(days=MOST_DAYS - 1)
        begin = begin or max(most, min(since or usual, end))
        if begin > end:
            said = "must not lie before the first day"
            problems.append(FieldProblem(parameter="dateTo", message=said))
        elif (end - begin).days >= MOST_DAYS:
            said = f"must lie within {MOST_DAYS} days of the first"
            problems.append(FieldProblem(parameter="dateTo", message=said))
    if problems or begin is None or end is None:
        raise InvalidParameter(problems=problems)
    return begin, end


def _date(name: str, text: str, problems: list[FieldProblem]) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not _FIRST <= found <= _LAST:
        said = f"must be a date such as {_EXAMPLE}"
        problems.append(FieldProblem(parameter=name, message=said))
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)


def _of(groups: Sequence[Group], kind: Kind) -> list[Group]:
    own = [each for each in groups if each.kind == kind]
    return sorted(own, key=lambda each: (-each.attempts, each.key))


def _every_day(days: tuple[date, date], known: Sequence[Group]) -> list[Group]:
    by_day = {each.key: each for each in known}
    found: list[Group] = []
    for number in range((days[1] - days[0]).days + 1):
        key = (days[0] + timedelta(days=number)).isoformat()
        none = Group(kind="day", key=key, attempts=0, reached=0, talk_seconds=0.0, cost=None)
        found.append(by_day.get(key, none))
    return found


def _by_hour(halves: Sequence[HalfHour], zone: ZoneInfo) -> list[Hour]:
    attempts, reached = [0] * 24, [0] * 24
    for each in halves:
        local = each.began_at.astimezone(zone_named(each.zone or "") or zone).hour
        attempts[local] += each.attempts
        reached[local] += each.reached
    return [Hour(hour=n, attempts=attempts[n], reached=reached[n]) for n in range(24)]
