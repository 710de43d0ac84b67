"""When everybody will have been contacted, hour by hour, without contacting anyone.

People who open and close together are a crowd that drains like water: all crowds that are open
share the pace evenly, as the dispatcher's turns do. Between two events (a crowd opens, closes or is
empty, an hour or a day ends, a quota is used up) nothing changes, so the whole is exact and takes
as many steps as there are events, not people.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from campana.domain.pacing import ramped
from campana.domain.quota import Left, Quota
from campana.domain.window import Window, open_spans

HOURLY_FOR = timedelta(days=7)
"""How far ahead the plan tells single hours."""
LONGEST = timedelta(days=92)
"""Whatever would take longer has no end worth telling."""

Later = Mapping[tuple[tuple[str, ...], datetime], int]
"""People by their zones and the moment before which they are left alone."""

_RAMP_STEPS = 40
_HOUR = timedelta(hours=1)
_DAY = timedelta(hours=24)
_NEARLY_NOBODY = 1e-6
_TICK = timedelta(microseconds=1)
"""Time goes on, however little is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Attempts a second, and how many there may be in a day."""

    rate: float
    quotas: Sequence[Quota] = ()
    people: int | None = None
    """New people in any 24 hours (None: as many as there are): who is beyond it waits a day."""
    taken: Sequence[tuple[datetime, int]] = ()
    """Of those, whom there is no room for at the start: since when, and how many, oldest first."""
    first: int | None = None
    """So many go first; the others begin `first_wait` after the last of them."""
    first_wait: timedelta = timedelta(0)

    ramp_up: timedelta = timedelta(0)
    """For so long after its start the campaign's own rate, `full` in the end, grows."""
    full: float = math.inf

    def turn(self, at: datetime, *, start: datetime) -> tuple[float, datetime]:
        """The rate at a moment of a run that began at `start`, and until when to reckon with it."""
        if at >= start + self.ramp_up:
            return self.rate, datetime.max.replace(tzinfo=UTC)
        step = self.ramp_up / _RAMP_STEPS
        place = (at - start) // step
        middle = start + step * place + step / 2
        grown = ramped(self.full, ramp_up=self.ramp_up, since=start, now=middle)
        return min(self.rate, grown), start + step * (place + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """So many attempts to people of these zones in the hour that begins at `hour`."""

    hour: datetime
    zones: tuple[str, ...]
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a run would do. Times are None when nobody is contacted, or not all of them ever."""

    planned: Sequence[Planned]
    first_at: datetime | None
    last_at: datetime | None
    not_reached: int
    """People left when the end date, or `LONGEST`, is reached, or no quota ever allows more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """When a run will be through with everybody who waits."""

    soonest: datetime
    """If everybody is reached at the next try."""
    latest: datetime | None
    """If every try fails; None when nobody can say."""
    is_going: bool
    """It contacts people now; else `soonest` counts from when it can."""


def forecast(
    people: Mapping[tuple[str, ...], int],
    *,
    window: Window,
    pace: Pace,
    start: datetime,
    end: datetime | None = None,
    later: Later | None = None,
) -> Forecast:
    """Play one attempt to everybody, from `start` (aware UTC) on.

    Args:
        people: how many there are of each set of candidate zones.
        end: nobody is contacted any more from here on.
        later: those among `people` whose turn cannot come before a moment of their own.
    """
    stop = min(end or start + LONGEST, start + LONGEST)
    crowds = [
        _Crowd(
            zones=zones,
            left=float(count),
            spans=open_spans(window, zones, since, days=LONGEST.days),
        )
        for (zones, since), count in sorted(_by_start(people, later or {}, start).items())
    ]
    first_at: datetime | None = None
    last_at: datetime | None = None
    now, left, places, first = start, Left(pace.quotas, start), _Places.of(pace), _First.of(pace)
    while now < stop:
        waiting = [crowd for crowd in crowds if crowd.left > 0]
        if not waiting:
            break
        left.renew(now)
        places.free(now)
        turns = [turn for crowd in waiting if (turn := crowd.next_turn(now)) is not None]
        turns += [each for each in (left.turn, first.over_at) if each is not None and each > now]
        most = min(left.least, places.left, first.left_at(now))
        flowing = [crowd for crowd in waiting if crowd.is_open(now)] if most > 0 else []
        rate, grows = pace.turn(now, start=start)
        until: datetime = min([stop, _next_hour(now), grows, *places.turns(), *turns])
        if flowing:
            seconds = _drain(flowing, now=now, until=until, rate=rate, quota=most)
            until = min(until, now + max(_TICK, timedelta(seconds=seconds)))
            left.take(rate * seconds)
            places.take(rate * seconds, now)
            first.take(rate * seconds, until)
            first_at, last_at = first_at or now, until
        now = until
    return Forecast(
        planned=_planned(crowds, until=start + HOURLY_FOR),
        first_at=first_at,
        last_at=last_at,
        not_reached=sum(round(crowd.left) for crowd in crowds),
    )


def _by_start(
    people: Mapping[tuple[str, ...], int], later: Later, start: datetime
) -> Mapping[tuple[tuple[str, ...], datetime], int]:
    """Everybody, by zones and from when on they may be contacted."""
    found = {(zones, start): count for zones, count in people.items()}
    for (zones, since), count in later.items():
        found[zones, start] -= count
        since = max(since, start)
        found[zones, since] = found.get((zones, since), 0) + count
    return found


@dataclass(slots=True, kw_only=True)
class _Crowd:
    """People who open and close together, and how many of them are left."""

    zones: tuple[str, ...]
    left: float
    spans: Iterator[tuple[datetime, datetime]]
    span: tuple[datetime, datetime] | None = None
    gone: float = 0.0
    by_hour: dict[datetime, float] = field(default_factory=dict[datetime, float])
    """How many were gone at the end of each hour in which some went."""

    def next_turn(self, now: datetime) -> datetime | None:
        """When it opens, or closes if it is open; None when it never opens again."""
        while self.span is None or self.span[1] <= now:
            self.span = next(self.spans, None)
            if self.span is None:
                return None
        return self.span[0] if self.span[0] > now else self.span[1]

    def is_open(self, now: datetime) -> bool:
        return self.span is not None and self.span[0] <= now < self.span[1]

    def drain(self, count: float, *, hour: datetime) -> None:
        self.left = _less(self.left, count)
        self.gone += count
        self.by_hour[hour] = self.gone


@dataclass(slots=True)
class _Places:
    """How many new people there is room for: each place that is taken is free again a day later."""

    left: float
    taken: deque[tuple[datetime, float]]

    @classmethod
    def of(cls, pace: Pace) -> _Places:
        if pace.people is None:
            return cls(float("inf"), deque())
        taken = deque((since, float(number)) for since, number in pace.taken)
        return cls(max(0.0, pace.people - sum(number for _, number in taken)), taken)

    def turns(self) -> list[datetime]:
        """When the next become free."""
        return [since + _DAY for since, _ in self.taken][:1]

    def free(self, now: datetime) -> None:
        while self.taken and self.taken[0][0] + _DAY <= now:
            self.left += self.taken.popleft()[1]

    def take(self, number: float, now: datetime) -> None:
        if self.left < float("inf"):
            self.left = _less(self.left, number)
            self.taken.append((now, number))


@dataclass(slots=True)
class _First:
    """Those who go first; from `over_at` on, once all of them have gone, the others may."""

    left: float
    wait: timedelta
    over_at: datetime | None = None

    @classmethod
    def of(cls, pace: Pace) -> _First:
        return cls(float("inf") if pace.first is None else float(pace.first), pace.first_wait)

    def left_at(self, now: datetime) -> float:
        if self.over_at is None:
            return self.left
        return 0.0 if now < self.over_at else float("inf")

    def take(self, number: float, now: datetime) -> None:
        if self.over_at is None:
            self.left = _less(self.left, number)
            self.over_at = now + self.wait if self.left <= 0 else None


def _drain(
    flowing: Sequence[_Crowd], *, now: datetime, until: datetime, rate: float, quota: float
) -> float:
    """Contact people of all these alike until the first of them is empty; returns the seconds."""
    each = rate / len(flowing)
    seconds = min(
        (until - now).total_seconds(),
        min(crowd.left for crowd in flowing) / each,
        quota / rate,
    )
    for crowd in flowing:
        crowd.drain(each * seconds, hour=_next_hour(now) - _HOUR)
    return seconds


def _planned(crowds: Sequence[_Crowd], *, until: datetime) -> list[Planned]:
    """Whole people by hour, and for each crowd as many in all as went."""
    found: dict[tuple[datetime, tuple[str, ...]], int] = defaultdict(int)
    for crowd in crowds:
        before = 0
        for hour, gone in crowd.by_hour.items():
            attempts, before = round(gone) - before, round(gone)
            if attempts and hour < until:
                found[hour, crowd.zones] += attempts
    return [
        Planned(hour=hour, zones=zones, attempts=attempts)
        for (hour, zones), attempts in sorted(found.items())
    ]


def _less(amount: float, taken: float) -> float:
    rest = amount - taken
    return rest if rest > _NEARLY_NOBODY else 0.0


def _next_hour(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + _HOUR
