"""Whom a report by a provider's own name means, whatever came first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.disposition import Disposition
from campana.services import named_reports, outcomes, reports
from campana.services.context import Context
from campana.services.intents import Send
from campana.store import named_reports as store
from campana.store.named_reports import Named
from tests.support.campaign import ANA, BRUNO, Scene, launched

SENT = Send(sender="Shop", is_call=False, ask_after=timedelta(hours=1))


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    return await launched(
        engine_context, context, workspace_id=workspace_id, window={"always": True}
    )


async def sent(scene: Scene) -> dict[str, UUID]:
    """Everybody is being sent to: attempts by address."""
    return {each.address: each.attempt_id for each in await scene.claim(send=SENT)}


def named(scene: Scene, ref: str, *, address: str = ANA, end: str = "delivered") -> Named:
    now = scene.engine.clock.now()
    return Named(
        workspace_id=scene.workspace_id,
        channel_id=scene.channel.id,
        ref=ref,
        address=address,
        key=f"receipt:{ref}:{end}",
        event=AttemptEvent(
            type=EventType.ENDED, at=now, detail={"disposition": end, "reason": end}
        ),
        received_at=now,
    )


async def name(scene: Scene, attempt_id: UUID, *refs: str) -> None:
    async with scene.engine.db.transaction() as tx:
        now = scene.engine.clock.now()
        await store.add_refs(tx, refs=[(attempt_id, refs)], now=now)


async def settle(scene: Scene) -> None:
    """What the loops of a work process do with what is kept."""
    await named_reports.match(scene.engine)
    await reports.apply_kept(scene.engine)


async def attempts(scene: Scene) -> dict[str, tuple[str, str | None]]:
    rows: Sequence[Any] = await scene.rows("select address, state, disposition from attempts")
    return {row[0]: (row[1], row[2]) for row in rows}


async def waiting(scene: Scene) -> int:
    [[count]] = await scene.rows("select count(*) from named_reports")
    return count


async def test_a_known_name_ends_its_attempt(scene: Scene) -> None:
    made = await sent(scene)
    await name(scene, made[ANA], "0a")
    await named_reports.keep(scene.engine, [named(scene, "0a")])
    await settle(scene)
    assert (await attempts(scene))[ANA] == ("ended", "delivered")
    assert await waiting(scene) == 0


async def test_a_report_that_overtakes_its_name_waits_for_it(scene: Scene) -> None:
    made = await sent(scene)
    await named_reports.keep(scene.engine, [named(scene, "0a")])
    await settle(scene)
    assert (await attempts(scene))[ANA] == ("sending", None)
    await name(scene, made[ANA], "0a")
    scene.engine.clock.forward(seconds=2)  # pyright: ignore[reportAttributeAccessIssue]
    await settle(scene)
    assert (await attempts(scene))[ANA] == ("ended", "delivered")
    assert await waiting(scene) == 0


@pytest.mark.parametrize("is_given_up", [False, True])
async def test_where_no_name_ever_came_the_address_tells(scene: Scene, is_given_up: bool) -> None:
    made = await sent(scene)
    if is_given_up:
        await outcomes.settle(
            scene.engine, attempt_id=made[ANA], disposition=Disposition.UNKNOWN, reason="silence"
        )
    await named_reports.keep(scene.engine, [named(scene, "0a", end="undelivered")])
    scene.engine.clock.forward(seconds=20)  # pyright: ignore[reportAttributeAccessIssue]
    await settle(scene)
    assert (await attempts(scene))[ANA] == ("ended", "undelivered")
    assert (await attempts(scene))[BRUNO] == ("sending", None)


async def test_an_attempt_with_a_name_of_its_own_is_not_meant(scene: Scene) -> None:
    made = await sent(scene)
    await name(scene, made[ANA], "0a")
    await named_reports.keep(scene.engine, [named(scene, "0b")])
    scene.engine.clock.forward(seconds=60)  # pyright: ignore[reportAttributeAccessIssue]
    await settle(scene)
    assert (await attempts(scene))[ANA] == ("sending", None)
    assert await waiting(scene) == 1


async def test_what_nobody_knows_is_dropped_after_days(scene: Scene) -> None:
    await named_reports.keep(scene.engine, [named(scene, "0b")])
    scene.engine.clock.forward(days=4)  # pyright: ignore[reportAttributeAccessIssue]
    await settle(scene)
    assert await waiting(scene) == 0


@pytest.mark.parametrize(
    ("told", "end"),
    [
        (["1 delivered", "2 delivered"], ("ended", "delivered")),
        (["2 delivered", "1 delivered", "1 delivered"], ("ended", "delivered")),
        (["1 delivered"], ("sending", None)),
        (["1 delivered", "1 delivered"], ("sending", None)),
        (["1 delivered", "2 undelivered"], ("ended", "undelivered")),
        (["2 invalid_number"], ("ended", "invalid_number")),
    ],
)
async def test_parts_end_their_attempt_together(
    scene: Scene, told: list[str], end: tuple[str, str | None]
) -> None:
    made = await sent(scene)
    await name(scene, made[ANA], "1", "2")
    for each in told:
        ref, _, disposition = each.partition(" ")
        await named_reports.keep(scene.engine, [named(scene, ref, end=disposition)])
        await settle(scene)
    assert (await attempts(scene))[ANA] == end
    assert await waiting(scene) == 0


async def test_a_name_that_is_given_again_means_the_newer(scene: Scene) -> None:
    made = await sent(scene)
    await name(scene, made[BRUNO], "0a")
    await name(scene, made[ANA], "0a")
    await named_reports.keep(scene.engine, [named(scene, "0a")])
    await settle(scene)
    found = await attempts(scene)
    assert (found[ANA], found[BRUNO]) == (("ended", "delivered"), ("sending", None))
