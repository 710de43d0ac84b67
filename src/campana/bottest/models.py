"""The models that a bot under test thinks, speaks and hears with: those that calls would have.

A program that the model asks for is not asked: nothing is done for callees who do not exist.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from campana.domain.earlier import Earlier
from campana.domain.errors import SetupError
from campana.domain.model_talk import Errand, Talked
from campana.domain.script import Script
from campana.domain.speaking import Part
from campana.engine.call_sound import CallSound, sound_of
from campana.services import minds
from campana.services.chat_model import ChatModel
from campana.services.context import Context
from campana.voice.ears.hearing import Ears
from campana.voice.mind import Mind
from campana.voice.speech import Speech

NOT_ASKED = "this is a trial of the bot: nobody was asked"


@dataclass(frozen=True, kw_only=True)
class TrialMind:
    """The bot's own model, and nobody else."""

    model: ChatModel
    earlier: Sequence[Earlier] | None

    def reply(self, talked: Talked) -> AsyncGenerator[Part]:
        """As `ChatModel.reply`."""
        return self.model.reply(talked)

    async def run(self, errand: Errand) -> tuple[bool, str]:
        """Nothing is done."""
        del errand
        return False, NOT_ASKED


@dataclass(frozen=True, kw_only=True)
class TrialModels:
    """Those of one bot in one workspace."""

    context: Context
    workspace_id: int
    script: Script

    def mind(self) -> Mind | None:
        """Who thinks; None for a bot without a prompt.

        Raises:
            SetupError: it has a prompt, and there is no model.
        """
        prompt = self.script.prompt
        if prompt is None:
            return None
        model = minds.model_of(self.context, prompt, workspace_id=self.workspace_id)
        if model is None:
            raise SetupError(
                "there is no language model to try the bot with: give it one (prompt.model.url),"
                " set CAMPANA_LLM_URL, or try its steps with --steps"
            )
        return TrialMind(model=model, earlier=() if prompt.history else None)

    def sound(self, speech: Speech, ears: Ears) -> CallSound:
        """Who speaks and hears in a call."""
        return sound_of(
            self.context,
            self.script,
            workspace_id=self.workspace_id,
            speech=speech,
            ears=ears,
        )
