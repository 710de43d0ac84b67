"""What is done to a trial, and when: drawn from a seed, written down for the judge."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from campana.sandbox.fate import draw
from tests.support.chaos.fleet import Member
from tests.support.chaos.trial import Trial

_T = TypeVar("_T")

_WARM_SECONDS = 1.5
"""A process this old is at work: to kill it before proves less."""
_STARTING_SECONDS = 10.0
"""A process younger than this may be on its way to its database still."""


class Chance:
    """Numbers that depend on the seed and on how many were drawn before."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._count = itertools.count()

    def between(self, least: float, most: float) -> float:
        return least + (most - least) * draw(self.seed, str(next(self._count)), "chance")

    def pick(self, among: Sequence[_T]) -> _T:
        return among[int(self.between(0, len(among)))]


@dataclass(kw_only=True)
class Chaos:
    """Faults that fall due one after another while the campaign runs."""

    trial: Trial
    chance: Chance
    since: float = field(default_factory=time.monotonic)
    done: dict[str, int] = field(default_factory=dict[str, int])
    _due: list[tuple[float, int, Callable[[], None]]] = field(
        default_factory=list[tuple[float, int, Callable[[], None]]]
    )
    _order: itertools.count[int] = field(default_factory=itertools.count)
    _born: dict[str, tuple[int, float]] = field(default_factory=dict[str, tuple[int, float]])
    _is_away: bool = False
    _islands: dict[str, float] = field(default_factory=dict[str, float])
    """Since when the hosts that are cut off are."""
    _began_apart: set[int] = field(default_factory=set[int])
    """Processes that were started on such a host, or were starting when it was cut off."""

    def kills(self, count: int, *, within: float, amid_sends: bool = False) -> None:
        """Kill -9 of any process, so often, spread over so many seconds.

        With `amid_sends` each waits until a send is under way, as long as one may be to come: on
        a slow machine processes that were killed a moment ago have not begun any.
        """
        act = self._kill_amid_sends if amid_sends else self._kill
        self._spread(count, within, act)

    def stops(self, count: int, *, seconds: tuple[float, float], within: float) -> None:
        """SIGSTOP any process, and SIGCONT it so many seconds later."""
        self._spread(count, within, lambda: self._stop(self.chance.between(*seconds)))

    def cuts(self, count: int, *, within: float) -> None:
        """Break the database sessions of processes that live, their identities' turn about."""
        owners = itertools.cycle([True, False])
        self._spread(count, within, lambda: self._cut(owners=next(owners)))

    def partitions(self, count: int, *, seconds: tuple[float, float], within: float) -> None:
        """Cut the host of a work process off for so many seconds, so often; the process lives."""
        self._spread(count, within, lambda: self._cut_off(self.chance.between(*seconds)))

    def away(self, seconds: float, *, at: float) -> None:
        """No database for so long."""
        self._at(at, lambda: self._leave(seconds))

    def restart(self, *, at: float) -> None:
        """`pg_ctl restart -m immediate`."""
        self._at(at, self._restart)

    def disk_full(self, seconds: float, *, at: float) -> None:
        """Nothing more fits where the database lives, for so long."""
        self._at(at, lambda: self._fill(seconds))

    def run(self, *, patience: float) -> None:
        """Let it happen until all is done and the campaign is over.

        Raises:
            AssertionError: it was not over in time, or a process ended by itself.
        """
        deadline = time.monotonic() + patience
        looked = 0.0
        while True:
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                heapq.heappop(self._due)[2]()
            # One that cannot reach its database as it starts says so, ends, and is started again.
            ended = [
                end
                for end in self.trial.fleet.keep()
                if end.name not in self._islands and end.pid not in self._began_apart
            ]
            assert ended == [], ended
            self._note_births()
            if not self._due and now - looked > 0.3:
                if self.trial.is_over():
                    return
                looked = time.monotonic()
            if now > deadline:
                raise AssertionError(f"not over after {patience:.0f} s: {self.trial.standing()}")
            time.sleep(0.02)

    def _spread(self, count: int, within: float, act: Callable[[], None]) -> None:
        for n in range(count):
            self._at(within * (n + self.chance.between(0, 1)) / count, act)

    def _at(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.since + seconds, next(self._order), act))

    def _again(self, seconds: float, act: Callable[[], None]) -> None:
        self._at(time.monotonic() - self.since + seconds, act)

    def _count(self, what: str) -> None:
        self.done[what] = self.done.get(what, 0) + 1

    def _note_births(self) -> None:
        for member in self.trial.fleet.members:
            pid = member.process.pid if member.process is not None else 0
            if self._born.get(member.name, (0, 0.0))[0] != pid:
                self._born[member.name] = (pid, time.monotonic())

    def _at_work(self) -> list[Member]:
        warm = time.monotonic() - _WARM_SECONDS
        return [
            member
            for member in self.trial.fleet.members
            if member.lives
            and not member.is_stopped
            and self._born.get(member.name, (0, warm + 1))[1] < warm
        ]

    def _kill(self) -> None:
        victims = self._at_work()
        if not victims:
            self._again(0.2, self._kill)
            return
        victim = self.chance.pick(victims)
        since = time.monotonic()
        victim.kill()
        self.trial.note(f"kill {victim.name}", since=since)
        self._count("kills")

    def _kill_amid_sends(self) -> None:
        if self._at_work() and (self.trial.is_sending() or self.trial.is_over()):
            self._kill()
        else:
            self._again(0.05, self._kill_amid_sends)

    def _stop(self, seconds: float) -> None:
        victims = self._at_work()
        if not victims:
            self._again(0.2, lambda: self._stop(seconds))
            return
        victim, since = self.chance.pick(victims), time.monotonic()
        process = victim.process
        victim.stop()
        self.trial.note(f"stop {victim.name}", since=since, until=since + seconds)
        self._count("stops")
        self._again(seconds, lambda: victim.go_on() if victim.process is process else None)

    def _cut(self, *, owners: bool) -> None:
        since = time.monotonic()
        if self._is_away or not self.trial.server.cut(owners=owners):
            self._again(0.5, lambda: self._cut(owners=owners))
            return
        self.trial.note("cut sessions", since=since)
        self._count("cuts")

    def _cut_off(self, seconds: float) -> None:
        hosts = self.trial.fleet.hosts
        names = [
            member.name
            for member in self._at_work()
            if member.name in hosts and member.name not in self._islands
        ]
        if not names:
            self._again(0.2, lambda: self._cut_off(seconds))
            return
        name, since = self.chance.pick(names), time.monotonic()
        hosts[name].cut()
        self._islands[name] = since
        self.trial.note(f"cut off {name}", since=since, until=since + seconds)
        self._count("partitions")
        self._again(seconds, lambda: self._rejoin(name))

    def _rejoin(self, name: str) -> None:
        self.trial.fleet.hosts[name].mend()
        since = self._islands.pop(name)
        self._note_births()
        pid, born = self._born[name]
        if born > since - _STARTING_SECONDS:
            # It may give up on its database a while after the two could meet again.
            self._began_apart.add(pid)

    def _leave(self, seconds: float) -> None:
        since, self._is_away = time.monotonic(), True
        self.trial.server.stop(immediate=True)
        self.trial.note("database away", since=since, until=since + seconds)
        self._count("times without database")
        self._again(seconds, self._return)

    def _fill(self, seconds: float) -> None:
        since, self._is_away = time.monotonic(), True
        self.trial.server.fill_disk()
        self.trial.note("disk full", since=since, until=since + seconds)
        self._count("full disks")
        self._again(seconds, self._return)

    def _return(self) -> None:
        self.trial.server.empty_disk()
        self.trial.server.start()
        self._is_away = False

    def _restart(self) -> None:
        since = time.monotonic()
        self.trial.server.stop(immediate=True)
        self.trial.server.start()
        self.trial.note("database restarted", since=since)
        self._count("immediate restarts")
