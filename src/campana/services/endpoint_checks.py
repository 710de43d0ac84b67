"""Whether the installation's endpoints speak and hear, asked before a call needs them."""

from __future__ import annotations

from dataclasses import dataclass

from campana.domain.sound_models import HearingModel, SpeechModel
from campana.services.hearing_model import TranscribingModel
from campana.services.installed import SoundEndpoint
from campana.services.model_endpoints import below, directly
from campana.services.sound_endpoints import HEARING, SPEECH
from campana.services.speech_model import SpeakingModel
from campana.voice.media import PHONE_RATE, tone
from campana.voice.mind import Lost

_SECONDS = 10.0
_TEXT = "Ready."


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What it is for, and what is wrong with it; None where it is well."""

    what: str
    url: str
    problem: str | None


async def check(*, speech: SoundEndpoint | None, hearing: SoundEndpoint | None) -> list[Checked]:
    """Have one say a word, and the other read half a second of a tone."""
    found: list[Checked] = []
    if speech is not None:
        speaker = SpeakingModel(
            model=SpeechModel(seconds=_SECONDS),
            name=speech.model,
            voice=speech.voice or "",
            key="",
            open=directly(below(speech.url, SPEECH), speech.key),
        )
        problem = None
        try:
            await speaker.speak(_TEXT)
        except Lost as lost:
            problem = str(lost)
        found.append(Checked(what="speech", url=speech.url, problem=problem))
    if hearing is not None:
        reader = TranscribingModel(
            model=HearingModel(seconds=_SECONDS),
            name=hearing.model,
            key="",
            open=directly(below(hearing.url, HEARING), hearing.key),
        )
        problem = None
        try:
            await reader.read(tone(440, duration=0.5, rate=PHONE_RATE))
        except Lost as lost:
            problem = str(lost)
        found.append(Checked(what="understanding", url=hearing.url, problem=problem))
    return found
