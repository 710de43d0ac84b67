"""What the models and tools of bots need of the installation and of their workspace."""

from __future__ import annotations

from collections.abc import Iterator

from campana.domain.campaign import Plan
from campana.domain.errors import FieldProblem
from campana.domain.prompted import HttpTool, Prompt
from campana.domain.script import Script, UseTool
from campana.services import bot_trials
from campana.services.context import Context
from campana.store import flows
from campana.store.db import Tx


async def lacking(tx: Tx, context: Context, *, workspace_id: int, plan: Plan) -> list[FieldProblem]:
    """What is not there of a plan's bots: an endpoint to ask, a credential to show."""
    scripts = bot_trials.scripts(plan)
    prompts = {
        f"{pointer}/prompt": script.prompt
        for pointer, script in scripts.items()
        if script.prompt is not None
    }
    found = [
        problem for bot, script in scripts.items() for problem in _voiceless(context, bot, script)
    ]
    named = {at: name for bot, script in scripts.items() for at, name in _named(bot, script)}
    if not prompts and not named:
        return found
    known = {each.name for each in await flows.credentials(tx, workspace_id=workspace_id)}
    for pointer, prompt in prompts.items():
        if prompt.model.url is None and context.language_model is None:
            message = "there is no language model: give one, or set CAMPANA_LLM_URL"
            found.append(FieldProblem(pointer=f"{pointer}/model/url", message=message))
        found += [
            FieldProblem(pointer=pointer + below, message=f"there is no credential {name}")
            for below, name in _credentials(prompt)
            if name not in known
        ]
    found += [
        FieldProblem(pointer=at, message=f"there is no credential {name}")
        for at, name in named.items()
        if name not in known
    ]
    return found


def _voiceless(context: Context, bot: str, script: Script) -> Iterator[FieldProblem]:
    """Endpoints that a bot counts on and nobody has given."""
    if script.speech is not None and script.speech.url is None and context.speech_endpoint is None:
        message = "there is no endpoint that speaks: give one, or set CAMPANA_TTS_URL"
        yield FieldProblem(pointer=f"{bot}/speech/url", message=message)
    is_own = script.hearing is not None and script.hearing.url is None
    if is_own and context.hearing_endpoint is None:
        message = "there is no endpoint that hears: give one, or set CAMPANA_STT_URL"
        yield FieldProblem(pointer=f"{bot}/hearing/url", message=message)


def _named(bot: str, script: Script) -> Iterator[tuple[str, str]]:
    """Credentials of those who speak and hear, and of its steps, by where they are written."""
    for index, step in enumerate(script.steps):
        if isinstance(step, UseTool) and step.tool.credential is not None:
            yield f"{bot}{script.at(index)}/credential", step.tool.credential
    if script.speech is not None and script.speech.credential is not None:
        yield f"{bot}/speech/credential", script.speech.credential
    if script.hearing is not None and script.hearing.credential is not None:
        yield f"{bot}/hearing/credential", script.hearing.credential


def _credentials(prompt: Prompt) -> Iterator[tuple[str, str]]:
    if prompt.model.credential is not None:
        yield "/model/credential", prompt.model.credential
    for index, tool in enumerate(prompt.tools):
        if isinstance(tool, HttpTool) and tool.credential is not None:
            yield f"/tools/{index}/credential", tool.credential
