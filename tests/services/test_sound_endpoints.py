"""Whose voice a bot has and who hears for it: its endpoints, the installation's, or ourselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campana.domain.answers import YesNo
from campana.domain.errors import SetupError
from campana.domain.script import Ask, End, Script
from campana.domain.sound_models import HearingModel, SpeechModel
from campana.services import campaigns, flow_credentials, installed, outlook
from campana.services.context import Context
from campana.services.installed import SoundEndpoint
from campana.services.outbound import Outbound
from campana.services.sound_endpoints import reader_of, speaker_of
from campana.services.speech_model import SpeakingModel
from campana.voice.mind import Lost
from tests.support.campaign import ANA, BOT, add_channel, add_list, person
from tests.support.chat_endpoint import base
from tests.support.receiver import receiver
from tests.support.sound_endpoint import hears, speaks

KEYS = Script(greeting="Hello.", steps=(End(id="end"),))
LISTENS = replace(KEYS, steps=(Ask(id="q", text="Yes?", answer=YesNo()), End(id="end")))
THERE = "http://127.0.0.1:9/v1"
HOUSE = SoundEndpoint(url=THERE, model="m", voice="v")
AFAR = replace(HOUSE, url="https://api.example.com/v1")
OWN = SpeechModel(url="https://tts.example.com/v1", name="n", voice="w")


def speaker(context: Context, script: Script | None, *, workspace_id: int = 1) -> SpeakingModel:
    found = speaker_of(context, script, workspace_id=workspace_id)
    assert found is not None
    return found


def test_without_an_endpoint_we_speak_and_hear_ourselves(context: Context) -> None:
    assert speaker_of(context, KEYS, workspace_id=1) is None
    assert reader_of(context, LISTENS, workspace_id=1) is None


def test_what_a_bot_names_goes_before_the_installation(context: Context) -> None:
    house = replace(context, speech_endpoint=HOUSE, hearing_endpoint=HOUSE)
    own = replace(LISTENS, speech=OWN, hearing=HearingModel(url=OWN.url, name="h"))
    found = [speaker(house, script) for script in (own, KEYS, None)]
    assert [(each.name, each.voice) for each in found] == [("n", "w"), ("m", "v"), ("m", "v")]
    other = speaker(house, replace(KEYS, speech=SpeechModel(voice="other")))
    assert (other.name, other.voice) == ("m", "other")
    readers = [reader_of(house, script, workspace_id=1) for script in (own, LISTENS)]
    assert [each.name for each in readers if each is not None] == ["h", "m"]


def test_our_own_voice_may_be_asked_for_and_nobody_reads_where_nobody_listens(
    context: Context,
) -> None:
    house = replace(context, speech_endpoint=HOUSE, hearing_endpoint=HOUSE)
    assert speaker_of(house, replace(KEYS, voice="heart"), workspace_id=1) is None
    assert reader_of(house, KEYS, workspace_id=1) is None
    assert reader_of(house, None, workspace_id=1) is None


def test_in_a_rehearsal_nothing_leaves_this_machine(context: Context) -> None:
    rehearsal = replace(context, is_rehearsal=True, speech_endpoint=AFAR, hearing_endpoint=AFAR)
    assert speaker_of(rehearsal, KEYS, workspace_id=1) is None
    assert reader_of(rehearsal, LISTENS, workspace_id=1) is None
    here = replace(rehearsal, speech_endpoint=HOUSE, hearing_endpoint=HOUSE)
    assert speaker_of(here, KEYS, workspace_id=1) is not None


def test_whatever_changes_the_sound_is_another_voice(context: Context) -> None:
    """What was kept of one voice is never played for another, nor for another workspace's."""
    house = replace(context, speech_endpoint=HOUSE)
    changes: list[dict[str, Any]] = [
        {},
        {"voice": "x"},
        {"name": "x"},
        {"format": "pcm"},
        {"speed": 1.5},
        {"rate": 16_000},
        {"credential": "c"},
        {"url": "https://other.example.com/v1"},
    ]
    scripts = [replace(KEYS, speech=replace(OWN, **change)) for change in changes]
    keys = [speaker(house, script).key for script in [*scripts, KEYS]]
    keys.append(speaker(house, scripts[0], workspace_id=2).key)
    assert len(set(keys)) == len(keys)
    assert speaker(house, scripts[0]).key == keys[0]


async def test_an_endpoint_of_the_workspace_is_guarded_and_shown_its_credential(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    token = {"name": "ours", "kind": "api_key", "header": "X-Key", "key": "k"}
    await flow_credentials.create(context, workspace_id=workspace_id, raw=token)
    async with receiver(speaks) as listening:
        model = replace(OWN, url=base(listening), credential="ours")

        async def said(engine: Context, **changes: object) -> None:
            script = replace(KEYS, speech=replace(model, **changes))
            await speaker(engine, script, workspace_id=workspace_id).speak("Hello.")

        await said(engine_context)
        assert listening.came[0].headers["x-key"] == "k"
        with pytest.raises(Lost, match="credential nobody"):
            await said(engine_context, credential="nobody")
        guarded = replace(engine_context, outbound=Outbound(allow_loopback=False))
        with pytest.raises(Lost, match="public address"):
            await said(guarded)
        with pytest.raises(Lost, match="public address"):
            await said(engine_context, url="https://169.254.169.254/v1")
        listening.behavior = hears("Yes.")
        hearing = HearingModel(url=base(listening), name="h", credential="ours")
        for engine in (engine_context, guarded):
            script = replace(LISTENS, hearing=hearing)
            reader = reader_of(engine, script, workspace_id=workspace_id)
            assert reader is not None
            if engine is engine_context:
                assert await reader.read(bytes(8000)) == "Yes."
                continue
            with pytest.raises(Lost, match="public address"):
                await reader.read(bytes(8000))
    assert [each.headers.get("x-key") for each in listening.came] == ["k", "k"]


async def test_a_launch_is_refused_while_an_endpoint_or_its_credential_is_not_there(
    context: Context, workspace_id: int
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id)
    people = await add_list(context, workspace_id=workspace_id, people=[person(ANA)])
    bot = {
        **BOT,
        "speech": {"voice": "other"},
        "hearing": {"url": "https://stt.example.com/v1", "name": "h", "credential": "ours"},
    }
    written = {"name": "Reminder", "type": "VoiceBot", "channelType": "Voice", "voiceBot": bot}
    written |= {"contactList": people, "channel": channel.id}
    draft = (await campaigns.create(context, workspace_id=workspace_id, raw=written)).id

    async def told(house: Context) -> set[str | None]:
        found = await outlook.look_ahead(house, workspace_id=workspace_id, campaign_id=draft)
        pointers = {each.pointer or "" for each in found.problems}
        return {each for each in pointers if "speech" in each or "hearing" in each}

    credential = "/voiceBot/hearing/credential"
    assert await told(context) == {"/voiceBot/speech/url", credential}
    house = replace(context, speech_endpoint=HOUSE)
    assert await told(house) == {credential}
    secret = {"name": "ours", "kind": "bearer", "token": "t"}
    await flow_credentials.create(context, workspace_id=workspace_id, raw=secret)
    assert await told(house) == set()


def test_the_installation_must_say_which_model_and_voice() -> None:
    assert installed.speech(url=None, model=None, voice=None, key="k") is None
    assert installed.hearing(url=None, model="m", key=None) is None
    with pytest.raises(SetupError, match="CAMPANA_TTS_VOICE"):
        installed.speech(url=THERE, model="m", voice=None, key=None)
    with pytest.raises(SetupError, match="CAMPANA_STT_MODEL"):
        installed.hearing(url=THERE, model=None, key=None)
    found = installed.speech(url=THERE, model="m", voice="v", key="secret")
    assert "secret" not in repr(found)
