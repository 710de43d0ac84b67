"""The models that ship with Campana, as `hearing` wants them. Needs the voice packages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from campana.domain.errors import SetupError
from campana.voice.ears.beep import BeepDetector
from campana.voice.ears.hearing import CallSense, Chunk, IsTold, Read, never_told
from campana.voice.ears.recognizer import Recognizer
from campana.voice.ears.vad import CHUNK_SAMPLES, Vad

_BYTES = 2 * CHUNK_SAMPLES


class OwnModels:
    """Silero's detector and Whisper."""

    def __init__(self, model_dir: Path | None, *, rate: int, threads: int) -> None:
        """Load both.

        Raises:
            SetupError: the detector is missing.
        """
        self._vad = Vad()
        self._recognizer: Recognizer | None = None
        self.wordless: str | None = None
        try:
            self._recognizer = Recognizer(model_dir, threads=threads)
        except SetupError as error:
            self.wordless = error.message
        self._rate = rate

    def call(self) -> OwnSense:
        return OwnSense(self._vad)

    def sense(self, heard: Sequence[tuple[CallSense, bytes]]) -> list[list[Chunk]]:
        calls = [(cast("OwnSense", call), pcm) for call, pcm in heard]
        return _sensed(self._vad, calls)

    def read(
        self,
        pcm: bytes,
        *,
        spoken_seconds: float,
        phrases: Sequence[str],
        is_told: IsTold = never_told,
    ) -> Read:
        if self._recognizer is None:
            return Read(text="", scores={})
        return self._recognizer.recognize(
            pcm,
            rate=self._rate,
            spoken_seconds=spoken_seconds,
            phrases=phrases,
            is_told=is_told,
        )


class OwnSense:
    """One call's sound, in chunks."""

    def __init__(self, vad: Vad) -> None:
        self._vad = vad
        self.detector = vad.detector()
        self._beep = BeepDetector()
        self._waiting = bytearray()

    def sense(self, pcm: bytes) -> list[Chunk]:
        return _sensed(self._vad, [(self, pcm)])[0]

    def taken(self, pcm: bytes) -> bytes:
        """The whole chunks that `pcm` completes."""
        self._waiting += pcm
        whole = len(self._waiting) // _BYTES * _BYTES
        taken = bytes(self._waiting[:whole])
        del self._waiting[:whole]
        return taken

    def chunk(self, pcm: bytes, probability: float) -> Chunk:
        """What is in the next one, given how likely somebody speaks in it."""
        is_beep = self._beep.is_beep(pcm)
        hertz = self._beep.hertz
        return Chunk(pcm=pcm, probability=probability, hertz=hertz, is_beep=is_beep)


def _sensed(vad: Vad, heard: Sequence[tuple[OwnSense, bytes]]) -> list[list[Chunk]]:
    """The chunks of each call, looked at together."""
    calls = [call for call, _ in heard]
    sounds = [call.taken(pcm) for call, pcm in heard]
    likely = vad.probabilities([call.detector for call in calls], sounds)
    return [
        [
            call.chunk(sound[place * _BYTES : (place + 1) * _BYTES], probability)
            for place, probability in enumerate(probabilities)
        ]
        for call, sound, probabilities in zip(calls, sounds, likely, strict=True)
    ]
