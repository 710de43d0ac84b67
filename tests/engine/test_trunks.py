"""Several trunks: a call goes over to the next when one says it cannot, and never after a ring."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from campana.engine import voice_worker
from campana.services import control, suppressions
from campana.services.context import Context
from campana.voice.driver import Placement, Progress, Refused
from tests.engine.test_voice_worker import ended, working
from tests.support.campaign import ANA, Scene, add_channel, launched, person
from tests.voice.scripted import ScriptedCall, ScriptedDriver

FIRST, SECOND, THIRD = 5061, 5062, 5063

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(autouse=True)
def whenever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call may be placed however long the machine takes from its claim to the line."""
    monkeypatch.setattr(voice_worker, "SEND_DEADLINE", timedelta(minutes=1))


class TrunkedDriver(ScriptedDriver):
    """Answers by trunk: those with a code refuse, after a ring if `rings`."""

    def __init__(self, codes: Mapping[int, int], *, rings: bool = False) -> None:
        super().__init__((0.02, "hang_up", ""), ring=0.0)
        self.dialed: list[int] = []
        self.before_refusal: Callable[[], Awaitable[Any]] | None = None
        self._codes = codes
        self._rings = rings

    async def place(
        self, placement: Placement, *, on_progress: Callable[[Progress], None]
    ) -> ScriptedCall:
        if not placement.may_send():
            raise AssertionError("nobody asked whether it may still be sent")
        self.dialed.append(placement.trunk.port)
        code = self._codes.get(placement.trunk.port)
        if code is None:
            return await super().place(placement, on_progress=on_progress)
        if self._rings:
            on_progress(Progress.RINGING)
        if self.before_refusal is not None:
            await self.before_refusal()
        raise Refused(status=code, reason="Refused")


async def on_trunks(engine: Context, web: Context, workspace_id: int, **second: Any) -> Scene:
    trunks: list[dict[str, Any]] = [
        {"host": "127.0.0.1", "port": port} for port in (FIRST, SECOND, THIRD)
    ]
    trunks[1].update(second)
    channel = await add_channel(
        web,
        workspace_id=workspace_id,
        config={"trunks": trunks, "callerIds": ["+12025550100"]},
    )
    return await launched(
        engine, web, workspace_id=workspace_id, channel=channel, people=[person(ANA)]
    )


@asynccontextmanager
async def called(
    scene: Scene, driver: TrunkedDriver
) -> AsyncIterator[tuple[str, list[tuple[str, str]]]]:
    """The disposition of the only attempt, and its `sending` events."""
    async with working(scene.engine, driver) as worker:
        assert await worker.step()
        found = await ended(scene)
        told = await scene.rows(
            "select type, detail ->> 'trunk' from attempt_events where type = 'sending' order by id"
        )
        yield found[2], told


async def test_a_trunk_that_cannot_is_passed_over_within_the_same_attempt(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await on_trunks(engine_context, context, workspace_id)
    driver = TrunkedDriver({FIRST: 503, SECOND: 500})
    async with called(scene, driver) as (disposition, told):
        assert driver.dialed == [FIRST, SECOND, THIRD]
        assert disposition == "hung_up"
        third = f"sip:127.0.0.1:{THIRD};transport=udp"
        assert [trunk for _, trunk in told] == [None, third.replace("63", "62"), third]
    assert await scene.rows("select trunk, attempt_no from attempts") == [(third, 1)]


async def test_when_no_trunk_can_the_last_word_stands(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await on_trunks(engine_context, context, workspace_id)
    driver = TrunkedDriver({FIRST: 503, SECOND: 503, THIRD: 502})
    async with called(scene, driver) as (disposition, _):
        assert driver.dialed == [FIRST, SECOND, THIRD]
        assert disposition == "congestion"
    assert await scene.rows("select sip_status from voice_calls") == [(502,)]


@pytest.mark.parametrize(
    ("code", "disposition"),
    [(486, "busy"), (404, "invalid_number"), (403, "blocked"), (603, "declined"), (600, "busy")],
)
async def test_what_is_said_of_the_person_is_said_for_every_trunk(
    code: int, disposition: str, engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await on_trunks(engine_context, context, workspace_id)
    driver = TrunkedDriver({FIRST: code})
    async with called(scene, driver) as (became, _):
        assert driver.dialed == [FIRST]
        assert became == disposition


async def test_after_a_ring_no_other_trunk_is_tried(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await on_trunks(engine_context, context, workspace_id)
    driver = TrunkedDriver({FIRST: 503}, rings=True)
    async with called(scene, driver) as (disposition, _):
        assert driver.dialed == [FIRST]
        assert disposition == "congestion"


async def test_a_pause_forbids_the_other_trunk_too(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await on_trunks(engine_context, context, workspace_id)
    driver = TrunkedDriver({FIRST: 503})

    async def pause() -> None:
        await control.pause(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)

    driver.before_refusal = pause
    async with called(scene, driver) as (disposition, _):
        assert driver.dialed == [FIRST]
        assert disposition == "congestion"


async def test_a_trunk_without_a_free_line_is_no_way_out(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    """The second may be used once a day, and was: the third is next."""
    scene = await on_trunks(engine_context, context, workspace_id, dailyAttempts=1)
    second = f"sip:127.0.0.1:{SECOND};transport=udp"
    async with engine_context.db.transaction() as tx:
        await tx.execute(
            "insert into trunk_pacing (channel_id, trunk, workspace_id, arrival_at, rate, day,"
            " day_sends) values (%s, %s, %s, 'epoch', 1, %s, 1)",
            (scene.channel.id, second, workspace_id, engine_context.clock.now().date()),
        )
    driver = TrunkedDriver({FIRST: 503})
    async with called(scene, driver) as (disposition, _):
        assert driver.dialed == [FIRST, THIRD]
        assert disposition == "hung_up"


async def test_a_suppression_forbids_the_other_trunk_too(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await on_trunks(engine_context, context, workspace_id)
    driver = TrunkedDriver({FIRST: 503})

    async def suppress() -> None:
        await suppressions.add(
            context, workspace_id=workspace_id, address=ANA, reason="asked us to stop"
        )

    driver.before_refusal = suppress
    async with called(scene, driver) as (disposition, _):
        assert driver.dialed == [FIRST]
        assert disposition == "congestion"
