"""How much a worker may begin on a channel, and when: each channel's budget, granted in pieces.

A grant is a short transaction behind the channel's pacing row, where rate, burst, lines and quota
are read as they are now: a change is in force with the next grant. What a worker does not use goes
back; what a worker that dies had been granted is lost, which errs low. Trunks that have limits of
their own lie below the channel's and are chosen here, in the order of the channel's config.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from campana.domain import pacing
from campana.domain.pacing import Grant, Limits, TrunkLimits, TrunkPace
from campana.services import channel_secrets, suppressed
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.store import attempts, campaigns, claims, owners, registrations, trunks
from campana.store.db import Tx, once_more
from campana.store.owners import Pace, Served

_NOTHING = timedelta(0)
_IN_USE = timedelta(milliseconds=50)
"""What a grant takes at most, where there are processors for it."""
LONGEST_WAIT = timedelta(milliseconds=250)
"""For the pace of a channel: whoever has it may stand still, and others are to be served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a grant allows: so many sends, each at its time, and no later than `lateness` after it.

    The first may go `first_after` from the grant, each of the others an `interval` later.
    """

    at: float = 0.0
    """When it was made: the pace of the channel was had, however long that was waited for
    (monotonic seconds)."""

    sends: int
    first_after: timedelta
    interval: timedelta
    lateness: timedelta = timedelta(0)
    again_after: timedelta = timedelta(0)
    """When nothing was granted for the rate's sake: how long until asking again may be worth it."""
    arrival_at: datetime | None = None
    """Where the channel's pace stands after it: says whether what is unused can still go back."""
    trunk: str | None = None
    """The trunk the sends are for, on channels that have any."""
    day: date | None = None
    """The day whose quota they are of."""
    limits: Limits | None = None
    """Those of the channel, as they were read for it."""
    was_behind: bool = False
    """Nothing lay ahead when it was made: some of the channel's rate is being lost."""
    is_ours: bool = False
    """The channel is served by this owner."""

    @property
    def moments(self) -> list[float]:
        """When each send may leave (monotonic seconds)."""
        first, interval = self.first_after.total_seconds(), self.interval.total_seconds()
        # Those of a burst lie in the past: they leave at once.
        return [self.at + max(0.0, first + n * interval) for n in range(self.sends)]


_NONE = Allowance(sends=0, first_after=_NOTHING, interval=_NOTHING)


async def grant(context: Context, *, channel_id: str, owner_id: int, wanted: int) -> int:
    """How many attempts this owner may begin on the channel now, at most `wanted`."""
    granted = await grant_ahead(
        context, channel_id=channel_id, owner_id=owner_id, wanted=wanted, ahead=_NOTHING
    )
    return granted.sends


@once_more
async def grant_ahead(
    context: Context,
    *,
    channel_id: str,
    owner_id: int,
    wanted: int,
    ahead: timedelta,
    notice: timedelta = _NOTHING,
    after: datetime | None = None,
    waits: bool = True,
    serves: bool = False,
    yields: bool = False,
) -> Allowance:
    """The same, and what may be begun within `ahead` from now, each at its time.

    None may begin within `notice` from now: what the worker needs to get ready. Nothing is granted
    while the channel is paused, its carrier is down or its quota of the day is used up, nor to a
    slow worker while others are served: where the pace still stands where its own last grant left
    it (`after`), there are none. A worker that does not wait goes away where another is being
    granted something at this moment: of many who queue, each would hold up all behind it to be told
    that there is nothing.

    One that waits does so for LONGEST_WAIT.

    One that `serves` keeps the channel for as long as what it is granted lasts, unless another has
    it; one that `yields` is granted nothing while another has it.
    """
    async with context.db.transaction() as tx:
        if waits:
            pace = await owners.lock_pace_soon(tx, channel_id=channel_id, at_most=LONGEST_WAIT)
        else:
            pace = await owners.lock_pace_if_free(tx, channel_id=channel_id)
        # Only now: while many ask, and processors are busy, it is a long time since it was asked.
        now, at = context.clock.now(), context.monotonic()
        if pace is None:
            return replace(_NONE, again_after=_IN_USE)
        if pace.is_stopped(now):
            return _NONE
        if pace.arrival_at != after and pacing.cedes(
            arrival_at=pace.arrival_at, notice=notice, now=now
        ):
            return replace(_NONE, again_after=pace.arrival_at - now)
        known, day = await _trunks(tx, context, pace), pace.quota_day(now)
        if not known and context.carriers[pace.kind].trunks is not None:
            return _NONE
        beside = pace.is_served_beside(owner_id, now)
        if yields and beside and pace.served is not None:
            return replace(_NONE, again_after=pace.served.until - now)
        start = now + notice
        on_trunk = await _on_a_trunk(
            tx,
            known,
            pace,
            channel_id=channel_id,
            owner_id=owner_id,
            wanted=wanted,
            now=start,
            ahead=ahead - notice,
        )
        if known and on_trunk is None:
            return _NONE
        limits = pacing.planned(pace.limits)
        arrival_at = _arrival(pace, limits, start)
        granted = pacing.grant(
            limits,
            arrival_at=arrival_at,
            lines_in_use=await owners.lines_in_use(tx, channel_id=channel_id, owner_id=owner_id),
            wanted=wanted if on_trunk is None else min(wanted, on_trunk.granted.sends),
            now=start,
            ahead=ahead - notice,
            sent_today=pace.sent_on(day),
        )
        served = pace.served
        if granted.sends:
            until = pacing.lasts_until(limits, granted.arrival_at)
            served = _served(served, owner_id, until=until, serves=serves, beside=beside)
        await owners.set_pace(
            tx,
            channel_id=channel_id,
            arrival_at=granted.arrival_at,
            rate=limits.rate,
            day=day,
            sends=pace.sent_on(day) + granted.sends,
            served=served,
        )
        await owners.promise(
            tx,
            channel_id=channel_id,
            owner_id=owner_id,
            lines=granted.sends,
            trunk=None if on_trunk is None else on_trunk.limits.name,
            day=day,
        )
        if on_trunk is not None and granted.sends:
            await on_trunk.use(tx, pace, channel_id=channel_id, sends=granted.sends, now=now)
    first_at = granted.first_at if on_trunk is None else max(granted.first_at, on_trunk.first_at)
    return Allowance(
        at=at,
        sends=granted.sends,
        first_after=max(first_at - now, notice),
        interval=granted.interval,
        lateness=pacing.lateness(pace.limits.rate),
        limits=pace.limits,
        again_after=max(_NOTHING, granted.first_at - now - ahead / 2),
        arrival_at=granted.arrival_at,
        trunk=None if on_trunk is None else on_trunk.limits.name,
        day=day,
        was_behind=pacing.lasts_until(limits, arrival_at) <= now,
        is_ours=served is not None and served.by == owner_id,
    )


def _served(
    served: Served | None, owner_id: int, *, until: datetime, serves: bool, beside: bool
) -> Served | None:
    """Who serves the channel after a grant that lasts `until`."""
    if served is not None and beside:
        return replace(served, until=max(served.until, until))
    if serves:
        return Served(owner_id, until)
    return None if served is not None and served.by == owner_id else served


@once_more
async def give_back(
    context: Context,
    *,
    channel_id: str,
    owner_id: int,
    sends: int,
    allowed: Allowance,
    moments: int | None = None,
) -> None:
    """So many sends of a grant found nobody: their lines and their part of the quota are free.

    So are the last `moments` of the grant (as many, unless told otherwise), if nobody was granted
    later ones meanwhile: else a second send at the same moment would be one too many, and they are
    lost.
    """
    async with context.db.transaction() as tx:
        pace = await owners.lock_pace(tx, channel_id=channel_id)
        if pace is None:
            return
        # A grant of yesterday's has nothing to give to today.
        quota = sends if pace.day == allowed.day else 0
        arrival_at, served = pace.arrival_at, pace.served
        if arrival_at == allowed.arrival_at:
            arrival_at -= (sends if moments is None else moments) * allowed.interval
            if served is not None and served.by == owner_id:
                until = pacing.lasts_until(pacing.planned(pace.limits), arrival_at)
                served = replace(served, until=until)
        await owners.set_pace(
            tx,
            channel_id=channel_id,
            arrival_at=arrival_at,
            rate=pace.rate or pace.limits.rate,
            day=pace.day,
            sends=max(0, pace.day_sends - quota),
            served=served,
        )
        if allowed.trunk is not None:
            await trunks.give_back(tx, channel_id=channel_id, trunk=allowed.trunk, sends=quota)
        await owners.promise(tx, channel_id=channel_id, owner_id=owner_id, lines=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detour:
    """Another trunk for an attempt, from `after` on."""

    trunk: str
    after: timedelta


async def other_trunk(
    context: Context,
    *,
    claimed: Claimed,
    owner_id: int,
    tried: Collection[str],
    ahead: timedelta,
) -> Detour | None:
    """Where an attempt that its trunk turned away may go instead.

    It is the next trunk that has a free line and is within its rate and quota; None when there is
    none, or when the attempt may not be sent any more.

    The attempt moves in this transaction, and a pause, a suppression or a limit that was lowered
    waits for it as for a claim: it is sent within the send deadline of this call or not at all. It
    is the same attempt, so it counts for the second trunk and not again for the channel.
    """
    now, channel_id = context.clock.now(), claimed.channel_id
    async with context.db.transaction() as tx:
        in_force = await campaigns.share(
            tx, campaign_id=claimed.campaign_id, channel_id=channel_id, now=now
        )
        if in_force is None:
            return None
        await claims.begin(tx, workspace_id=claimed.workspace_id)
        if await suppressed.in_force(
            tx, context, workspace_id=claimed.workspace_id, addresses=[claimed.address]
        ):
            # Of whatever scope: whoever is on any list is not tried a second way.
            return None
        if await attempts.lock(tx, attempt_id=claimed.attempt_id) is None:
            return None
        # After the attempt, as by whoever ends one.
        pace = await owners.lock_pace(tx, channel_id=channel_id)
        if pace is None or pace.is_stopped(now):
            return None
        left = [trunk for trunk in await _trunks(tx, context, pace) if trunk.name not in tried]
        found = await _on_a_trunk(
            tx, left, pace, channel_id=channel_id, owner_id=owner_id, wanted=1, now=now, ahead=ahead
        )
        if found is None or not await attempts.move_to_trunk(
            tx, attempt_id=claimed.attempt_id, owner_id=owner_id, trunk=found.limits.name, now=now
        ):
            return None
        await found.use(tx, pace, channel_id=channel_id, sends=1, now=now)
    return Detour(trunk=found.limits.name, after=max(_NOTHING, found.first_at - now))


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnTrunk:
    limits: TrunkLimits
    pace: TrunkPace
    granted: Grant

    @property
    def first_at(self) -> datetime:
        return self.granted.first_at

    async def use(
        self, tx: Tx, channel: Pace, *, channel_id: str, sends: int, now: datetime
    ) -> None:
        """Count `sends` of what was found free."""
        unused = self.granted.sends - sends
        await trunks.set_pace(
            tx,
            channel_id=channel_id,
            workspace_id=channel.workspace_id,
            trunk=self.limits.name,
            arrival_at=self.granted.arrival_at - unused * self.granted.interval,
            rate=self.limits.planned.rate,
            sent_today=self.pace.sent_today + sends,
            now=now,
        )


async def _on_a_trunk(
    tx: Tx,
    known: Sequence[TrunkLimits],
    channel: Pace,
    *,
    channel_id: str,
    owner_id: int,
    wanted: int,
    now: datetime,
    ahead: timedelta,
) -> _OnTrunk | None:
    """The first of these trunks that has anything to give; behind the channel's pacing row."""
    if not known:
        return None
    paces = await trunks.paces(tx, channel_id=channel_id, owner_id=owner_id, now=now)
    for limits in known:
        pace = paces.get(limits.name) or TrunkPace(arrival_at=now)
        planned = limits.planned
        granted = pacing.grant(
            planned,
            arrival_at=pacing.rescaled(pace.arrival_at, before=pace.rate, limits=planned, now=now),
            lines_in_use=pace.lines_in_use,
            wanted=wanted,
            now=now,
            ahead=ahead,
            sent_today=pace.sent_today,
        )
        found = _OnTrunk(limits=limits, pace=pace, granted=granted)
        if granted.sends:
            return found
        if pace.rate not in {None, planned.rate}:
            # The wait at the new rate begins now, not anew with every question.
            await found.use(tx, channel, channel_id=channel_id, sends=0, now=now)
    return None


async def _trunks(tx: Tx, context: Context, pace: Pace) -> Sequence[TrunkLimits]:
    """But those that refuse our registration: they would refuse the call as well."""
    kind = context.carriers[pace.kind]
    if kind.trunks is None:
        return ()
    known = kind.trunks(channel_secrets.config_of(context, kind=kind, stored=pace.config))
    if not any(each.registers for each in known):
        return known
    refused = await registrations.refused(tx, workspace_id=pace.workspace_id)
    return tuple(each for each in known if not (each.registers and each.name in refused))


def _arrival(pace: Pace, limits: Limits, now: datetime) -> datetime:
    return pacing.rescaled(pace.arrival_at, before=pace.rate, limits=limits, now=now)
