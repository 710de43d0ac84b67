"""What the attempts of some days came to: how far people got, when they are reached, by what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from campana.domain.campaign import Campaign
from campana.domain.disposition import PERSON_REACHED, SUCCESSES
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
from campana.store.db import Tx

MOST_DAYS = 92
USUAL_DAYS = 7
OUTSIDE = "Outside campaigns"
"""What attempts of no campaign are called in files, which are in English."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Of the days `first` to `last`, both included, in `zone`."""

    first: date
    last: date
    zone: str
    days: Sequence[Group]
    """Every day, also those without an attempt."""
    outcomes: Sequence[Group]
    channels: Sequence[Group]
    campaigns: Sequence[Group]
    """With an empty key for what belongs to none: answers of a person, tests of a channel."""
    names: Mapping[str, str]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The sums, and how far people got, when they are reached, by which variant."""

    sums: Sums
    campaign_name: str | None
    people: People
    hours: Sequence[Hour]
    """All twenty-four."""
    variants: Sequence[Compared]
    """Of a campaign that has any; counted since its launch, not in these days alone."""

    @property
    def best_hour(self) -> Hour | None:
        """The one with the largest share reached, among those that say anything."""
        known = [each for each in self.hours if each.attempts >= ENOUGH]
        return max(known, key=lambda each: each.reached / each.attempts, default=None)


def share(of: Group | Hour | Sums) -> float | None:
    """Of the attempts, those that reached somebody: 0 to 1; None without attempts."""
    return round(of.reached / of.attempts, 4) if of.attempts else None


async def sums(
    context: Context, *, workspace_id: int, first: str | None = None, last: str | None = None
) -> Sums:
    """Of all campaigns on these days, as ISO dates; without them, of the last seven.

    Raises:
        InvalidParameter: no date, the wrong way round, or more than 92 days.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        asked = await _asked(tx, context, workspace_id, first=first, last=last, campaign=None)
        return await _sums(tx, asked)


async def report(
    context: Context,
    *,
    workspace_id: int,
    first: str | None = None,
    last: str | None = None,
    campaign_id: str | None = None,
) -> Report:
    """Of these days; without them of the last seven, of a campaign since its launch (92 at most).

    Raises:
        InvalidParameter: no date, the wrong way round, or more than 92 days.
        NotFound: there is no such campaign.
    """
    campaign = None
    if campaign_id:
        campaign = await campaigns.get(context, workspace_id=workspace_id, campaign_id=campaign_id)
    async with context.db.read(workspace_id=workspace_id) as tx:
        asked = await _asked(tx, context, workspace_id, first=first, last=last, campaign=campaign)
        return Report(
            sums=await _sums(tx, asked),
            campaign_name=campaign.name if campaign else None,
            people=await store.people(tx, asked.span, reached=PERSON_REACHED, done=SUCCESSES),
            hours=_by_hour(
                await store.half_hours(tx, asked.span, reached=PERSON_REACHED), asked.zone
            ),
            variants=await comparing.by_variant(tx, campaign) if campaign else [],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Days of a zone, and their attempts."""

    first: date
    last: date
    zone: ZoneInfo
    span: Span


async def _asked(
    tx: Tx,
    context: Context,
    workspace_id: int,
    *,
    first: str | None,
    last: str | None,
    campaign: Campaign | None,
) -> _Asked:
    zone = policy_of(await policies.get(tx, workspace_id=workspace_id)).zone
    launched_at = campaign.launched_at if campaign else None
    begin, end = _days(
        first,
        last,
        today=context.clock.now().astimezone(zone).date(),
        since=launched_at.astimezone(zone).date() if launched_at else None,
    )
    span = Span(
        workspace_id=workspace_id,
        since=_midnight(begin, zone),
        before=_midnight(end + timedelta(days=1), zone),
        campaign_id=campaign.id if campaign else None,
    )
    return _Asked(first=begin, last=end, zone=zone, span=span)


async def _sums(tx: Tx, asked: _Asked) -> Sums:
    groups = await store.groups(tx, asked.span, zone=asked.zone.key, reached=PERSON_REACHED)
    named = [each.key for each in groups if each.kind in ("channel", "campaign")]
    return Sums(
        first=asked.first,
        last=asked.last,
        zone=asked.zone.key,
        days=_every_day((asked.first, asked.last), _of(groups, "day")),
        outcomes=_of(groups, "outcome"),
        channels=_of(groups, "channel"),
        campaigns=_of(groups, "campaign"),
        names=await store.names(tx, workspace_id=asked.span.workspace_id, ids=named),
    )


async def as_csv(found: Report) -> AsyncIterator[bytes]:
    """All its sums as one file, a line each."""
    yield csv_lines([_COLUMNS])
    yield csv_lines(_rows(found))


def _rows(found: Report) -> Iterator[Sequence[object]]:
    sums = found.sums
    for group in (*sums.days, *sums.channels, *sums.campaigns, *sums.outcomes):
        name, talk = sums.names.get(group.key), round(group.talk_seconds, 3)
        if group.kind == "campaign" and not group.key:
            name = OUTSIDE
        counts = (group.attempts, group.reached, share(group))
        yield (group.kind, group.key, name, *counts, talk, group.cost)
    for hour in found.hours:
        yield ("hour", hour.hour, None, hour.attempts, hour.reached, share(hour), None, None)


def _days(
    first: str | None, last: str | None, *, today: date, since: date | None
) -> tuple[date, date]:
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


def _date(name: str, text: str | None, problems: list[FieldProblem]) -> date | None:
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
