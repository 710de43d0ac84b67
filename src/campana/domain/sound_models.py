"""Which models outside of Campana speak and hear for a bot, as data, and what is wrong with them.

They turn a sentence into sound, and sound into words, and nothing else: when somebody speaks, when
they have finished and what they meant is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from campana.domain.reach import REFUSAL, destination

Format = Literal["wav", "pcm"]

RATES = (8_000, 48_000)
"""Samples per second that sound may have."""
PCM_RATE = 24_000
"""That of OpenAI's own raw sound, which does not say it."""
SPEECH_SECONDS = 5.0
HEARING_SECONDS = 4.0
_SECONDS = (1.0, 30.0)
_SPEED = (0.25, 4.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechModel:
    """A voice of an endpoint of OpenAI's `audio/speech`."""

    url: str | None = None
    """Of the workspace's own endpoint (`…/v1`); the installation's without one."""
    name: str | None = None
    """Which of the endpoint's models; the installation's without one."""
    voice: str | None = None
    """Which of its voices; the installation's without one."""
    credential: str | None = None
    format: Format = "wav"
    rate: int = PCM_RATE
    """Samples per second of `pcm`, 16-bit mono; a WAV says its own."""
    speed: float = 1.0
    seconds: float = SPEECH_SECONDS
    """Without a byte of it for so long, it has failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingModel:
    """A model of an endpoint of OpenAI's `audio/transcriptions`."""

    url: str | None = None
    """Of the workspace's own endpoint (`…/v1`); the installation's without one."""
    name: str | None = None
    """Which of the endpoint's models; the installation's without one."""
    credential: str | None = None
    language: str | None = None
    """What is spoken (ISO 639-1); the model finds out without it."""
    seconds: float = HEARING_SECONDS
    """After which nobody waits for the words any more."""


def problems_of_speech(model: SpeechModel) -> Iterator[tuple[str, str]]:
    """What must be mended, by its place below the model."""
    yield from _endpoint(model)
    if model.url is not None and model.voice is None:
        yield "/voice", "must say which voice of your endpoint is meant"
    for name, value, (low, high) in (
        ("sampleRate", model.rate, RATES),
        ("speed", model.speed, _SPEED),
        ("timeoutSeconds", model.seconds, _SECONDS),
    ):
        if not low <= value <= high:
            yield f"/{name}", f"must be between {low:g} and {high:g}"


def problems_of_hearing(model: HearingModel) -> Iterator[tuple[str, str]]:
    """What must be mended, by its place below the model."""
    yield from _endpoint(model)
    low, high = _SECONDS
    if not low <= model.seconds <= high:
        yield "/timeoutSeconds", f"must be between {low:g} and {high:g}"


def _endpoint(model: SpeechModel | HearingModel) -> Iterator[tuple[str, str]]:
    if model.url is None and model.credential is not None:
        yield "/credential", "means nothing without a url of your own"
    if model.url is not None and model.name is None:
        yield "/name", "must say which model of your endpoint is meant"
    if model.url is not None and destination(model.url, allow_loopback=True) is None:
        yield "/url", REFUSAL
