"""A limit that is lowered and a person who is suppressed stop the line like a pause does: at any
moment of the dispatcher's work, judged by the calls that were placed. Ten times each in the short
run of the tests, fifty in the long one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from campana.services import campaigns, channels, suppressions
from campana.services.context import Context
from campana.voice.driver import Placement, Progress
from tests.engine.test_pause import SLOW, RunningClock, working
from tests.support import ledger
from tests.support.campaign import Scene, add_channel, launched, person
from tests.support.people import reserved_numbers
from tests.support.waiting import eventually, usual
from tests.voice.scripted import ScriptedCall, ScriptedDriver

MANY, FEW = 12, 2
OFTEN = pytest.mark.parametrize("times", [10, pytest.param(50, marks=pytest.mark.long)])


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A call: when, to whom, and how many others were up."""

    at: datetime
    to: str
    beside: int


@dataclass
class Line(ScriptedDriver):
    """A telephone line that remembers."""

    clock: RunningClock
    placed: list[Placed] = field(default_factory=list[Placed])
    calls: list[ScriptedCall] = field(default_factory=list[ScriptedCall])

    def __post_init__(self) -> None:
        super().__init__((0.4, "hang_up", ""), ring=0.0)

    async def place(
        self, placement: Placement, *, on_progress: Callable[[Progress], None]
    ) -> ScriptedCall:
        up = sum(call.ended is None for call in self.calls)
        self.placed.append(Placed(at=self.clock.now(), to=placement.to, beside=up))
        call = await super().place(placement, on_progress=on_progress)
        self.calls.append(call)
        return call


async def scene_of(engine: Context, web: Context, workspace_id: int, **document: Any) -> Scene:
    channel = await add_channel(web, workspace_id=workspace_id, rate=60.0, burst=5, lines=MANY)
    return await launched(
        engine,
        web,
        workspace_id=workspace_id,
        people=[person(phone) for phone in reserved_numbers()[:4000]],
        channel=channel,
        voiceBot=SLOW,
        **document,
    )


Limit = Callable[[Context, Scene, int], Awaitable[Any]]


async def of_channel(web: Context, scene: Scene, lines: int) -> None:
    await channels.change(
        web, workspace_id=scene.workspace_id, wanted=scene.channel.id, patch={"lines": lines}
    )


async def of_campaign(web: Context, scene: Scene, lines: int) -> None:
    await campaigns.change(
        web,
        workspace_id=scene.workspace_id,
        campaign_id=scene.campaign_id,
        patch={"pacing": {"lines": lines}},
        version=None,
    )


@pytest.mark.timeout(400)
@OFTEN
@pytest.mark.parametrize("limit", [of_channel, of_campaign])
async def test_after_a_lower_cap_is_answered_no_call_begins_above_it(
    limit: Limit, times: int, engine_context: Context, context: Context, workspace_id: int
) -> None:
    clock = RunningClock()
    engine, web = replace(engine_context, clock=clock), replace(context, clock=clock)
    scene = await scene_of(engine, web, workspace_id, pacing={"lines": MANY})
    line = Line(clock)
    low: list[tuple[datetime, datetime]] = []
    waited: list[timedelta] = []
    async with working(engine, line):
        for number in range(times):
            placed = len(line.placed)
            await eventually(lambda count=placed + 4 + number % 5: len(line.placed) > count)
            asked = clock.now()
            await limit(web, scene, FEW)
            answered = clock.now()
            until = answered + timedelta(seconds=0.2)
            await eventually(lambda until=until: clock.now() > until)
            low.append((answered, clock.now()))
            waited.append(answered - asked)
            await limit(web, scene, MANY)
    above = [
        call
        for call in line.placed
        for first, last in low
        if first < call.at < last and call.beside >= FEW
    ]
    assert above == []
    assert usual(waited) < timedelta(seconds=1)
    # Else this proved nothing: without the cap there were more.
    assert max(call.beside for call in line.placed) >= FEW + 2
    assert await ledger.broken(engine) == []


async def about_to_be_called(scene: Scene, number: int) -> str:
    """Somebody in the middle of being claimed, or two places behind, or, every third time, so far
    behind that they are stopped in time however slow the machine is."""
    rows = await scene.rows(
        "select t.address from due d join targets t on t.id = d.target_id"
        " order by d.due_at, d.target_id limit 1 offset %s",
        (0, 2, 60)[number % 3],
    )
    return rows[0][0]


@pytest.mark.timeout(400)
@OFTEN
async def test_after_a_suppression_is_answered_the_person_is_not_called(
    times: int, engine_context: Context, context: Context, workspace_id: int
) -> None:
    clock = RunningClock()
    engine, web = replace(engine_context, clock=clock), replace(context, clock=clock)
    scene = await scene_of(engine, web, workspace_id)
    line = Line(clock)
    answered: dict[str, datetime] = {}
    waited: list[timedelta] = []
    async with working(engine, line):
        for number in range(times):
            placed = len(line.placed)
            await eventually(lambda count=placed + number % 3: len(line.placed) > count)
            address, asked = await about_to_be_called(scene, number), clock.now()
            await suppressions.add(
                web, workspace_id=workspace_id, address=address, reason="asked us to stop"
            )
            answered[address] = clock.now()
            waited.append(answered[address] - asked)
        await asyncio.sleep(0)
    late = [call for call in line.placed if call.to in answered and call.at > answered[call.to]]
    assert late == []
    assert usual(waited) < timedelta(seconds=1)
    told = await scene.rows("select count(*) from targets where disposition = 'suppressed'")
    assert told[0][0] > times / 4, "hardly anybody was stopped in time: this proved nothing"
