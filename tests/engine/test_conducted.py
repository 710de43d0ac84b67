"""Calls that a flow conducts, from the claim to what the records say of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campana.domain.transfer import TransferOutcome, Transferred, refusal
from campana.engine import voice_worker
from campana.services.context import Context
from campana.voice.driver import NoAnswer
from campana.voice.ears.hearing import Ears
from tests.engine.test_voice_worker import ended, one, working
from tests.support.campaign import ANA, Scene
from tests.support.talking import flow, published
from tests.voice.hears import LevelModels
from tests.voice.scripted import ScriptedDriver

pytestmark = pytest.mark.timeout(180)

DESK = "+12025550160"
NODES: Any = {
    "a": {
        "type": "gather",
        "text": "Press one or two.",
        "cases": {"1": "thanks", "2": "through"},
        "timeoutSeconds": 6,
        "onTimeout": "thanks",
        "onHangUp": "gone",
    },
    "thanks": {"type": "say", "text": "Thank you.", "next": "end", "onNoAnswer": "gone"},
    "through": {
        "type": "voice_transfer",
        "to": DESK,
        "timeoutSeconds": 30,
        "next": "transferred",
        "onFailure": "thanks",
    },
    "end": {"type": "end", "status": "completed"},
    "transferred": {"type": "end", "status": "transferred"},
    "gone": {"type": "end", "status": "no_answer"},
}


@pytest.fixture(autouse=True)
def whenever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call may be placed however long the machine takes from its claim to the line."""
    monkeypatch.setattr(voice_worker, "SEND_DEADLINE", timedelta(minutes=1))


async def conducted(
    engine: Context,
    web: Context,
    workspace_id: int,
    driver: ScriptedDriver,
    *,
    nodes: Any = NODES,
    ears: Ears | None = None,
) -> tuple[Scene, str, list[tuple[str, str]]]:
    """Ana's call, how its attempt ended, and where she stands then."""
    flow_id = await published(web, workspace_id=workspace_id, definition=flow(nodes))
    scene = await one(
        engine,
        web,
        workspace_id,
        type="Flow",
        voiceBot=None,
        flow={"id": flow_id},
        window={"always": True},
    )
    async with working(engine, driver, ears=ears) as worker:
        assert await worker.step()
        disposition = (await ended(scene))[2]
        assert not await worker.step()
    rows = await scene.rows("select state, disposition from targets")
    assert await scene.rows("select count(*) from attempts") == [(1,)]
    return scene, disposition, rows


async def test_a_flow_holds_a_call_and_its_records_are_those_of_any_call(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    driver = ScriptedDriver((1.0, "press", "1"), ring=0.01)
    scene, disposition, rows = await conducted(engine_context, context, workspace_id, driver)
    assert (disposition, rows) == ("completed", [("finished", "completed")])
    [[keys, transcript]] = await scene.rows("select keys, transcript from voice_calls")
    assert keys == "1"
    said = [(each["role"], each["text"]) for each in transcript]
    assert said == [
        ("bot", "Press one or two."),
        ("callee", "1"),
        ("bot", "Thank you."),
    ]


SPOKEN: Any = {
    **NODES,
    "a": {
        **NODES["a"],
        "text": "Can you come?",
        "answer": {"type": "yes_no"},
        "cases": {"yes": "thanks", "no": "through"},
    },
}


@pytest.mark.parametrize(
    ("words", "disposition", "last"),
    [
        ("Yes, I can.", "completed", "Thank you."),
        ("Stop calling me.", "opt_out", "You will not be called again. Goodbye."),
    ],
)
async def test_a_flow_takes_words_and_who_wants_no_more_gets_no_more(
    words: str,
    disposition: str,
    last: str,
    engine_context: Context,
    context: Context,
    workspace_id: int,
) -> None:
    ears = Ears(LevelModels(words))
    driver = ScriptedDriver(ring=0.01, says=((2.5, 1.0),))
    scene, ended_as, rows = await conducted(
        engine_context, context, workspace_id, driver, nodes=SPOKEN, ears=ears
    )
    ears.close()
    assert (ended_as, rows) == (disposition, [("finished", disposition)])
    [[transcript]] = await scene.rows("select transcript from voice_calls")
    said = [(each["role"], each["text"]) for each in transcript]
    assert said == [("bot", "Can you come?"), ("callee", words), ("bot", last)]
    suppressed = await scene.rows("select address, source from suppressions")
    assert suppressed == ([(ANA, "call")] if disposition == "opt_out" else [])


async def test_a_worker_that_understands_no_words_asks_for_keys(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    driver = ScriptedDriver((1.5, "press", "1"), ring=0.01)
    scene, ended_as, _ = await conducted(
        engine_context, context, workspace_id, driver, nodes=SPOKEN
    )
    assert ended_as == "completed"
    [[transcript]] = await scene.rows("select transcript from voice_calls")
    assert [each["text"] for each in transcript] == [
        "Can you come? Please press 1 for yes, or 2 for no.",
        "1",
        "Thank you.",
    ]


@pytest.mark.parametrize(
    ("told", "disposition"),
    [
        (Transferred(outcome=TransferOutcome.ANSWERED, status=200), "transferred"),
        (refusal(486), "completed"),
    ],
)
async def test_a_flow_hands_its_call_over(
    told: Transferred,
    disposition: str,
    engine_context: Context,
    context: Context,
    workspace_id: int,
) -> None:
    driver = ScriptedDriver((1.0, "press", "2"), ring=0.01, desks={DESK: (0.1, told)})
    scene, ended_as, rows = await conducted(engine_context, context, workspace_id, driver)
    assert (ended_as, rows) == (disposition, [("finished", disposition)])
    [[[kept]]] = await scene.rows("select transfers from voice_calls")
    assert (kept["step"], kept["to"], kept["status"]) == ("through", DESK, told.status)


@pytest.mark.parametrize(
    "driver",
    [
        lambda: ScriptedDriver(ring=0.01, fails=NoAnswer(reason="nobody answered")),
        lambda: ScriptedDriver((0.5, "hang_up", ""), ring=0.01),
    ],
)
async def test_who_is_not_there_or_hangs_up_is_not_called_again(
    driver: Any, engine_context: Context, context: Context, workspace_id: int
) -> None:
    _, _, rows = await conducted(engine_context, context, workspace_id, driver())
    assert rows == [("finished", "no_answer")]
