"""Calls whose script has a program asked: a real endpoint on loopback, a scripted line, a real
database."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from campana.engine import voice_worker
from campana.services import flow_credentials
from campana.services.context import Context
from campana.voice.ears.hearing import Ears
from tests.engine.test_model_bots import call_of
from tests.engine.test_voice_worker import ended, one, working
from tests.support.receiver import Behavior, Message, answers, hangs, receiver
from tests.voice.hears import LevelModels
from tests.voice.scripted import ScriptedDriver

pytestmark = pytest.mark.timeout(180)

SECRET = "whsec_" + "A" * 43 + "="


@pytest.fixture(autouse=True)
def whenever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call may be placed however long the machine takes from its claim to the line."""
    monkeypatch.setattr(voice_worker, "SEND_DEADLINE", timedelta(minutes=1))


def bot(url: str) -> Any:
    return {
        "greeting": "Hello {{ contact.first_name }}.",
        "result": {
            "type": "object",
            "properties": {"day": {"type": "string"}},
            "required": ["day"],
        },
        "steps": [
            {
                "id": "slot",
                "type": "tool",
                "url": url,
                "arguments": {"who": "{{ contact.first_name }}", "most": 3},
                "credential": "ours",
                "timeoutSeconds": 30,
                "save": {"day": "slots.0.day"},
                "otherwise": "sorry",
            },
            {"id": "offer", "type": "end", "text": "Come on {{ saved.day }}.", "result": "offered"},
            {"id": "sorry", "type": "end", "text": "Goodbye.", "result": "failed"},
        ],
    }


@pytest.mark.parametrize(
    ("behavior", "result", "said", "saved"),
    [
        (
            answers(200, b'{"slots": [{"day": "Friday"}]}'),
            "offered",
            "Come on Friday.",
            {"day": "Friday"},
        ),
        (answers(503, b"closed"), "failed", "Goodbye.", {}),
        (answers(302, b"", location="http://127.0.0.1:9/"), "failed", "Goodbye.", {}),
        (answers(200, b"x" * 40_000), "failed", "Goodbye.", {}),
    ],
    ids=["answers", "refuses", "redirects", "babbles"],
)
async def test_a_program_is_asked_in_mid_call_and_its_answer_said(
    behavior: Behavior,
    result: str,
    said: str,
    saved: dict[str, str],
    engine_context: Context,
    context: Context,
    workspace_id: int,
) -> None:
    await flow_credentials.create(
        context,
        workspace_id=workspace_id,
        raw={"name": "ours", "kind": "signature", "secret": SECRET},
    )
    async with receiver(behavior) as program:
        scene = await one(engine_context, context, workspace_id, voiceBot=bot(program.url))
        async with working(engine_context, ScriptedDriver(ring=0.01)) as worker:
            assert await worker.step()
            _, _, disposition, _, _ = await ended(scene)
    call = await call_of(scene)
    assert (disposition, call.result, call.saved) == ("completed", result, saved)
    assert call.transcript[-1]["text"] == said
    [came] = program.came
    told = json.loads(came.body)
    assert (told["tool"], told["arguments"]) == ("slot", {"who": "Ana", "most": 3})
    assert told["call"].startswith("att_")
    signed = Webhook(SECRET).sign(came.id, engine_context.clock.now(), came.body.decode())
    assert came.headers["webhook-signature"] == signed
    [used] = call.model["tools"]
    assert (used["name"], used["outcome"]) == ("slot", "done" if saved else "failed")
    is_missing = "the result: 'day' is a required property"
    told = (call.model["values"], call.model["misfits"])
    assert told == ((saved, []) if saved else (None, [is_missing]))


async def test_stop_calling_me_counts_while_a_program_says_nothing(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    driver = ScriptedDriver(ring=0.01, says=((0.5, 0.6),))

    async def speaks_up(message: Message, writer: asyncio.StreamWriter) -> None:
        assert driver.call is not None
        driver.call.speak(1.2)
        await hangs(message, writer)

    async with receiver(speaks_up) as program:
        ours = bot(program.url)
        del ours["steps"][0]["credential"]
        ours["onMachine"] = {"do": "hang_up"}
        scene = await one(engine_context, context, workspace_id, voiceBot=ours)
        # Who answers says hello and is a person; what they say next they say once it waits.
        ears = Ears(LevelModels("Hello?", *["Stop calling me."] * 9))
        async with working(engine_context, driver, ears=ears) as worker:
            assert await worker.step()
            _, _, disposition, _, _ = await ended(scene)
        ears.close()
    call = await call_of(scene)
    assert (disposition, call.result) == ("opt_out", "opt_out")
    assert [each["answer"] for each in call.model["tools"]] == ["not waited for"]
    assert await scene.rows("select 1 from suppressions")
