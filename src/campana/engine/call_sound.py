"""Who speaks and who hears in one call: the bot's endpoints, the installation's, or ourselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from campana.domain.script import Script
from campana.services import sound_endpoints
from campana.services.context import Context
from campana.services.hearing_model import TranscribingModel
from campana.services.speech_model import SpeakingModel
from campana.voice.call_voice import CallVoice
from campana.voice.ears.call_ears import CallEars
from campana.voice.ears.hearing import Ears, Hearing
from campana.voice.speech import Speech, Voice
from campana.voice.stalls import Stalls


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSound:
    """Made before a call is placed; whoever fails is replaced while it runs."""

    voice: Voice
    ears: Hearing | None
    """None where nothing but keys is heard."""
    speaker: SpeakingModel | None = None
    reader: TranscribingModel | None = None

    def facts(self) -> dict[str, Any] | None:
        """Which endpoints were used, and why ours took over; None where there were none."""
        if self.speaker is None and self.reader is None:
            return None
        found: dict[str, Any] = {"speech": None, "hearing": None}
        if self.speaker is not None and isinstance(self.voice, CallVoice):
            found["speech"] = {
                "model": self.speaker.name,
                "voice": self.speaker.voice,
                "failure": self.voice.failure,
            }
        if self.reader is not None:
            failure = "the voice packages are not there"
            if isinstance(self.ears, CallEars):
                failure = self.ears.failure
            found["hearing"] = {"model": self.reader.name, "failure": failure}
        return found


def sound_of(
    context: Context,
    script: Script | None,
    *,
    workspace_id: int,
    speech: Speech,
    ears: Ears | None,
    stalls: Stalls | None = None,
) -> CallSound:
    """For a call that is about to be placed; `script` is None where a flow says it."""
    speaker = sound_endpoints.speaker_of(context, script, workspace_id=workspace_id)
    reader = sound_endpoints.reader_of(context, script, workspace_id=workspace_id)
    hearing: Hearing | None = ears
    if ears is not None and reader is not None:
        hearing = CallEars(ears, reader, stalls=stalls)
    elif ears is not None and ears.wordless is not None:
        hearing = None
    return CallSound(
        voice=CallVoice(speaker, own=speech, stalls=stalls) if speaker is not None else speech,
        ears=hearing,
        speaker=speaker,
        reader=reader,
    )
