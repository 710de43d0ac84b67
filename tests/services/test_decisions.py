"""Why was this person not contacted? The gate's decisions are kept, and repeats are counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import LiteralString

import psycopg
import pytest

from campana.services import suppressions
from campana.services.context import Context
from campana.store import decisions
from campana.store.decisions import Decision
from tests.support.campaign import ANA, Scene, launched, person
from tests.support.database import NOW, FixedClock


async def decided(scene: Scene) -> list[Decision]:
    """About the campaign's one person."""
    [(target_id,)] = await scene.rows(
        "select id from targets where campaign_id = %s", scene.campaign_id
    )
    async with scene.engine.db.read() as tx:
        return await decisions.of_target(tx, target_id=target_id)


async def test_the_same_deferral_again_is_counted_and_another_is_added(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    rival = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    assert len(await rival.claim()) == 1
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA)],
        channel=rival.channel,
    )
    for _ in range(3):
        await scene.claim()
        clock.forward(seconds=15)
    last = NOW + timedelta(seconds=30)
    busy = Decision("deferred", "address_busy", NOW, last, 3, last + timedelta(seconds=15))
    assert await decided(scene) == [busy]
    clock.moment = datetime(2026, 3, 11, 4, tzinfo=UTC)
    async with engine_context.db.transaction() as tx:
        await tx.execute("update open_windows set open_until = 'infinity'")
    await scene.claim()
    opens = datetime(2026, 3, 11, 12, tzinfo=UTC)
    closed = Decision("deferred", "window", clock.moment, clock.moment, 1, opens)
    assert await decided(scene) == [busy, closed]
    clock.moment = opens
    await scene.claim()
    again = Decision("deferred", "address_busy", opens, opens, 1, opens + timedelta(seconds=15))
    assert await decided(scene) == [busy, closed, again]


async def test_a_skip_is_kept_with_its_reason(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    await suppressions.add(context, workspace_id=workspace_id, address=ANA, reason="asked")
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    await scene.claim()
    assert await decided(scene) == [Decision("skipped", "suppressed_workspace", NOW, NOW, 1, None)]


async def test_what_was_decided_is_never_rewritten(engine_context: Context) -> None:
    tampering: tuple[LiteralString, ...] = (
        "update target_decisions set reason = 'window'",
        "update target_decisions set first_at = last_at",
        "delete from target_decisions",
    )
    for statement in tampering:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with engine_context.db.transaction() as tx:
                await tx.execute(statement)
