"""Endpoints of the installation that bots use without naming them, as its operator set them."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from campana.domain.errors import SetupError

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, kw_only=True)
class SoundEndpoint:
    """Where it listens (`…/v1`), which of its models is meant, and what proves who we are."""

    url: str
    model: str
    voice: str | None = None
    """Of one that speaks."""
    key: str | None = field(default=None, repr=False)

    @property
    def is_on_this_machine(self) -> bool:
        """Nothing leaves the machine when it is asked."""
        return is_on_this_machine(self.url)


def is_on_this_machine(url: str) -> bool:
    """Nothing leaves the machine when it is asked."""
    return urlsplit(url).hostname in _LOOPBACK


def speech(
    *, url: str | None, model: str | None, voice: str | None, key: str | None
) -> SoundEndpoint | None:
    """Who speaks for bots that name no voice.

    Raises:
        SetupError: it is not said which of its models and voices is meant.
    """
    if url is None:
        return None
    if model is None or voice is None:
        wants = "CAMPANA_TTS_MODEL and CAMPANA_TTS_VOICE"
        raise SetupError(f"CAMPANA_TTS_URL needs {wants}: which of its voices is meant")
    return SoundEndpoint(url=url, model=model, voice=voice, key=key)


def hearing(*, url: str | None, model: str | None, key: str | None) -> SoundEndpoint | None:
    """Who reads what is said to bots that name nobody.

    Raises:
        SetupError: it is not said which of its models is meant.
    """
    if url is None:
        return None
    if model is None:
        raise SetupError("CAMPANA_STT_URL needs CAMPANA_STT_MODEL: which model is meant")
    return SoundEndpoint(url=url, model=model, key=key)
