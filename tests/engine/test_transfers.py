"""Calls that are handed over to somebody else, from the claim to what the records say of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.transfer import TransferOutcome, Transferred, refusal
from campana.engine import voice_worker
from campana.services import accounts, dispatch, outcomes
from campana.services.context import Context
from tests.engine.test_voice_worker import ended, one, working
from tests.services.test_sweep import OLD_ENOUGH
from tests.support.database import FixedClock
from tests.support.ownership import dead_owner
from tests.voice.scripted import ScriptedDriver

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(autouse=True)
def whenever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call may be placed however long the machine takes from its claim to the line."""
    monkeypatch.setattr(voice_worker, "SEND_DEADLINE", timedelta(minutes=1))


DESK = "+12025550160"
TRANSFERRING_BOT: Any = {
    "greeting": "Hello.",
    "transferTo": DESK,
    "steps": [{"type": "transfer", "id": "desk"}],
}


@pytest.mark.parametrize(
    ("told", "countries", "disposition", "transfer"),
    [
        (Transferred(outcome=TransferOutcome.ANSWERED, status=200), ["US"], "transferred", 200),
        (refusal(486), ["US"], "completed", 486),
        # The country was taken back after the launch: nobody is asked.
        (Transferred(outcome=TransferOutcome.ANSWERED, status=200), ["GB"], "completed", None),
    ],
)
async def test_a_call_that_is_handed_over_ends_as_that(
    told: Transferred,
    countries: list[str],
    disposition: str,
    transfer: int | None,
    engine_context: Context,
    context: Context,
    workspace_id: int,
) -> None:
    scene = await one(engine_context, context, workspace_id, voiceBot=TRANSFERRING_BOT)
    driver = ScriptedDriver(ring=0.01, desks={DESK: (0.1, told)})
    async with working(engine_context, driver) as worker:
        claim = dispatch.claim

        async def then_taken_back(*args: Any, **named: Any) -> Any:
            claimed = await claim(*args, **named)
            await accounts.allow_countries(
                engine_context, workspace_id=workspace_id, countries=countries, default=None
            )
            return claimed

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dispatch, "claim", then_taken_back)
            assert await worker.step()
        assert (await ended(scene))[2] == disposition
    [[transfers]] = await scene.rows("select transfers from voice_calls")
    [kept] = transfers
    assert (kept["step"], kept["to"], kept["status"]) == ("desk", DESK, transfer)
    assert await scene.rows("select state, disposition from targets") == [("finished", disposition)]
    told_of = await scene.rows(
        "select type from attempt_events where starts_with(type, 'transfer') order by id"
    )
    assert told_of == [("transferring",), ("transfer_ended",)]


async def test_a_worker_that_dies_while_it_hands_a_call_over_leaves_it_unknown(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await one(engine_context, context, workspace_id, voiceBot=TRANSFERRING_BOT)
    dead = await dead_owner(engine_context)
    [claimed] = await scene.claim(owner_id=dead)
    assert await dispatch.begin_sending(
        engine_context, claimed=claimed, owner_id=dead, from_number="+12025550100"
    )
    for kind in (EventType.ANSWERED, EventType.TRANSFERRING):
        event = AttemptEvent(type=kind, at=clock.forward(seconds=1), detail={"to": DESK})
        await outcomes.record(engine_context, attempt_id=claimed.attempt_id, event=event)
    clock.moment += OLD_ENOUGH
    assert await outcomes.sweep(engine_context) == 1
    assert (await ended(scene))[1:3] == ("unknown", "unknown")
    clock.forward(days=1)
    assert await scene.claim() == []
