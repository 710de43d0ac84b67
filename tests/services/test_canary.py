"""First people are judged by what became of them, and so only once they were in contact."""

from __future__ import annotations

import pytest

from campana.domain.disposition import Disposition
from campana.services import breaking, outcomes
from campana.services.context import Context
from tests.services.test_breaking import CANARY, PEOPLE, attempt, state
from tests.support import ledger
from tests.support.campaign import launched


@pytest.mark.parametrize("nothing", [Disposition.NOT_SENT, Disposition.CANCELLED])
async def test_there_is_no_verdict_on_first_people_whom_nothing_reached(
    nothing: Disposition, engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=PEOPLE, canary=CANARY
    )
    await attempt(scene, nothing, count=4)
    await attempt(scene, Disposition.COMPLETED, count=1)
    assert await scene.claim(limit=50) == []
    assert await breaking.judge(engine_context) == []
    # As many others go, or the same once more; and no more than that.
    for each in await scene.claim(limit=50):
        await outcomes.settle(
            scene.engine,
            attempt_id=each.attempt_id,
            disposition=Disposition.CARRIER_ERROR,
            reason="test",
        )
    assert await scene.claim(limit=50) == []
    contacted = "select count(distinct target_id) from attempts where disposition <> %s"
    assert await scene.rows(contacted, nothing) == [(5,)]
    assert await breaking.judge(engine_context) == []
    assert (await state(scene))[0] == "tripped"
    assert await ledger.broken(engine_context) == []
