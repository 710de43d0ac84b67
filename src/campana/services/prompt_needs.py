"""What bots that a language model speaks for need of the installation and of their workspace."""

from __future__ import annotations

from collections.abc import Iterator

from campana.domain.campaign import Plan
from campana.domain.errors import FieldProblem
from campana.domain.prompted import HttpTool, Prompt
from campana.services import bot_trials
from campana.services.context import Context
from campana.store import flows
from campana.store.db import Tx


async def lacking(tx: Tx, context: Context, *, workspace_id: int, plan: Plan) -> list[FieldProblem]:
    """What is not there of a plan's bots: an endpoint to ask, a credential to show."""
    prompts = {
        f"{pointer}/prompt": script.prompt
        for pointer, script in bot_trials.scripts(plan).items()
        if script.prompt is not None
    }
    if not prompts:
        return []
    known = {each.name for each in await flows.credentials(tx, workspace_id=workspace_id)}
    found: list[FieldProblem] = []
    for pointer, prompt in prompts.items():
        if prompt.model.url is None and context.language_model is None:
            message = "there is no language model: give one, or set CAMPANA_LLM_URL"
            found.append(FieldProblem(pointer=f"{pointer}/model/url", message=message))
        found += [
            FieldProblem(pointer=pointer + below, message=f"there is no credential {name}")
            for below, name in _credentials(prompt)
            if name not in known
        ]
    return found


def _credentials(prompt: Prompt) -> Iterator[tuple[str, str]]:
    if prompt.model.credential is not None:
        yield "/model/credential", prompt.model.credential
    for index, tool in enumerate(prompt.tools):
        if isinstance(tool, HttpTool) and tool.credential is not None:
            yield f"/tools/{index}/credential", tool.credential
