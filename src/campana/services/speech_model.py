"""Asks an endpoint of OpenAI's `audio/speech` for the sound of a sentence.

One that stalls, breaks off, answers with something else or goes on for ever is given up in a
bounded time; nothing is asked twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from campana.domain.sound_models import SpeechModel
from campana.services.model_endpoints import Bounds, Open, received
from campana.voice.mind import Lost
from campana.voice.wav import NoSound, Sound, read

LONGEST_SECONDS = 20.0
"""Of a whole sentence, however steadily it comes."""
MOST_BYTES = 8 << 20
"""A minute of stereo at 48,000 samples per second is 11 MB; no sentence takes as long."""
SECONDS_A_CHARACTER, SECONDS_AT_LEAST = 0.4, 5.0
"""Nobody speaks more slowly: what takes longer is not the sentence that was asked for."""

_WHAT = "the speech endpoint"
_NO_SOUND = ("text/", "application/json", "application/problem", "audio/mpeg", "audio/ogg")


@dataclass(frozen=True, kw_only=True)
class SpeakingModel:
    """One voice of one endpoint: a `Speaker`."""

    model: SpeechModel
    name: str
    voice: str
    key: str
    open: Open

    async def speak(self, sentence: str) -> Sound:
        """The sound of `sentence`.

        Raises:
            Lost
        """
        body = msgspec.json.encode(
            {
                "model": self.name,
                "voice": self.voice,
                "input": sentence,
                "response_format": self.model.format,
                "speed": self.model.speed,
            }
        )
        bounds = Bounds(patience=self.model.seconds, longest=LONGEST_SECONDS, most=MOST_BYTES)
        answer = await received(self.open, body, _HEADERS, bounds=bounds, what=_WHAT)
        if answer.kind.startswith(_NO_SOUND):
            raise Lost(f"{_WHAT} answered with {answer.kind}")
        try:
            sound = read(
                answer.body, pcm_rate=self.model.rate if self.model.format == "pcm" else None
            )
        except NoSound as wrong:
            raise Lost(f"{_WHAT}: {wrong}") from None
        if len(sound.pcm) / (2 * sound.rate) > _longest(sentence, self.model.speed):
            raise Lost(f"{_WHAT}: its sound is too long for what was to be said")
        return sound


def _longest(sentence: str, speed: float) -> float:
    """Seconds that a sentence may take."""
    return (SECONDS_AT_LEAST + SECONDS_A_CHARACTER * len(sentence)) / min(1.0, speed)


_HEADERS = {
    "accept": "audio/*, application/octet-stream",
    "accept-encoding": "identity",
    "content-type": "application/json",
}
