"""Voices for the ears to hear: hibari's, and where espeak-ng is installed a rougher one.

What is made is 16-bit PCM at 8 kHz, as it comes out of a telephone.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from functools import cache
from typing import Any

import numpy as np

from campana.voice.media import PHONE_RATE, resample, silence, trim

VOICES = ("hibari", *(["espeak"] if shutil.which("espeak-ng") else []))


def say(text: str, *, voice: str = "hibari", quiet: float = 0.8) -> bytes:
    """`text`, with `quiet` seconds of silence around it."""
    around = silence(quiet, PHONE_RATE)
    return around + _said(text, voice) + around


@cache
def _said(text: str, voice: str) -> bytes:
    if voice == "espeak":
        words = ["espeak-ng", "-v", "en-us", "-s", "150", "--stdout", text]
        done = subprocess.run(words, check=True, capture_output=True)
        with wave.open(io.BytesIO(done.stdout)) as file:
            pcm, rate = file.readframes(1 << 24), file.getframerate()
    else:
        model = _hibari()
        pcm = (model(text, seed=1) * 20000).clip(-32768, 32767).astype("<i2").tobytes()
        rate = model.sample_rate
    return trim(resample(pcm, source=rate, target=PHONE_RATE), rate=PHONE_RATE)


@cache
def _hibari() -> Any:
    import hibari

    return hibari.Hibari()


def noisy(pcm: bytes, *, level: float, seed: int = 0) -> bytes:
    """With hiss of this level, of full scale."""
    sound = np.frombuffer(pcm, "<i2").astype(np.float64)
    hiss = np.random.default_rng(seed).standard_normal(len(sound)) * level * 32768
    return (sound + hiss).clip(-32768, 32767).astype("<i2").tobytes()


def distance(wanted: list[str], got: list[str]) -> int:
    """How many words must change (Levenshtein)."""
    row = list(range(len(got) + 1))
    for place, word in enumerate(wanted, 1):
        before, row[0] = row[0], place
        for other, candidate in enumerate(got, 1):
            changed = before + (word != candidate)
            before = row[other]
            row[other] = min(changed, row[other] + 1, row[other - 1] + 1)
    return row[-1]
