"""One seeded trial: a small campaign on a bad day, and whether every promise was kept.

The seed decides everything: the campaign, the people, the carrier, what they do, and what goes
wrong when. The same seed is the same trial.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from campana.simulation.acts import Acts
from campana.simulation.chance import Chance
from campana.simulation.checks import violations
from campana.simulation.document import Scenario
from campana.simulation.evidence import Evidence, Limits
from campana.simulation.faults import Faults, SeededTroubles, draw_faults
from campana.simulation.play import Stage, launch, raise_failure, set_up, until_over
from campana.simulation.process import Process
from campana.simulation.scenarios import another, draw_scenario, set_prices
from campana.simulation.world import World, world
from campana.store import checks, invariants, moments

AGAIN = "bench/simulate.py --seed {seed}"
"""The command that runs a trial again."""

MOST_TURNS = 100_000
"""In the database, of a whole trial: some fifty times what one takes."""
_GLITCH_SECONDS = 1.5
"""Long enough to be asked once, too short to be asked twice."""
_PATIENT_SECONDS = 600
"""Longer than the latest report of a carrier that tells everything."""
_BY_THE_CLOCK = frozenset({"suppressed_left_alone"})
"""Invariants that compare two moments: once the clock is put back, the later may be the earlier."""
_SOON = frozenset({"orphans_taken_up", "reports_applied"})
"""Invariants that need a database which is there; asked once the day has calmed down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a seed came to."""

    seed: int
    violations: tuple[str, ...]
    sends: int
    deaths: int
    unknown: int
    in_flight: int
    """Attempts that were open when a process died, all deaths together."""
    seconds: float
    """Virtual ones."""
    turns: int
    """In the database."""
    digest: tuple[Any, ...]
    """Of everything that happened: two trials of one seed have the same."""


@dataclass(slots=True, kw_only=True)
class _Day:
    """A trial under way."""

    made: World
    seed: int
    faults: Faults
    stage: Stage
    documents: Mapping[str, Mapping[str, Any]]
    acts: Acts
    deaths: list[str] = field(default_factory=list[str])
    lives: int = 0
    in_flight: int = 0
    slots: dict[int, Process] = field(default_factory=dict[int, Process])
    steps: list[datetime] = field(default_factory=list[datetime])
    breaches: list[str] = field(default_factory=list[str])

    def elapsed(self) -> float:
        """Seconds since the start."""
        return (self.made.real_now() - self.made.starts).total_seconds()

    def troubles(self, name: str) -> SeededTroubles:
        """Of one process."""
        return SeededTroubles(
            self.faults, Chance(self.seed, name), elapsed=self.elapsed, deaths=self.deaths
        )


async def trial(conninfo: str, *, seed: int, folder: Path) -> Trial:
    """Run one, on a migrated and empty database, on a VirtualTimeLoop.

    Raises:
        Exception: a bug of the engine ended one of its processes.
        Endless: it goes on and on.
    """
    scenario = draw_scenario(seed)
    async with world(
        conninfo,
        seed=seed,
        starts=scenario.starts,
        plan=scenario.plan,
        folder=folder,
        most_turns=MOST_TURNS,
    ) as made:
        day = await _prepare(made, scenario, seed=seed)
        made.trouble_callbacks(day.troubles("callbacks"))
        errands = [made.spawn(_slot(day, n)) for n in range(day.faults.workers)]
        acting = made.spawn(_act(day))
        errands += [acting, *(made.spawn(work) for work in _events(day))]
        over = made.spawn(_until_over(made, acting, ends=scenario.ends))
        going_on = {over, *errands}
        while not over.done():
            done, going_on = await asyncio.wait(going_on, return_when=asyncio.FIRST_COMPLETED)
            for errand in done:
                # With the bug that ended it, if one did.
                errand.result()
        return await _judge(day, scenario)


async def _prepare(made: World, scenario: Scenario, *, seed: int) -> _Day:
    """Everything is there, and nobody works yet."""
    faults = draw_faults(seed)
    made.provider.manners = faults.manners
    second = another(scenario.campaign, seed=seed)
    await set_prices(made, [each for each in (scenario.campaign, second) if each is not None])
    stage = await set_up(made, scenario)
    documents = {stage.campaign_id: dict(scenario.campaign)}
    if second is not None:
        # To the same people, on the same lines, at the same time.
        campaign_id = await launch(
            made,
            second,
            workspace_id=stage.workspace_id,
            channel_id=stage.channel_id,
            list_id=stage.list_id,
        )
        documents[campaign_id] = dict(second)
    async with made.engine.db.read() as tx:
        addresses = sorted({each.address or "" for each in await checks.targets(tx)})
    first = Limits(since=scenario.starts, rate=scenario.channel.rate, lines=scenario.channel.lines)
    acts = Acts(
        world=made,
        stage=stage,
        documents=documents,
        addresses=addresses,
        needing_consent=[key for key, each in documents.items() if each.get("requireConsent")],
        chance=Chance(seed, "what people do"),
        limits=[first],
    )
    if acts.needing_consent:
        await acts.agree()
    return _Day(made=made, seed=seed, faults=faults, stage=stage, documents=documents, acts=acts)


async def _until_over(made: World, acting: asyncio.Task[None], *, ends: datetime) -> None:
    """What is done to a campaign may let it go on."""
    await asyncio.wait([acting])
    await until_over(made, ends=ends)


async def _slot(day: _Day, number: int) -> None:
    """A worker, and another one each time it dies."""
    chance = Chance(day.seed, f"slot {number}")
    while True:
        day.lives += 1
        name = f"worker {number + 1}, life {day.lives}"
        restless = Chance(day.seed, f"{name} is restless")
        process = day.made.begin(name, day.troubles(name), restless=restless)
        day.slots[number] = process
        await process.died.wait()
        async with day.made.engine.db.read() as tx:
            day.in_flight += await checks.open_attempts(tx)
        await day.made.bury(process)
        raise_failure(process)
        await asyncio.sleep(chance.one_of([0.0, 0.5, 10.0, 60.0]))


def _events(day: _Day) -> Sequence[Coroutine[Any, Any, None]]:
    faults = day.faults
    return [
        *(_kill(day, at) for at in faults.kills),
        *(_cut(day, at) for at in faults.cuts),
        *(_step(day, at, by) for at, by in faults.steps),
        *(_mislead(day, at, by) for at, by in faults.glitches),
        _inspect(day),
    ]


async def _kill(day: _Day, at: float) -> None:
    await asyncio.sleep(at)
    process = Chance(day.seed, f"kill {at}").one_of(list(day.slots.values()))
    if not process.is_dead:
        day.deaths.append("at any moment")
        async with day.made.turn:
            process.die()


async def _cut(day: _Day, at: float) -> None:
    await asyncio.sleep(at)
    process = Chance(day.seed, f"cut {at}").one_of(list(day.slots.values()))
    if not process.is_dead:
        await day.made.cut(process)


async def _step(day: _Day, at: float, by: float) -> None:
    await asyncio.sleep(at)
    day.steps.append(day.made.real_now())
    await day.made.step_clock(timedelta(seconds=by))


async def _mislead(day: _Day, at: float, by: float) -> None:
    await asyncio.sleep(at)
    await day.made.mislead(timedelta(seconds=by), seconds=_GLITCH_SECONDS)


async def _act(day: _Day) -> None:
    """One after another: the end of a pause is the end of every other one."""
    for planned in day.faults.acts:
        await asyncio.sleep(max(0.0, planned.at - day.elapsed()))
        await day.acts.do(planned)


async def _inspect(day: _Day) -> None:
    """In the middle of it the ledger is as true as at its end."""
    await asyncio.sleep(Chance(day.seed, "inspection").between(0.5, 120.0))
    await _look(day, but=_SOON)


async def _look(day: _Day, *, but: frozenset[str] = frozenset()) -> None:
    if any(at <= day.elapsed() and by < 0 for at, by in day.faults.steps):
        but |= _BY_THE_CLOCK
    async with day.made.engine.db.read() as tx:
        judged = await invariants.judge(tx, now=day.made.now())
    for each in judged:
        if not each.holds and each.invariant.name not in but:
            found = "; ".join(f"{breach.subject}: {breach.found}" for breach in each.breaches)
            day.breaches.append(f"{each.invariant.name} after {day.elapsed():.1f} s: {found}")


async def _judge(day: _Day, scenario: Scenario) -> Trial:
    made = day.made
    await _look(day)
    async with made.engine.db.read() as tx:
        attempts = await checks.attempts(tx)
        targets = await checks.targets(tx)
        told = await checks.events(tx)
        is_over = await moments.is_finished(tx)
    sent = made.provider.sent
    has_budget = any(each.get("spendLimit") for each in day.documents.values())
    found = day.breaches + violations(
        Evidence(
            sent=sent,
            attempts=attempts,
            targets=targets,
            told=told,
            documents=day.documents,
            limits=day.acts.limits,
            daily=scenario.channel.daily_attempts,
            stops=day.acts.stops,
            barred=day.acts.barred,
            reopened=day.acts.reopened,
            ends_since=day.acts.ends_since,
            steps=day.steps,
            # A campaign without money waits for a person, who does not come.
            is_over=is_over or has_budget,
        )
    )
    unknown = sum(row.state == "unknown" for row in attempts)
    # Nor does anybody know what a carrier does not say, or is not asked about in time.
    is_impatient = scenario.give_up_after < _PATIENT_SECONDS
    is_excused = day.faults.manners.is_mute or bool(day.steps) or is_impatient
    if unknown > day.in_flight and not is_excused:
        found.append(f"unknown: {unknown} attempts, and {day.in_flight} were in flight")
    return Trial(
        seed=day.seed,
        violations=tuple(found),
        sends=len(sent),
        deaths=len(day.deaths),
        unknown=unknown,
        in_flight=day.in_flight,
        seconds=day.elapsed(),
        turns=made.turn.taken,
        digest=(tuple(sent), tuple(attempts), tuple(targets), tuple(told)),
    )
