"""Which endpoints speak and hear in a call: the bot's own, else the installation's, else none.

Nothing is asked of anybody yet: a call that is to be placed within a moment waits for nobody.
"""

from __future__ import annotations

import hashlib

from campana.domain.script import Script
from campana.domain.sound_models import HearingModel, SpeechModel
from campana.services.context import Context
from campana.services.hearing_model import TranscribingModel
from campana.services.installed import SoundEndpoint
from campana.services.model_endpoints import Open, below, directly
from campana.services.speech_model import SpeakingModel
from campana.services.workspace_endpoints import guarded

SPEECH, HEARING = "audio/speech", "audio/transcriptions"


def speaker_of(
    context: Context, script: Script | None, *, workspace_id: int
) -> SpeakingModel | None:
    """Whose voice a script is said with; None where it is our own.

    Args:
        context: of the process that calls.
        script: None for what a flow says step by step.
        workspace_id: whose credentials are shown.
    """
    if script is not None and script.speech is None and script.voice is not None:
        return None
    model = (script.speech if script is not None else None) or SpeechModel()
    if model.url is not None:
        opened = guarded(
            context,
            below(model.url, SPEECH),
            credential=model.credential,
            workspace_id=workspace_id,
        )
        whose = f"{workspace_id}|{model.credential}|{model.url}"
        return _speaking(model, whose, model.name or "", model.voice or "", opened)
    installed = _installed(context, context.speech_endpoint)
    if installed is None:
        return None
    opened = directly(below(installed.url, SPEECH), installed.key)
    name, voice = model.name or installed.model, model.voice or installed.voice or ""
    return _speaking(model, f"installation|{installed.url}", name, voice, opened)


def reader_of(
    context: Context, script: Script | None, *, workspace_id: int
) -> TranscribingModel | None:
    """Who reads what is said to a script; None where we do, or nobody listens."""
    if script is None or not script.needs_ears:
        return None
    model = script.hearing or HearingModel()
    if model.url is not None:
        opened = guarded(
            context,
            below(model.url, HEARING),
            credential=model.credential,
            workspace_id=workspace_id,
        )
        key = f"{workspace_id}|{model.credential}|{model.url}|{model.name}"
        return TranscribingModel(model=model, name=model.name or "", key=key, open=opened)
    installed = _installed(context, context.hearing_endpoint)
    if installed is None:
        return None
    opened = directly(below(installed.url, HEARING), installed.key)
    name = model.name or installed.model
    key = f"installation|{installed.url}|{name}"
    return TranscribingModel(model=model, name=name, key=key, open=opened)


def _speaking(model: SpeechModel, whose: str, name: str, voice: str, opened: Open) -> SpeakingModel:
    told = "|".join((whose, name, voice, model.format, str(model.rate), f"{model.speed:g}"))
    key = f"endpoint-{hashlib.sha256(told.encode()).hexdigest()}"
    return SpeakingModel(model=model, name=name, voice=voice, key=key, open=opened)


def _installed(context: Context, endpoint: SoundEndpoint | None) -> SoundEndpoint | None:
    if endpoint is None or (context.is_rehearsal and not endpoint.is_on_this_machine):
        return None
    return endpoint
