"""What goes wrong in a simulation, drawn from its seed: who dies when, what is lost on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from campana.domain.campaign import ChannelType
from campana.domain.errors import Unavailable
from campana.sandbox.plan import Fault, Mischief, Outcome, Plan, Seconds
from campana.simulation.acts import Planned, drawn
from campana.simulation.carrier import Manners
from campana.simulation.chance import Chance

_ALL: Mapping[Outcome, float] = {
    "completed": 4,
    "transferred": 1,
    "callback_request": 2,
    "hung_up": 1,
    "busy": 2,
    "no_answer": 2,
    "declined": 2,
    "invalid_number": 1,
    "blocked": 1,
    "congestion": 1,
}
"""What a call can come to, each often enough to be met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """A day to forget. Spans are seconds from the start; nothing goes wrong after `calm_after`."""

    workers: int
    death: float
    """The chance that a process dies at one of the points the world can tell apart."""
    deaths: int
    """At most."""
    refusal: float
    """The chance that the database is not reached."""
    lost_answer: float
    """The chance that what it has committed is never told."""
    slowness: float
    """Seconds, at most, a way to the database takes; a tenth of that as a rule."""
    travel: float
    """Seconds, at most, to the carrier."""
    kills: tuple[float, ...]
    cuts: tuple[float, ...]
    """Sessions that break under living workers."""
    outages: tuple[tuple[float, float], ...]
    """Of the database: from, and how long."""
    acts: tuple[Planned, ...]
    steps: tuple[tuple[float, float], ...]
    """Of the database's clock: when, and how far."""
    glitches: tuple[tuple[float, float], ...]
    """One wrong answer to the question what time it is: when, and how far off."""
    manners: Manners
    calm_after: float


def draw_faults(seed: int) -> Faults:
    """Of each kind none, a few, or many."""
    chance = Chance(seed, "faults")
    calm_after = chance.one_of([120.0, 900.0, 7200.0, 90_000.0])
    busy = min(calm_after, 600.0)

    def moments(most: int) -> tuple[float, ...]:
        return tuple(sorted(chance.between(0, busy) for _ in range(chance.whole(0, most))))

    return Faults(
        workers=chance.one_of([1, 1, 2, 3]),
        death=chance.one_of([0.0, 0.002, 0.02, 0.1]),
        deaths=chance.whole(1, 12),
        refusal=chance.one_of([0.0, 0.0, 0.01, 0.05]),
        lost_answer=chance.one_of([0.0, 0.0, 0.01, 0.05]),
        slowness=chance.one_of([0.0, 0.01, 0.1, 0.6, 3.0]),
        travel=chance.one_of([0.0, 0.05, 2.0]),
        kills=moments(4),
        cuts=moments(2),
        outages=tuple((at, chance.between(1, 30)) for at in moments(2)),
        acts=drawn(Chance(seed, "acts"), within=min(busy, 120.0)),
        steps=tuple(
            (at, chance.one_of([-3600.0, -30.0, 30.0, 3600.0]))
            for at in (moments(2) if chance.happens(0.25) else ())
        ),
        glitches=tuple(
            (at, chance.one_of([-86_400.0, -7200.0, 7200.0, 86_400.0])) for at in moments(2)
        ),
        manners=Manners(
            stalls=tuple((at, chance.between(2, 30)) for at in moments(2)),
            is_mute=chance.happens(0.1),
            tells_ends_at_once=chance.happens(0.25),
        ),
        calm_after=calm_after,
    )


def draw_plan(seed: int) -> Plan:
    """A carrier on such a day."""
    chance = Chance(seed, "carrier")
    # Else nearly no end would come soon enough to be told at once.
    is_quick = draw_faults(seed).manners.tells_ends_at_once
    faults: list[Fault] = ["slow", "silent", "lost", "error", "garbage", "refuse"]
    mischief: list[Mischief] = ["late", "double", "shuffle", "drop"]
    some = [0.0, 0.0, 0.03, 0.1]
    return Plan(
        seed=seed,
        mix={ChannelType.VOICE: _ALL} if chance.happens(0.5) else {},
        seconds=Seconds(
            reply=(0.01, chance.one_of([0.05, 0.5])),
            ring=(0.5, 2),
            answer=(0.5, 2.0 if is_quick else 8.0),
            talk=(1, 3.0 if is_quick else chance.one_of([5, 40])),
            deliver=(0.5, 10),
            late=chance.one_of([(1.0, 5.0), (30.0, 300.0)]),
            # While others wait for their first call, or their next one, or at the ends of the day.
            callback=Chance(seed, "callbacks").one_of([(1, 30), (30, 900), (3600, 20_000)]),
        ),
        faults={each: chance.one_of(some) for each in faults},
        callbacks={each: chance.one_of([*some, 0.4]) for each in mischief},
        copies=chance.whole(2, 5),
    )


class SeededTroubles:
    """What one process meets."""

    def __init__(
        self, faults: Faults, chance: Chance, *, elapsed: Callable[[], float], deaths: list[str]
    ) -> None:
        """`deaths` are those of all processes so far, which this one's is added to."""
        self._faults = faults
        self._chance = chance
        self._elapsed = elapsed
        self._deaths = deaths

    def to_database(self) -> float:
        """On the way to it.

        Raises:
            Unavailable
        """
        if self._is_calm():
            return 0.0
        now = self._elapsed()
        if any(at <= now < at + span for at, span in self._faults.outages):
            raise Unavailable("the database is away")
        if self._chance.happens(self._faults.refusal):
            raise Unavailable("the database does not answer")
        return self._delay()

    def from_database(self, *, wrote: bool) -> float:
        """On the way back.

        Raises:
            Unavailable
        """
        if self._is_calm():
            return 0.0
        if wrote and self._chance.happens(self._faults.lost_answer):
            raise Unavailable("the database's answer is lost")
        return self._delay()

    def to_carrier(self) -> float:
        """On the way to it."""
        return 0.0 if self._is_calm() else self._chance.between(0, self._faults.travel)

    def dies(self, where: str) -> bool:
        """Whether this is the end."""
        if self._is_calm() or len(self._deaths) >= self._faults.deaths:
            return False
        if not self._chance.happens(self._faults.death):
            return False
        self._deaths.append(where)
        return True

    def _delay(self) -> float:
        most = self._faults.slowness
        return self._chance.between(0, most if self._chance.happens(0.05) else most / 10)

    def _is_calm(self) -> bool:
        return self._elapsed() >= self._faults.calm_after


def after(starts: datetime, seconds: float) -> datetime:
    """A moment of a simulation."""
    return starts + timedelta(seconds=seconds)
