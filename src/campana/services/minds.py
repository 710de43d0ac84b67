"""The language model of one call, and the programs that it may have asked.

The installation's endpoint is its operator's choice. One that a workspace names goes out as every
address does that somebody else chose (`outbound.py`), and so does every `http` tool (`programs`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

from campana.domain.earlier import Earlier
from campana.domain.errors import Unavailable
from campana.domain.model_talk import Errand, Talked
from campana.domain.prompted import Prompt
from campana.domain.script import Script
from campana.domain.speaking import Part
from campana.services.chat_model import ChatModel, completions
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.model_endpoints import directly
from campana.services.programs import CallPrograms, programs_of
from campana.services.workspace_endpoints import guarded
from campana.store import earlier


@dataclass(frozen=True, kw_only=True)
class CallMind:
    """A mind as the voice wants one."""

    model: ChatModel
    programs: CallPrograms
    earlier: Sequence[Earlier] | None = None

    def reply(self, talked: Talked) -> AsyncGenerator[Part]:
        """As `ChatModel.reply`."""
        return self.model.reply(talked)

    async def run(self, errand: Errand) -> tuple[bool, str]:
        """As `CallPrograms.run`."""
        return await self.programs.run(errand)


@dataclass(frozen=True, kw_only=True)
class TrialMind:
    """A mind that speaks as in a call, and asks no program of anything."""

    model: ChatModel
    tell: Callable[[Errand], None]
    """Told what would have been asked."""
    earlier: Sequence[Earlier] | None = None
    """None: a trial is of nobody in particular, who was never contacted."""

    def reply(self, talked: Talked) -> AsyncGenerator[Part]:
        """As `ChatModel.reply`."""
        return self.model.reply(talked)

    async def run(self, errand: Errand) -> tuple[bool, str]:
        """Nothing is asked: the model goes on as if it had been done."""
        self.tell(errand)
        return True, "This is a trial: nothing was really asked. Go on as if it had been done."


def trial_mind(
    context: Context, script: Script, *, workspace_id: int, tell: Callable[[Errand], None]
) -> TrialMind | None:
    """The mind of a talk that calls nobody; None where none is needed, or can be had."""
    if script.prompt is None:
        return None
    model = model_of(context, script.prompt, workspace_id=workspace_id)
    return None if model is None else TrialMind(model=model, tell=tell)


async def mind_of(context: Context, claimed: Claimed, script: Script) -> CallMind | None:
    """The mind of a call that is about to be placed; None where none is needed, or can be had.

    Nobody outside is asked yet: a call that is to be placed within a moment waits for nobody.
    """
    prompt = script.prompt
    if prompt is None:
        return None
    model = model_of(context, prompt, workspace_id=claimed.workspace_id)
    if model is None:
        return None
    return CallMind(
        model=model,
        programs=programs_of(context, claimed),
        earlier=await _earlier(context, claimed, limit=prompt.history) if prompt.history else None,
    )


def model_of(context: Context, prompt: Prompt, *, workspace_id: int) -> ChatModel | None:
    """The model of a prompt: the workspace's own, else the installation's; None without one."""
    if prompt.model.url is not None:
        name = prompt.model.name or ""
        opened = guarded(
            context,
            completions(prompt.model.url),
            credential=prompt.model.credential,
            workspace_id=workspace_id,
        )
    else:
        model = context.language_model
        if model is None or (context.is_rehearsal and not model.is_on_this_machine):
            return None
        name = prompt.model.name or model.model
        opened = directly(completions(model.url), model.key)
    return ChatModel(prompt=prompt, name=name, open=opened)


async def _earlier(context: Context, claimed: Claimed, *, limit: int) -> Sequence[Earlier] | None:
    """The last contacts with the person; None when they cannot be had now."""
    try:
        async with context.db.read() as tx:
            return await earlier.newest(
                tx,
                workspace_id=claimed.workspace_id,
                contact_id=claimed.contact_id,
                limit=limit,
            )
    except Unavailable:
        return None
