"""The models that ship with Campana, as `hearing` wants them. Needs the voice packages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from campana.domain.errors import SetupError
from campana.voice.ears.beep import BeepDetector
from campana.voice.ears.hearing import Chunk, Read
from campana.voice.ears.recognizer import Recognizer
from campana.voice.ears.vad import CHUNK_SAMPLES, Detector, Vad

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
        return OwnSense(self._vad.detector())

    def read(self, pcm: bytes, *, spoken_seconds: float, phrases: Sequence[str]) -> Read:
        if self._recognizer is None:
            return Read(text="", scores={})
        return self._recognizer.recognize(
            pcm, rate=self._rate, spoken_seconds=spoken_seconds, phrases=phrases
        )


class OwnSense:
    """One call's sound, in chunks."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._beep = BeepDetector()
        self._waiting = bytearray()

    def sense(self, pcm: bytes) -> list[Chunk]:
        self._waiting += pcm
        whole = len(self._waiting) // _BYTES * _BYTES
        taken = bytes(self._waiting[:whole])
        del self._waiting[:whole]
        return [self._chunk(taken[start : start + _BYTES]) for start in range(0, whole, _BYTES)]

    def _chunk(self, pcm: bytes) -> Chunk:
        probability = self._detector.probability(pcm)
        is_beep = self._beep.is_beep(pcm)
        is_tone = self._beep.is_tone()
        return Chunk(pcm=pcm, probability=probability, is_tone=is_tone, is_beep=is_beep)
