"""The installation's endpoints of models, as its settings name them."""

from __future__ import annotations

from campana.domain.errors import SetupError
from campana.services import installed
from campana.services.installed import SoundEndpoint
from campana.services.language_model import LanguageModel
from campana.settings import Settings


def language_model(settings: Settings) -> LanguageModel | None:
    """Whom bots speak with that name no model of their own.

    Raises:
        SetupError: it is not said which of its models is meant.
    """
    if settings.llm_url is None:
        return None
    if settings.llm_model is None:
        raise SetupError("CAMPANA_LLM_URL needs CAMPANA_LLM_MODEL: which model is meant")
    return LanguageModel(url=settings.llm_url, model=settings.llm_model, key=settings.llm_key)


def sound_endpoints(settings: Settings) -> tuple[SoundEndpoint | None, SoundEndpoint | None]:
    """Who speaks and who hears for bots that name nobody.

    Raises:
        SetupError: it is not said which of their models is meant.
    """
    speech = installed.speech(
        url=settings.tts_url,
        model=settings.tts_model,
        voice=settings.tts_voice,
        key=settings.tts_key,
    )
    hearing = installed.hearing(
        url=settings.stt_url, model=settings.stt_model, key=settings.stt_key
    )
    return speech, hearing
