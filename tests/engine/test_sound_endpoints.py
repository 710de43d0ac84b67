"""Calls of bots that other endpoints speak and hear for: real endpoints on loopback, a scripted
line, a real database."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campana.domain.answers import YesNo
from campana.domain.script import Ask, End, Script
from campana.engine import voice_worker
from campana.engine.call_sound import CallSound, sound_of
from campana.engine.voice_worker import VoiceWorker
from campana.services import flow_credentials
from campana.services.context import Context
from campana.services.installed import SoundEndpoint
from campana.voice.ears.call_ears import CallEars
from campana.voice.ears.hearing import Ears
from campana.voice.media import PHONE_RATE, tone_share
from campana.voice.speech import Speech
from tests.engine.test_model_bots import call_of
from tests.engine.test_voice_worker import ended, one, working
from tests.support.chat_endpoint import base
from tests.support.receiver import Behavior, answers, receiver
from tests.support.sound_endpoint import HERTZ, by_target, hears, speaks
from tests.voice.hears import LevelModels
from tests.voice.scripted import ScriptedDriver

pytestmark = pytest.mark.timeout(180)

LISTENS: Any = {
    "greeting": "Hello {{ contact.first_name }}.",
    "steps": [
        {
            "id": "coming",
            "type": "ask",
            "text": "Can you come?",
            "answer": {"type": "yes_no"},
            "saveAs": "coming",
        },
        {"id": "end", "type": "end", "text": "Thank you. Goodbye.", "result": "booked"},
    ],
}
LIES = answers(200, b"<html>Sign in</html>", content_type="text/html")


@pytest.fixture(autouse=True)
def whenever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call may be placed however long the machine takes from its claim to the line."""
    monkeypatch.setattr(voice_worker, "SEND_DEADLINE", timedelta(minutes=1))


def installed(context: Context, url: str) -> Context:
    """One whose installation speaks and hears at that endpoint."""
    return replace(
        context,
        speech_endpoint=SoundEndpoint(url=url, model="s", voice="nova", key="theirs"),
        hearing_endpoint=SoundEndpoint(url=url, model="h", key="theirs"),
    )


@asynccontextmanager
async def listening(
    context: Context, *texts: str
) -> AsyncIterator[tuple[VoiceWorker, ScriptedDriver]]:
    """A worker whose callee hums late enough for any answer, and is heard to say this by us."""
    ears = Ears(LevelModels(*texts))
    driver = ScriptedDriver(ring=0.5, says=((2.5, 0.6),))
    async with working(context, driver, ears=ears) as worker:
        yield worker, driver
    ears.close()


def at(*, speech: Behavior = speaks, hearing: Behavior) -> Behavior:
    return by_target(speech=speech, transcriptions=hearing)


def own(url: str, **more: Any) -> Any:
    """The bot with an endpoint of its workspace's own."""
    return {
        **LISTENS,
        "speech": {"url": url, "name": "tts", "voice": "v", "timeoutSeconds": 20, **more},
        "hearing": {"url": url, "name": "stt", "timeoutSeconds": 20, **more},
    }


async def test_a_scripted_bot_speaks_and_hears_elsewhere(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    token = {"name": "ours", "kind": "bearer", "token": "t"}
    await flow_credentials.create(context, workspace_id=workspace_id, raw=token)
    async with receiver(at(hearing=hears("Yes, I can."))) as endpoint:
        bot = own(base(endpoint), credential="ours")
        scene = await one(engine_context, context, workspace_id, voiceBot=bot)
        async with listening(engine_context, "No.") as (worker, driver):
            assert await worker.step()
            await ended(scene)
    call = await call_of(scene)
    assert (call.result, call.saved) == ("booked", {"coming": "yes"})
    assert call.endpoints == {
        "speech": {"model": "tts", "voice": "v", "failure": None},
        "hearing": {"model": "stt", "failure": None},
    }
    assert {each.headers["authorization"] for each in endpoint.came} == {"Bearer t"}
    said = [json.loads(each.body)["input"] for each in endpoint.came if "speech" in each.target]
    assert sorted(said) == ["Can you come?", "Goodbye.", "Hello Ana.", "Thank you."]
    assert driver.call is not None
    heard, size = bytes(driver.call.heard), PHONE_RATE // 2
    parts = [heard[at : at + size] for at in range(0, len(heard), size)]
    assert max(tone_share(part, hertz=HERTZ, rate=PHONE_RATE) for part in parts) > 0.8


async def test_when_they_fail_our_own_speak_and_hear_and_it_is_said(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    async with receiver(at(speech=LIES, hearing=LIES)) as endpoint:
        bot = own(base(endpoint))
        scene = await one(engine_context, context, workspace_id, voiceBot=bot)
        async with listening(engine_context, "Yes, I can.") as (worker, _):
            assert await worker.step()
            await ended(scene)
    call = await call_of(scene)
    assert (call.result, call.saved) == ("booked", {"coming": "yes"})
    assert call.endpoints == {
        "speech": {
            "model": "tts",
            "voice": "v",
            "failure": "the speech endpoint answered with text/html",
        },
        "hearing": {"model": "stt", "failure": "the hearing endpoint did not answer with words"},
    }
    asked = [each.target.rpartition("/")[2] for each in endpoint.came]
    assert asked.count("transcriptions") == 1, "who has failed is not asked again in that call"


async def test_ears_without_words_hear_with_an_endpoint_and_else_keys_only(
    engine_context: Context,
) -> None:
    models = LevelModels()
    models.wordless = "there is no such model"
    ears, speech = Ears(models), Speech(engine=None, reason="not needed")
    bot = Script(
        greeting="Hello.",
        steps=(Ask(id="q", text="Yes?", answer=YesNo()), End(id="end")),
        voice="heart",
    )

    def sound(context: Context, ears: Ears | None) -> CallSound:
        return sound_of(context, bot, workspace_id=1, speech=speech, ears=ears)

    alone = sound(engine_context, ears)
    assert (alone.voice, alone.ears, alone.facts()) == (speech, None, None)
    helped = sound(installed(engine_context, "http://127.0.0.1:9/v1"), ears)
    assert isinstance(helped.ears, CallEars)
    assert helped.facts() == {"speech": None, "hearing": {"model": "h", "failure": None}}
    deaf = sound(installed(engine_context, "http://127.0.0.1:9/v1"), None)
    assert deaf.facts() == {
        "speech": None,
        "hearing": {"model": "h", "failure": "the voice packages are not there"},
    }
    ears.close()
    speech.close()
