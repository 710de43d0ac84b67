"""Which endpoints speak and hear for a VoiceBot, as people write it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from campana.domain import sound_models

_Name = Annotated[str, Meta(min_length=1, max_length=200)]
_Url = Annotated[str, Meta(min_length=1, max_length=2000)]
_Credential = Annotated[str, Meta(min_length=1, max_length=100)]
_LOWEST, _HIGHEST = sound_models.RATES


class _Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    pass


class SpeechDocument(_Document, frozen=True):
    """A voice of an endpoint of OpenAI's `audio/speech`; what is left out is the installation's."""

    url: _Url | None = None
    name: _Name | None = None
    voice: _Name | None = None
    credential: _Credential | None = None
    format: Literal["wav", "pcm"] = "wav"
    sample_rate: Annotated[int, Meta(ge=_LOWEST, le=_HIGHEST)] = sound_models.PCM_RATE
    """Of `pcm`; a WAV says its own."""
    speed: Annotated[float, Meta(ge=0.25, le=4)] = 1.0
    timeout_seconds: Annotated[float, Meta(ge=1, le=30)] = sound_models.SPEECH_SECONDS
    """Without a byte of it for so long, our own voice takes over."""


class HearingDocument(_Document, frozen=True):
    """A model of an endpoint of OpenAI's `audio/transcriptions`; else the installation's."""

    url: _Url | None = None
    name: _Name | None = None
    credential: _Credential | None = None
    language: Annotated[str, Meta(pattern="^[a-z]{2,3}$")] | None = None
    """What is spoken (ISO 639-1); the model finds out without it."""
    timeout_seconds: Annotated[float, Meta(ge=1, le=30)] = sound_models.HEARING_SECONDS
    """After which our own models read on."""


def speech_of(document: SpeechDocument) -> sound_models.SpeechModel:
    """The domain's SpeechModel of one as written."""
    return sound_models.SpeechModel(
        url=document.url,
        name=document.name,
        voice=document.voice,
        credential=document.credential,
        format=document.format,
        rate=document.sample_rate,
        speed=document.speed,
        seconds=document.timeout_seconds,
    )


def hearing_of(document: HearingDocument) -> sound_models.HearingModel:
    """The domain's HearingModel of one as written."""
    return sound_models.HearingModel(
        url=document.url,
        name=document.name,
        credential=document.credential,
        language=document.language,
        seconds=document.timeout_seconds,
    )
