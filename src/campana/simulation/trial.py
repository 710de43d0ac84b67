"""One seeded trial: a small campaign on a bad day, and whether every promise was kept.

The seed decides everything: the campaign, the people, the carrier, and what goes wrong when. The
same seed is the same trial.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from campana.domain.errors import InvalidTransition
from campana.services import control
from campana.simulation.chance import Chance
from campana.simulation.checks import Evidence, violations
from campana.simulation.document import ChannelLimits, ContactsDocument, Scenario
from campana.simulation.faults import Faults, SeededTroubles, draw_faults, draw_plan
from campana.simulation.play import Stage, launch, raise_failure, set_up, until_over
from campana.simulation.process import Process
from campana.simulation.world import World, world
from campana.store import checks, moments

AGAIN = "bench/simulate.py --seed {seed}"
"""The command that runs a trial again."""

_DAYS = 8
_SHORT = "09:00"
_ZONES = {"America/New_York": 2.0, "America/Chicago": 1.0, "America/Los_Angeles": 1.0}


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
    deaths: list[str] = field(default_factory=list[str])
    lives: int = 0
    in_flight: int = 0
    slots: dict[int, Process] = field(default_factory=dict[int, Process])
    pauses: list[tuple[datetime, datetime, str]] = field(
        default_factory=list[tuple[datetime, datetime, str]]
    )
    steps: list[datetime] = field(default_factory=list[datetime])

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
    """
    scenario = draw_scenario(seed)
    async with world(
        conninfo, seed=seed, starts=scenario.starts, plan=scenario.plan, folder=folder
    ) as made:
        stage = await set_up(made, scenario)
        documents = {stage.campaign_id: scenario.campaign}
        if Chance(seed, "campaigns").happens(0.3):
            # Another one to the same people, on the same lines, at the same time.
            second = await launch(
                made,
                scenario.campaign,
                workspace_id=stage.workspace_id,
                channel_id=stage.channel_id,
                list_id=stage.list_id,
            )
            documents[second] = scenario.campaign
        day = _Day(made=made, seed=seed, faults=draw_faults(seed), stage=stage, documents=documents)
        made.trouble_callbacks(day.troubles("callbacks"))
        errands = [made.spawn(_slot(day, n)) for n in range(day.faults.workers)]
        errands += [made.spawn(work) for work in _events(day)]
        over = made.spawn(until_over(made, ends=scenario.ends))
        going_on = {over, *errands}
        while not over.done():
            done, going_on = await asyncio.wait(going_on, return_when=asyncio.FIRST_COMPLETED)
            for errand in done:
                # With the bug that ended it, if one did.
                errand.result()
        return await _judge(day, scenario)


def draw_scenario(seed: int) -> Scenario:
    """A small campaign: short days, few lines, quick retries."""
    chance = Chance(seed, "scenario")
    # The hours of New York end while it is under way, or begin.
    day = chance.one_of([datetime(2026, 3, 6, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)])
    starts = day + timedelta(hours=chance.one_of([13.9, 15.0, 20.95, 21.95]))
    weekdays = ["mon", "tue", "wed", "thu", "fri", *chance.one_of([[], ["sat", "sun"]])]
    hours = [{"from": _SHORT, "to": chance.one_of(["12:00", "17:00"])}]
    retry = chance.one_of([60, 600])
    campaign: dict[str, Any] = {
        "name": f"trial {seed}",
        "type": "VoiceBot",
        "channelType": "Voice",
        "window": dict.fromkeys(weekdays, hours),
        "cadence": {
            "maxAttempts": chance.whole(2, 5),
            "busy": {"attempts": chance.whole(1, 3), "delaySeconds": retry},
            "noAnswer": {"attempts": chance.whole(1, 3), "delaySeconds": retry},
            "congestion": {"attempts": 3, "delaySeconds": 60},
            "carrierError": {"attempts": 3, "delaySeconds": 60},
        },
        "voiceBot": {
            "greeting": "Hello {{ contact.first_name }}.",
            "steps": [{"type": "end", "id": "bye", "text": "Goodbye."}],
        },
        # Of so few people a breaker would make a campaign of its own.
        "breakers": {"maxFailureRate": None},
    }
    if chance.happens(0.4):
        per = chance.one_of(["number", "contact"])
        campaign["caps"] = [{"per": per, "attempts": chance.whole(1, 2), "days": 1}]
    if chance.happens(0.2):
        campaign["window"]["closedDates"] = ["2026-03-10"]
    if chance.happens(0.3):
        campaign["pacing"] = {"rate": chance.one_of([0.5, 2.0]), "lines": chance.whole(1, 4)}
    return Scenario(
        campaign=campaign,
        contacts=ContactsDocument(count=chance.whole(4, 14), zones=_ZONES),
        starts=starts,
        days=_DAYS,
        workers=1,
        channel=ChannelLimits(rate=chance.one_of([0.5, 2.0, 8.0]), lines=chance.whole(1, 8)),
        plan=draw_plan(seed),
    )


async def _slot(day: _Day, number: int) -> None:
    """A worker, and another one each time it dies."""
    chance = Chance(day.seed, f"slot {number}")
    while True:
        day.lives += 1
        name = f"worker {number + 1}, life {day.lives}"
        process = day.made.begin(name, day.troubles(name))
        day.slots[number] = process
        await process.died.wait()
        async with day.made.engine.db.read() as tx:
            day.in_flight += await checks.open_attempts(tx)
        await day.made.bury(process)
        raise_failure(process)
        await asyncio.sleep(chance.one_of([0.0, 0.5, 10.0, 60.0]))


def _events(day: _Day) -> list[Any]:
    faults = day.faults
    return [
        *(_kill(day, at) for at in faults.kills),
        *(_cut(day, at) for at in faults.cuts),
        _pauses(day),
        *(_step(day, at, by) for at, by in faults.steps),
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


async def _pauses(day: _Day) -> None:
    """One after another: the end of a pause is the end of every other one."""
    for at, span in day.faults.pauses:
        await asyncio.sleep(max(0.0, at - day.elapsed()))
        await _pause(day, span)


async def _pause(day: _Day, span: float) -> None:
    made, stage = day.made, day.stage
    names: Mapping[str, Any] = {
        "workspace_id": stage.workspace_id,
        "campaign_id": stage.campaign_id,
    }
    try:
        await control.pause(made.web, **names)
        begun = made.real_now()
        await asyncio.sleep(span)
        day.pauses.append((begun, made.real_now(), stage.campaign_id))
        await control.resume(made.web, **names)
    except InvalidTransition:
        # It was over already.
        return


async def _judge(day: _Day, scenario: Scenario) -> Trial:
    made = day.made
    async with made.engine.db.read() as tx:
        attempts = await checks.attempts(tx)
        targets = await checks.targets(tx)
        is_over = await moments.is_finished(tx)
    sent = made.provider.sent
    found = violations(
        Evidence(
            sent=sent,
            attempts=attempts,
            targets=targets,
            documents=day.documents,
            rate=scenario.channel.rate,
            lines=scenario.channel.lines,
            pauses=day.pauses,
            steps=day.steps,
            is_over=is_over,
        )
    )
    unknown = sum(row.state == "unknown" for row in attempts)
    if unknown > day.in_flight:
        found.append(f"unknown: {unknown} attempts, and {day.in_flight} were in flight")
    return Trial(
        seed=day.seed,
        violations=tuple(found),
        sends=len(sent),
        deaths=len(day.deaths),
        unknown=unknown,
        in_flight=day.in_flight,
        seconds=day.elapsed(),
        digest=(tuple(sent), tuple(attempts), tuple(targets)),
    )
