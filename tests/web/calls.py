"""Calls as the engine leaves them, made without a line."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.disposition import Disposition
from campana.services import dispatch, outcomes
from campana.services.claimed import Claimed
from campana.store.attempts import CallFacts
from tests.support.campaign import Scene
from tests.support.database import FixedClock

CALLER = "+12025550100"


def facts(**changes: Any) -> CallFacts:
    """A talk of 12.5 seconds in which 1 was pressed."""
    given: dict[str, Any] = {
        "sip_status": 200,
        "talk_seconds": 12.5,
        "keys": "1",
        "saved": {"answer": "1"},
        "result": "confirmed",
        "transcript": [{"role": "bot", "text": "Hello Ana.", "atMs": 0}],
        "recording_key": None,
    }
    return CallFacts(**given | changes)


async def place(scene: Scene, claimed: Claimed) -> None:
    """The INVITE has gone out."""
    assert await dispatch.begin_sending(
        scene.engine, claimed=claimed, owner_id=1, from_number=CALLER
    )


async def answer_and_end(
    scene: Scene,
    claimed: Claimed,
    clock: FixedClock,
    *,
    disposition: Disposition = Disposition.COMPLETED,
    **changes: Any,
) -> None:
    """Answered after three seconds, `1` pressed, over after twelve and a half more."""
    await place(scene, claimed)
    answered_at = clock.forward(seconds=3)
    for kind, detail in ((EventType.ANSWERED, {"status": 200}), (EventType.KEY, {"key": "1"})):
        event = AttemptEvent(type=kind, at=clock.now(), detail=detail)
        await outcomes.record(scene.engine, attempt_id=claimed.attempt_id, event=event)
    clock.moment += timedelta(seconds=12.5)
    await outcomes.settle(
        scene.engine,
        attempt_id=claimed.attempt_id,
        disposition=disposition,
        reason="the bot came to its end",
        facts=facts(**changes),
        answered_at=answered_at,
    )


async def refuse(scene: Scene, claimed: Claimed, disposition: Disposition) -> None:
    """Nobody talked."""
    await place(scene, claimed)
    await outcomes.settle(
        scene.engine,
        attempt_id=claimed.attempt_id,
        disposition=disposition,
        reason="486 Busy Here",
        facts=facts(
            sip_status=486, talk_seconds=None, keys="", saved={}, result=None, transcript=[]
        ),
    )
