"""Lines promised to a worker that lives and does nothing are free again; others are not."""

from __future__ import annotations

import pytest

from campana.services import granting
from campana.services.context import Context
from campana.services.stale_promises import STALE_SECONDS, StalePromises
from campana.store import owners
from tests.support.campaign import Scene, add_channel, launched, person
from tests.support.database import FixedClock
from tests.support.people import reserved_numbers

LINES = 3


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    channel = await add_channel(context, workspace_id=workspace_id, rate=100, lines=LINES)
    return await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        channel=channel,
        people=[person(number) for number in reserved_numbers()[:10]],
    )


async def granted(scene: Scene, owner_id: int) -> int:
    channel_id = scene.channel.id
    return await granting.grant(
        scene.engine, channel_id=channel_id, owner_id=owner_id, wanted=LINES
    )


async def test_lines_that_nobody_comes_for_are_free_again(scene: Scene, clock: FixedClock) -> None:
    now = 0.0
    promises = StalePromises(monotonic=lambda: now)
    async with scene.engine.db.session() as session, scene.engine.db.session() as second:
        still, other = await owners.take_identity(session), await owners.take_identity(second)
        assert await granted(scene, still) == LINES
        clock.forward(seconds=1)
        assert await granted(scene, other) == 0
        assert await promises.revoke(scene.engine) == 0
        now = STALE_SECONDS - 0.1
        assert await promises.revoke(scene.engine) == 0
        now = STALE_SECONDS
        assert await promises.revoke(scene.engine) == 1
        clock.forward(seconds=1)
        assert await granted(scene, other) == LINES
        # It wakes up, and its grant is worth nothing.
        assert await scene.claim(owner_id=still, limit=LINES) == []
        assert len(await scene.claim(owner_id=other, limit=LINES)) == LINES


async def test_a_promise_that_was_made_anew_has_its_own_time(
    scene: Scene, clock: FixedClock
) -> None:
    now = 0.0
    promises = StalePromises(monotonic=lambda: now)
    async with scene.engine.db.session() as session:
        owner_id = await owners.take_identity(session)
        for _ in range(5):
            assert await granted(scene, owner_id) == LINES
            assert await promises.revoke(scene.engine) == 0
            now += STALE_SECONDS - 1
            clock.forward(seconds=1)
        assert len(await scene.claim(owner_id=owner_id, limit=LINES)) == LINES
