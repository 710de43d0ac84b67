"""What people watch: campaigns with how they stand and how far they are, and what goes on now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from campana.domain.breakers import FAILURES
from campana.domain.campaign import CampaignState
from campana.domain.disposition import PERSON_REACHED, SUCCESSES, Disposition
from campana.domain.spend import Purse, day_of
from campana.domain.standing import standing
from campana.domain.waiting import Standing
from campana.services import tempo
from campana.services.context import Context
from campana.services.counting import Abandonment
from campana.services.policy import policy_of
from campana.services.tempo import Tempo
from campana.store import campaign_search, overview, policies, spend
from campana.store.campaign_search import ChannelUse, Found, Minute, Search
from campana.store.db import Tx
from campana.store.overview import TargetCount

MOST_LINES = 200
"""Campaigns of the wallboard, at most."""
_RECENT = timedelta(minutes=15)
_SKIPPED = {
    Disposition.SUPPRESSED,
    Disposition.DUPLICATE,
    Disposition.NO_CONSENT,
    Disposition.ZONE_UNKNOWN,
    Disposition.COUNTRY_NOT_ALLOWED,
    Disposition.NUMBER_REFUSED,
    Disposition.NO_ADDRESS,
    Disposition.PRICE_UNKNOWN,
    Disposition.EXPIRED,
    Disposition.CANCELLED,
    Disposition.HELD_OUT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A campaign with how it stands and how far it is."""

    found: Found
    standing: Standing
    waiting: int
    in_progress: int
    good: int
    skipped: int
    failed: int
    dispositions: Mapping[str, int]
    tempo: Tempo | None = None
    """None of one that does not run."""

    @property
    def contacted(self) -> int:
        """Of those who are finished, whom no rule left out."""
        return self.finished - self.skipped

    @property
    def met(self) -> int:
        """Those with whom a person answered, or the message arrived."""
        return sum(count for name, count in self.dispositions.items() if name in PERSON_REACHED)

    @property
    def total(self) -> int:
        """Everybody in it."""
        return self.waiting + self.in_progress + self.finished

    @property
    def finished(self) -> int:
        """Whom nothing more happens to."""
        return self.good + self.skipped + self.failed

    @property
    def parts(self) -> dict[str, int]:
        """For a stacked bar, in its order."""
        return {
            "good": self.good,
            "in_progress": self.in_progress,
            "other": self.failed,
            "skipped": self.skipped,
            "waiting": self.waiting,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Attempts of one channel: begun, and of them failed at the carrier."""

    begun: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """The last quarter of an hour, by the minute, and the channels as they are."""

    minutes: Sequence[tuple[datetime, int, int]]
    """Its first instant, attempts begun, answered of them."""
    outcomes: Mapping[str, int]
    started: int
    answered: int
    channels: Sequence[ChannelUse]
    by_channel: Mapping[str, Tally]
    """The same attempts by the channel they went over; a channel without any is absent."""
    abandonment: Abandonment
    last_event: datetime | None
    today: Purse
    """What this day has spent where the workspace is, and may."""

    @property
    def by_machines(self) -> int:
        """Of the answered, those that a machine answered."""
        return self.outcomes.get(Disposition.VOICEMAIL, 0)

    @property
    def failed(self) -> int:
        """Those that failed at the carrier, as the breakers count them."""
        return sum(each.failed for each in self.by_channel.values())

    @property
    def lines(self) -> int:
        """What may be open at once, on the channels that are not paused."""
        return sum(each.lines for each in self.channels if not each.is_paused)

    @property
    def in_use(self) -> int:
        """Attempts that are open."""
        return sum(each.in_use for each in self.channels)


async def page(
    context: Context, *, workspace_id: int, search: Search, limit: int, offset: int
) -> tuple[list[Line], int]:
    """Some campaigns, and how many there are in all."""
    now = context.clock.now()
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await campaign_search.page(
            tx, workspace_id=workspace_id, search=search, limit=limit, offset=offset, now=now
        )
        total = await campaign_search.count(tx, workspace_id=workspace_id, search=search, now=now)
        return await _lines(tx, context, workspace_id, found, now), total


async def newest(context: Context, *, workspace_id: int, limit: int) -> dict[str, str]:
    """The names of the newest campaigns, by id."""
    now = context.clock.now()
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await campaign_search.page(
            tx, workspace_id=workspace_id, search=Search(), limit=limit, offset=0, now=now
        )
    return {each.id: each.name for each in found}


async def named(context: Context, *, workspace_id: int, campaign_ids: Sequence[str]) -> list[Line]:
    """These campaigns, those of them that there are."""
    now = context.clock.now()
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await campaign_search.named(
            tx, workspace_id=workspace_id, campaign_ids=campaign_ids, now=now
        )
        return await _lines(tx, context, workspace_id, found, now)


async def live(context: Context, *, workspace_id: int) -> list[Line]:
    """Campaigns that run, or were stopped by a breaker: what a wallboard shows."""
    search = Search(states=[CampaignState.RUNNING, CampaignState.TRIPPED])
    now = context.clock.now()
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await campaign_search.page(
            tx, workspace_id=workspace_id, search=search, limit=MOST_LINES, offset=0, now=now
        )
        return await _lines(tx, context, workspace_id, found, now, with_ends=False)


async def recent(context: Context, *, workspace_id: int) -> Recent:
    """The last quarter of an hour."""
    now = context.clock.now()
    since = (now - _RECENT).replace(second=0, microsecond=0)
    async with context.db.read(workspace_id=workspace_id) as tx:
        counted = await context.counts.minutes(
            tx, workspace_id=workspace_id, since=since, monotonic=context.monotonic
        )
        channels = await campaign_search.channels(tx, workspace_id=workspace_id)
        last_event = await campaign_search.last_event(tx, workspace_id=workspace_id)
        abandonment = await context.counts.abandonment(
            tx, workspace_id=workspace_id, now=now, monotonic=context.monotonic
        )
        policy = policy_of(await policies.get(tx, workspace_id=workspace_id))
        today = await spend.of_day(
            tx,
            workspace_id=workspace_id,
            day=day_of(now, policy.zone),
            limit=policy.daily_spend_limit,
        )
    outcomes: dict[str, int] = {}
    for each in counted:
        outcomes[each.outcome] = outcomes.get(each.outcome, 0) + each.count
    return Recent(
        minutes=_by_minute(counted, since),
        outcomes=dict(sorted(outcomes.items(), key=lambda pair: -pair[1])),
        started=sum(each.count for each in counted),
        answered=sum(each.answered for each in counted),
        channels=channels,
        by_channel=_by_channel(counted),
        abandonment=abandonment,
        last_event=last_event,
        today=today,
    )


def _by_channel(counted: Sequence[Minute]) -> dict[str, Tally]:
    found: dict[str, Tally] = {}
    for each in counted:
        so_far = found.get(each.channel_id, Tally())
        found[each.channel_id] = Tally(
            begun=so_far.begun + each.count,
            failed=so_far.failed + (each.count if each.outcome in FAILURES else 0),
        )
    return found


def _by_minute(counted: Sequence[Minute], since: datetime) -> list[tuple[datetime, int, int]]:
    """Every minute, also those in which nothing began."""
    started: dict[datetime, int] = {}
    answered: dict[datetime, int] = {}
    for each in counted:
        started[each.minute] = started.get(each.minute, 0) + each.count
        answered[each.minute] = answered.get(each.minute, 0) + each.answered
    minutes = [since + timedelta(minutes=n) for n in range(16)]
    return [(each, started.get(each, 0), answered.get(each, 0)) for each in minutes]


async def _lines(
    tx: Tx,
    context: Context,
    workspace_id: int,
    found: Sequence[Found],
    now: datetime,
    *,
    with_ends: bool = True,
) -> list[Line]:
    ids = [each.id for each in found]
    facts = await overview.waiting(tx, campaign_ids=ids, now=now)
    counted = await context.counts.targets(tx, campaign_ids=ids, monotonic=context.monotonic)
    steady = context.clock.is_steady
    standings = {
        each.id: standing(
            CampaignState(each.state), replace(facts[each.id], is_clock_steady=steady), now
        )
        for each in found
    }
    tempos = await tempo.tempos(
        tx,
        context,
        workspace_id=workspace_id,
        found=found,
        standings=standings,
        with_ends=with_ends,
        now=now,
    )
    return [
        replace(
            _line(each, standings[each.id], counted.get(each.id, [])), tempo=tempos.get(each.id)
        )
        for each in found
    ]


def _line(found: Found, told: Standing, counted: Sequence[TargetCount]) -> Line:
    states: dict[str, int] = {}
    dispositions: dict[str, int] = {}
    for each in counted:
        states[each.state] = states.get(each.state, 0) + each.count
        if each.disposition is not None:
            dispositions[each.disposition] = each.count
    good = sum(count for name, count in dispositions.items() if name in SUCCESSES)
    skipped = sum(count for name, count in dispositions.items() if name in _SKIPPED)
    return Line(
        found=found,
        standing=told,
        waiting=states.get("waiting", 0),
        in_progress=states.get("attempting", 0) + states.get("talking", 0),
        good=good,
        skipped=skipped,
        failed=sum(dispositions.values()) - good - skipped,
        dispositions=dict(sorted(dispositions.items(), key=lambda pair: -pair[1])),
    )
