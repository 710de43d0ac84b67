"""Whatever keeps a bot from calling keeps a flow from it: one claim, one gate, one deadline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from campana.domain.disposition import Disposition
from campana.domain.errors import Unavailable
from campana.engine import voice_worker
from campana.services import conducting, control, outcomes, suppressions
from campana.services.context import Context
from campana.services.control import InFlight
from tests.engine import test_pause
from tests.engine.test_conducted import NODES, conducted
from tests.engine.test_pause import RunningClock, WitnessDriver, talking
from tests.engine.test_voice_worker import working
from tests.support import ledger
from tests.support.campaign import ANA, Scene, launched, person
from tests.support.database import NOW, FixedClock
from tests.support.people import reserved_numbers
from tests.support.talking import flow, published
from tests.support.waiting import eventually
from tests.voice.scripted import ScriptedDriver

pytestmark = pytest.mark.timeout(180)

Stands = tuple[str, str | None, str | None, datetime | None]
"""State, disposition, reason, due."""
OPEN: Any = {"window": {"always": True}}
CAPPED: Any = {**OPEN, "caps": [{"per": "number", "attempts": 1, "days": 3}]}


@pytest.fixture(params=["bot", "flow"])
async def talk(request: pytest.FixtureRequest, context: Context, workspace_id: int) -> Any:
    """What a campaign calls with: a bot, or a flow that conducts its calls."""
    if request.param == "bot":
        return {}
    return await conducting_flow(context, workspace_id)


async def conducting_flow(web: Context, workspace_id: int) -> dict[str, Any]:
    """What a campaign says whose calls a flow conducts."""
    flow_id = await published(web, workspace_id=workspace_id, definition=flow(NODES))
    return {"type": "Flow", "voiceBot": None, "flow": {"id": flow_id}}


async def in_real_time(
    engine: Context, web: Context, workspace_id: int, numbers: Sequence[str]
) -> tuple[Scene, RunningClock]:
    """Such a campaign on a clock that runs."""
    clock = RunningClock()
    web = replace(web, clock=clock)
    scene = await launched(
        replace(engine, clock=clock),
        web,
        workspace_id=workspace_id,
        people=[person(number) for number in numbers],
        **OPEN,
        **await conducting_flow(web, workspace_id),
    )
    return scene, clock


class World:
    """What happens between a launch and the worker's turn."""

    def __init__(self, scene: Scene, clock: FixedClock) -> None:
        self.scene, self.clock = scene, clock
        self._where = {"workspace_id": scene.workspace_id, "campaign_id": scene.campaign_id}

    async def suppress(self) -> None:
        await suppressions.add(
            self.scene.web,
            workspace_id=self.scene.workspace_id,
            address=ANA,
            reason="asked us to stop",
            source="test",
        )

    async def grow_late(self) -> None:
        self.clock.forward(hours=13)

    async def pause(self) -> None:
        await control.pause(replace(self.scene.web, clock=RunningClock()), **self._where)

    async def cancel(self) -> None:
        await control.cancel(replace(self.scene.web, clock=RunningClock()), **self._where)


@pytest.mark.parametrize(
    ("obstacle", "rules", "stands"),
    [
        (World.suppress, OPEN, ("finished", "suppressed", "suppressed_workspace", None)),
        (World.grow_late, {}, ("waiting", None, None, NOW)),
        (World.pause, OPEN, ("waiting", None, None, NOW)),
        (World.cancel, OPEN, ("finished", "cancelled", "cancelled", None)),
    ],
)
async def test_nobody_is_called_whom_the_rules_protect(
    obstacle: Callable[[World], Awaitable[None]],
    rules: Any,
    stands: Stands,
    talk: Any,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA)],
        **{**talk, **rules},
    )
    await obstacle(World(scene, clock))
    assert await called(scene) == 0
    assert await standing(scene) == stands


@pytest.mark.parametrize(
    ("is_over", "stands"),
    [
        (True, ("waiting", None, "caps", NOW + timedelta(days=3))),
        (False, ("waiting", None, "address_busy", NOW + timedelta(seconds=15))),
    ],
)
async def test_nobody_is_called_who_was_called_enough_or_is_talked_to(
    is_over: bool,
    stands: Stands,
    talk: Any,
    engine_context: Context,
    context: Context,
    workspace_id: int,
) -> None:
    where: Any = {"workspace_id": workspace_id, "people": [person(ANA)]}
    other = await launched(engine_context, context, **where, **OPEN)
    [elsewhere] = await other.claim(owner_id=7)
    if is_over:
        await outcomes.settle(
            engine_context,
            attempt_id=elsewhere.attempt_id,
            disposition=Disposition.COMPLETED,
            reason="ended",
        )
    channel = other.channel
    rules = CAPPED if is_over else OPEN
    scene = await launched(engine_context, context, **where, channel=channel, **talk, **rules)
    assert await called(scene) == 0
    assert await standing(scene) == stands


async def called(scene: Scene) -> int:
    """How many calls a worker places when it is its turn."""
    driver = WitnessDriver(RunningClock())
    async with working(scene.engine, driver) as worker:
        assert not await worker.step()
    assert await scene.rows(
        "select count(*) from attempts where campaign_id = %s", scene.campaign_id
    ) == [(0,)]
    return len(driver.placed)


async def standing(scene: Scene) -> Stands:
    """Where Ana stands, why, and until when."""
    query = "select t.state, t.disposition, t.last_reason, d.due_at from targets t"
    query += " left join due d on d.target_id = t.id where t.campaign_id = %s"
    [row] = await scene.rows(query, scene.campaign_id)
    return row


async def test_of_five_pauses_none_is_followed_by_a_call(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    numbers = reserved_numbers()[:600]
    scene, clock = await in_real_time(engine_context, context, workspace_id, numbers)
    where: Any = {"workspace_id": workspace_id, "campaign_id": scene.campaign_id}
    driver = WitnessDriver(clock, (0.02, "hang_up", ""))
    quiet: list[tuple[datetime, datetime]] = []
    async with test_pause.working(scene.engine, driver):
        for number in range(5):
            placed = len(driver.placed)
            await eventually(lambda count=placed + number: len(driver.placed) > count)
            await control.pause(scene.web, **where)
            answered = clock.now()
            # Longer than any intent lives.
            await eventually(lambda until=answered + timedelta(seconds=0.7): clock.now() > until)
            quiet.append((answered, clock.now()))
            await control.resume(scene.web, **where)
    assert [at for at in driver.placed for first, last in quiet if first < at < last] == []
    assert await ledger.broken(scene.engine) == []


async def test_a_call_in_progress_is_hung_up_when_asked_and_its_flow_takes_its_way(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene, _ = await in_real_time(engine_context, context, workspace_id, [ANA])
    async with test_pause.working(scene.engine, ScriptedDriver(ring=0.0)):
        await eventually(lambda: talking(scene))
        await control.pause(
            scene.web,
            workspace_id=workspace_id,
            campaign_id=scene.campaign_id,
            in_flight=InFlight.HANGUP,
        )
        await eventually(lambda: scene.rows("select 1 from attempts where state = 'ended'"))
    assert await scene.rows("select disposition from attempts") == [("cancelled",)]
    assert (await standing(scene))[:2] == ("finished", "no_answer")
    assert await scene.rows("select count(*) from flow_messages where state <> 'done'") == [(0,)]


async def test_a_step_whose_commit_nobody_confirmed_is_taken_once(
    engine_context: Context,
    context: Context,
    workspace_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a database that restarts does it: before the commit, and between it and its answer."""
    monkeypatch.setattr(voice_worker, "SEND_DEADLINE", timedelta(minutes=1))
    following, asked = conducting.follow, 0

    async def flaky(context: Context, **given: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked % 3 == 1:
            raise Unavailable("the database is away")
        step = await following(context, **given)
        if asked % 3 == 2:
            raise Unavailable("the database went away")
        return step

    monkeypatch.setattr(conducting, "follow", flaky)
    driver = ScriptedDriver((3.5, "press", "1"), ring=0.01)
    scene, disposition, rows = await conducted(engine_context, context, workspace_id, driver)
    assert (disposition, rows) == ("completed", [("finished", "completed")])
    [[transcript]] = await scene.rows("select transcript from voice_calls")
    assert [each["text"] for each in transcript] == ["Press one or two.", "1", "Thank you."]
    told = await scene.rows("select told->>'type' from flow_inputs order by number")
    assert told == [("digits",), ("said",)]
